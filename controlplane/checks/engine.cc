#include "controlplane/checks/engine.h"

#include <algorithm>
#include <utility>

#include "common/event/task.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {
namespace {

// Between the first checks of servers that appear together.
constexpr Millis kFirstCheckGap{2};

Millis IntervalOf(const v1::HealthCheck& check, Pace pace) {
  uint64_t interval = check.inter_ms();
  if (pace == Pace::kTransition && check.fastinter_ms() != 0) interval = check.fastinter_ms();
  if (pace == Pace::kDown && check.downinter_ms() != 0) interval = check.downinter_ms();
  return Millis(std::max<uint64_t>(interval, 1));
}

}  // namespace

// One server's schedule, and the check of it that is under way. Its timer starts checks.
class Engine::Probe final : private event::Timer {
 public:
  // `place` in 0..1 is where in its interval the server's checks come to lie, `delay` the wait
  // for the first one.
  Probe(Engine* engine, Target target, double place, Millis delay)
      : engine_(engine), target_(std::move(target)), place_(place) {
    StartIn(delay);
  }

  const Target& target() const { return target_; }
  bool is_reporting() const { return is_reporting_; }

  // Stops everything, for good; the engine's reaper will delete it.
  void Retire() {
    is_retired_ = true;
    Stop();
  }

  void SetPace(Pace pace) {
    if (pace == pace_) return;
    const bool was_paused = pace_ == Pace::kPaused;
    pace_ = pace;
    if (pace == Pace::kPaused) {
      Stop();
    } else if (was_paused) {
      StartAtOnce();
    } else {
      Reschedule();
    }
  }

  void SetTarget(Target target) {
    const bool is_other_check = !target_.ChecksLike(target);
    const bool has_other_pace = !target_.HasIntervalsOf(target);
    if (is_other_check) Stop();
    if (is_other_check || !run_.is_running()) {
      target_ = std::move(target);
    } else {
      // The check under way reads the rest of it.
      target_.check.set_inter_ms(target.check.inter_ms());
      target_.check.set_fastinter_ms(target.check.fastinter_ms());
      target_.check.set_downinter_ms(target.check.downinter_ms());
    }
    if (pace_ == Pace::kPaused) return;
    if (is_other_check) {
      StartAtOnce();
    } else if (has_other_pace) {
      Reschedule();
    }
  }

 private:
  event::EventLoop* loop() const { return engine_->loop_; }

  void StartIn(Millis delay) { loop()->SetTimer(this, loop()->now() + delay); }

  void StartAtOnce() {
    if (is_reporting_) {
      wants_check_ = true;
    } else {
      StartIn(Millis(0));
    }
  }

  void Stop() {
    Cancel();
    if (!is_reporting_) run_.Cancel();
  }

  // The pace or the interval has changed between two checks.
  void Reschedule() {
    if (!is_set() || !has_started_) return;  // under way, or not begun
    const SteadyTime due = started_ + Jittered(IntervalOf(target_.check, pace_));
    loop()->SetTimer(this, std::max(due, loop()->now()));
  }

  void OnExpired() override {
    run_.Cancel();  // the finished one of last time
    run_.Start(RunOne(this));
  }

  static event::Task<void> RunOne(Probe* probe) {
    CheckSlots::Slot slot = co_await TakeSlot(&probe->engine_->slots_, probe->loop());
    CheckContext context;
    context.loop = probe->loop();
    context.target = &probe->target_;
    context.start = probe->loop()->clock().Now();
    context.graveyard = &probe->engine_->graveyard_;
    const auto& connections = probe->engine_->options_.current_connections;
    if (connections) context.current_connections = connections(probe->target_.id);
    probe->started_ = context.start;
    const CheckResult result = co_await RunCheck(&context);
    probe->Report(result);
  }

