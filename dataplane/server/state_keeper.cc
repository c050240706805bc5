#include "dataplane/server/state_keeper.h"

#include <algorithm>
#include <utility>

#include "common/base/logger.h"

namespace lb::server {
namespace {

constexpr Nanos kLeastPause = Millis(100);
constexpr int64_t kPausesPerWrite = 10;

void LogFailure(const absl::Status& status) {
  if (status.ok()) return;
  LB_LOG(kError) << "cannot keep the state: " << status.message();
}

}  // namespace

StateKeeper::StateKeeper(event::EventLoop* main_loop, std::string directory,
                         std::function<std::vector<v1::ServerState>()> states)
    : main_loop_(main_loop),
      file_(std::move(directory)),
      states_(std::move(states)),
      disk_thread_([this] { disk_loop_.Run(); }) {}

StateKeeper::~StateKeeper() {
  *is_alive_ = false;
  SaveStates();
  disk_loop_.Stop();
  disk_thread_.join();
}

void StateKeeper::SaveSnapshot(std::shared_ptr<const v1::Snapshot> snapshot) {
  disk_loop_.Post(
      [this, snapshot = std::move(snapshot)] { LogFailure(file_.WriteSnapshot(*snapshot)); });
  SaveStatesSoon();
}

void StateKeeper::SaveStatesSoon() {
  if (is_save_pending_) return;
  const Nanos last_write(last_write_nanos_.load(std::memory_order_relaxed));
  const SteadyTime next = saved_at_ + std::max(kLeastPause, last_write * kPausesPerWrite);
  if (saved_at_ == SteadyTime{} || next <= main_loop_->now()) return SaveStates();
  is_save_pending_ = true;
  const Millis pause = std::chrono::duration_cast<Millis>(next - main_loop_->now()) + Millis(1);
  main_loop_->RunAfter(pause, [this, is_alive = is_alive_] {
    if (!*is_alive) return;
    is_save_pending_ = false;
    SaveStates();
  });
}

void StateKeeper::SaveStates() {
  saved_at_ = main_loop_->now();
  auto message = std::make_shared<v1::States>();
  for (v1::ServerState& state : states_()) *message->add_states() = std::move(state);
  if (message->states_size() == 0) return;
  disk_loop_.Post([this, message] {
    const Clock& clock = disk_loop_.clock();
    const SteadyTime began = clock.Now();
    LogFailure(file_.WriteStates(*message));
    last_write_nanos_.store((clock.Now() - began).count(), std::memory_order_relaxed);
  });
}

}  // namespace lb::server
