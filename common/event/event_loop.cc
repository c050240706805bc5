#include "common/event/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/check.h"
#include "common/event/waiter.h"

namespace lb::event {
namespace {

constexpr int kMaxEvents = 256;

uint8_t ReadyOf(uint32_t events) {
  uint8_t ready = 0;
  if ((events & (EPOLLIN | EPOLLPRI)) != 0) ready |= kReadable | kSocketReadable;
  if ((events & EPOLLOUT) != 0) ready |= kWritable;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    ready |= kHungUp | kReadable | kSocketReadable;
  }
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) ready |= kWritable;
  return ready;
}

class EndOfTurn final : public Runnable {
 public:
  void Run() override {}
};

}  // namespace

Source::~Source() {
  if (waiter_ != nullptr) waiter_->Forget(this);
}

void Source::Raise(uint8_t mask) {
  ready_ |= mask;
  if (waiter_ != nullptr && (mask & interest_) != 0) loop_->Queue(waiter_);
}

void Pollable::Watch(int fd) {
  LB_CHECK(fd_ < 0);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  LB_CHECK(epoll_ctl(loop()->epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  fd_ = fd;
}

void Pollable::Unwatch() {
  if (fd_ < 0) return;
  // Fails only when the descriptor is closed already, and then it has left epoll by itself.
  epoll_ctl(loop()->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  fd_ = -1;
  loop()->ForgetPending(this);
}

void Pollable::UnwatchToClose() {
  if (fd_ < 0 || !loop()->has_unshared_descriptors_) return Unwatch();
  fd_ = -1;
  loop()->ForgetPending(this);
}

Runnable::~Runnable() { Dequeue(); }

void Runnable::Dequeue() {
  if (loop_ == nullptr) return;
  (prev_ != nullptr ? prev_->next_ : loop_->queue_head_) = next_;
  (next_ != nullptr ? next_->prev_ : loop_->queue_tail_) = prev_;
  loop_ = nullptr;
  prev_ = next_ = nullptr;
}

// Owns the function of one RunAfter(); its slot is reused once it has run.
class EventLoop::Delayed : public Timer {
 public:
  std::function<void()> fn;

 private:
  void OnExpired() override {
    std::function<void()> run = std::exchange(fn, nullptr);
    run();
  }
};

EventLoop::EventLoop(const Clock& clock)
    : clock_(clock),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_(clock.Now()),
      timers_(now_),
      events_(new epoll_event[kMaxEvents]),
      end_of_turn_(std::make_unique<EndOfTurn>()) {
  LB_CHECK(epoll_.valid() && wake_.valid());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // no Pollable: the wake-up itself
  LB_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

EventLoop::~EventLoop() {
  while (queue_head_ != nullptr) queue_head_->Dequeue();
}

void EventLoop::Run() {
  while (!is_stopping_.load(std::memory_order_acquire)) RunOnce(Millis(-1));
  RunPosted();
}

void EventLoop::RunOnce(Millis max_wait) {
  int wait = WaitMillis(max_wait);
  SteadyTime before = wait != 0 ? clock_.Now() : now_;
  int count = epoll_wait(epoll_.get(), events_.get(), kMaxEvents, wait);
  LB_CHECK(count >= 0 || errno == EINTR);
  now_ = clock_.Now();
  knows_wall_now_ = false;
  if (wait != 0) {
    waited_nanos_.store(waited_nanos_.load(std::memory_order_relaxed) + (now_ - before).count(),
                        std::memory_order_relaxed);
  }
  DispatchEvents(std::max(count, 0));
  RunPosted();
  RunQueued();
  timers_.Advance(now_);
  RunQueued();
}

int EventLoop::WaitMillis(Millis max_wait) {
  if (queue_head_ != nullptr || has_posted_.load(std::memory_order_acquire)) return 0;
  int64_t wait = timers_.MillisUntilNext(now_);
  if (max_wait.count() >= 0 && (wait < 0 || max_wait.count() < wait)) wait = max_wait.count();
  return static_cast<int>(std::min<int64_t>(wait, 60'000));
}

void EventLoop::DispatchEvents(int count) {
  event_count_ = count;
  for (int i = 0; i < event_count_; ++i) {
    if (events_[i].data.ptr == nullptr) continue;  // the wake-up, or unwatched in this batch
    auto* pollable = static_cast<Pollable*>(events_[i].data.ptr);
    uint8_t ready = ReadyOf(events_[i].events);
    if (pollable->writable_wakes_reader_ && (ready & kWritable) != 0) ready |= kReadable;
    pollable->Raise(ready);
  }
  event_count_ = 0;
}

void EventLoop::ForgetPending(const Pollable* pollable) {
  for (int i = 0; i < event_count_; ++i) {
    if (events_[i].data.ptr == pollable) events_[i].data.ptr = nullptr;
  }
}

void EventLoop::Queue(Runnable* runnable) { Insert(runnable, /*next=*/nullptr); }

void EventLoop::QueueAtEndOfTurn(Runnable* runnable) {
  Insert(runnable, end_of_turn_->is_queued() ? end_of_turn_.get() : nullptr);
}

// Queues `runnable` in front of `next`; null: at the end.
void EventLoop::Insert(Runnable* runnable, Runnable* next) {
  if (runnable->loop_ != nullptr) return;
  Runnable* prev = next != nullptr ? next->prev_ : queue_tail_;
  runnable->loop_ = this;
  runnable->prev_ = prev;
  runnable->next_ = next;
  (prev != nullptr ? prev->next_ : queue_head_) = runnable;
  (next != nullptr ? next->prev_ : queue_tail_) = runnable;
}

void EventLoop::RunQueued() {
  if (queue_head_ == nullptr) return;
  // What these queue in turn runs in the next turn, so that descriptors get their share. The mark
  // is a place in the queue that nobody else can take away.
  Queue(end_of_turn_.get());
  while (queue_head_ != end_of_turn_.get()) {
    Runnable* runnable = queue_head_;
    runnable->Dequeue();
    runnable->Run();
  }
  end_of_turn_->Dequeue();
}

void EventLoop::Post(std::function<void()> fn) {
  {
    std::lock_guard<std::mutex> lock(posted_mutex_);
    posted_.push_back(std::move(fn));
  }
  if (has_posted_.exchange(true, std::memory_order_acq_rel)) return;  // a wake-up is on its way
  uint64_t one = 1;
  // Fails only when the counter is full, and then a wake-up is pending anyway.
  [[maybe_unused]] ssize_t n = write(wake_.get(), &one, sizeof(one));
}

void EventLoop::RunPosted() {
  if (!has_posted_.load(std::memory_order_acquire)) return;
  std::vector<std::function<void()>> batch;
  {
    std::lock_guard<std::mutex> lock(posted_mutex_);
    // Cleared under the lock: a post that follows finds it false and wakes the loop again.
    has_posted_.store(false, std::memory_order_release);
    batch.swap(posted_);
  }
  for (std::function<void()>& fn : batch) fn();
}

void EventLoop::Stop() {
  is_stopping_.store(true, std::memory_order_release);
  Post([] {});
}

void EventLoop::RunAfter(Millis delay, std::function<void()> fn) {
  auto it = std::find_if(delayed_.begin(), delayed_.end(),
                         [](const auto& d) { return !d->is_set() && d->fn == nullptr; });
  if (it == delayed_.end()) it = delayed_.insert(it, std::make_unique<Delayed>());
  (*it)->fn = std::move(fn);
  SetTimer(it->get(), now_ + delay);
}

}  // namespace lb::event