  void Report(const CheckResult& result) {
    is_reporting_ = true;
    engine_->observer_(target_.id, result);
    is_reporting_ = false;
    const bool wants_check = std::exchange(wants_check_, false);
    if (is_retired_ || pace_ == Pace::kPaused) return;
    if (wants_check) return StartIn(Millis(0));
    Millis interval = Jittered(IntervalOf(target_.check, pace_));
    if (!has_started_) {
      has_started_ = true;
      // First checks start together; this is where they part.
      interval = std::max(
          Millis(1),
          Millis(static_cast<int64_t>(static_cast<double>(interval.count()) * (1 + place_) / 2)));
    }
    // A check that outlived its interval skips the starts it missed.
    const Nanos late = loop()->clock().Now() - started_;
    const int64_t intervals = std::max<int64_t>((late + interval - Nanos(1)) / interval, 1);
    loop()->SetTimer(this, started_ + intervals * interval);
  }

  Millis Jittered(Millis interval) {
    const double spread = std::min(engine_->options_.spread_percent, 50u) / 100.0;
    if (spread == 0) return interval;
    std::uniform_real_distribution<double> factor(1 - spread, 1 + spread);
    const double jittered = static_cast<double>(interval.count()) * factor(engine_->random_);
    return std::max(Millis(1), Millis(static_cast<int64_t>(jittered)));
  }

  Engine* const engine_;
  Target target_;
  const double place_;
  Pace pace_ = Pace::kUp;
  SteadyTime started_;         // of the latest check; valid once has_started_
  bool has_started_ = false;   // the first check has ended
  bool is_reporting_ = false;  // inside the observer: run_ must not be destroyed
  bool wants_check_ = false;   // the observer has made the next check due at once
  bool is_retired_ = false;
  event::Root run_;
};

// Deletes retired probes when no coroutine of theirs can be running.
class Engine::Reaper final : private event::Runnable {
 public:
  explicit Reaper(event::EventLoop* loop) : loop_(loop) {}

  void Take(std::unique_ptr<Probe> probe) {
    probe->Retire();
    retired_.push_back(std::move(probe));
    loop_->Queue(this);
  }

 private:
  void Run() override { retired_.clear(); }

  event::EventLoop* const loop_;
  std::vector<std::unique_ptr<Probe>> retired_;
};

Engine::Engine(event::EventLoop* loop, Options options, Observer observer)
    : loop_(loop),
      options_(std::move(options)),
      observer_(std::move(observer)),
      random_(options_.seed),
      slots_(std::max<size_t>(options_.max_running, 1)),
      graveyard_(loop),
      reaper_(std::make_unique<Reaper>(loop)) {}

Engine::~Engine() = default;

void Engine::SetTargets(std::vector<Target> targets) {
  std::unordered_map<ServerId, std::unique_ptr<Probe>> before;
  before.swap(probes_);
  const auto fresh = std::count_if(targets.begin(), targets.end(),
                                   [&](const Target& t) { return before.count(t.id) == 0; });
  int64_t order = 0;
  for (Target& target : targets) {
    const ServerId id = target.id;
    if (probes_.count(id) != 0) continue;
    if (auto it = before.find(id); it != before.end()) {
      it->second->SetTarget(std::move(target));
      probes_[id] = std::move(it->second);
      continue;
    }
    const double place = static_cast<double>(order) / static_cast<double>(fresh);
    const Millis own_place(
        static_cast<int64_t>(place * static_cast<double>(target.check.inter_ms())));
    const Millis delay = std::min(kFirstCheckGap * order, own_place);
    ++order;
    probes_[id] = std::make_unique<Probe>(this, std::move(target), place, delay);
  }
  for (auto& [id, probe] : before) {
    if (probe != nullptr) reaper_->Take(std::move(probe));
  }
}

void Engine::SetPace(ServerId id, Pace pace) {
  if (auto it = probes_.find(id); it != probes_.end()) it->second->SetPace(pace);
}

}  // namespace lb::checks
