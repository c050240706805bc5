// Waiter: how a coroutine waits for one or two sources, or a deadline.
//
//   WakeReason reason = co_await Wait(loop, {&client, kReadable}, {&server, kReadable}, deadline);
//
// Destroying the waiting coroutine deregisters everything: that is how it is cancelled.
// A Source has one waiter at a time. Loop thread only.
#ifndef LB_COMMON_EVENT_WAITER_H_
#define LB_COMMON_EVENT_WAITER_H_

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "common/base/clock.h"
#include "common/event/event_loop.h"

namespace lb::event {

enum class WakeReason : uint8_t { kReady, kTimeout };

// One thing to wait for; a null source is passed over.
struct Interest {
  Source* source = nullptr;
  uint8_t mask = 0;
};

class Waiter final : public Runnable, public Timer {
 public:
  Waiter(EventLoop* loop, Interest a, Interest b, SteadyTime deadline)
      : loop_(loop), interests_{a, b}, deadline_(deadline) {}
  ~Waiter() override { Deregister(); }

  bool await_ready() const {
    for (const Interest& i : interests_) {
      if (i.source != nullptr && i.source->is_ready(i.mask)) return true;
    }
    return false;
  }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    for (const Interest& i : interests_) {
      if (i.source == nullptr) continue;
      i.source->waiter_ = this;
      i.source->interest_ = i.mask;
    }
    if (deadline_ != SteadyTime::max()) loop_->SetTimer(this, deadline_);
  }

  // Readiness wins over a deadline that passed in the same turn.
  WakeReason await_resume() const { return await_ready() ? WakeReason::kReady : reason_; }

  // A source is going away while it is waited on.
  void Forget(Source* source) {
    for (Interest& i : interests_) {
      if (i.source == source) i.source = nullptr;
    }
  }

 private:
  void Run() override {
    Deregister();
    handle_.resume();  // may destroy this
  }

  void OnExpired() override {
    reason_ = WakeReason::kTimeout;
    loop_->Queue(this);
  }

  void Deregister() {
    Cancel();
    Dequeue();
    for (Interest& i : interests_) {
      if (i.source != nullptr && i.source->waiter_ == this) {
        i.source->waiter_ = nullptr;
        i.source->interest_ = 0;
      }
    }
  }

  EventLoop* loop_;
  std::array<Interest, 2> interests_;
  SteadyTime deadline_;
  std::coroutine_handle<> handle_;
  WakeReason reason_ = WakeReason::kReady;
};

inline Waiter Wait(EventLoop* loop, Interest a, SteadyTime deadline) {
  return Waiter(loop, a, {}, deadline);
}
inline Waiter Wait(EventLoop* loop, Interest a, Interest b, SteadyTime deadline) {
  return Waiter(loop, a, b, deadline);
}
// Only the deadline.
inline Waiter WaitUntil(EventLoop* loop, SteadyTime deadline) {
  return Waiter(loop, {}, {}, deadline);
}

// Lets every other ready coroutine run first: co_await Yield(loop).
class Yield final : public Runnable {
 public:
  explicit Yield(EventLoop* loop) : loop_(loop) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    loop_->Queue(this);
  }
  void await_resume() const {}

 private:
  void Run() override { handle_.resume(); }

  EventLoop* loop_;
  std::coroutine_handle<> handle_;
};

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_WAITER_H_
