// EventLoop: one thread's epoll loop. Edge-triggered descriptors, timers, posted functions, and
// the queue of coroutines that are ready to run.
//
// Everything here belongs to the thread that calls Run(), except Post() and Stop(), which any
// thread may call. Before Run() the creating thread counts as the loop's.
#ifndef LB_COMMON_EVENT_EVENT_LOOP_H_
#define LB_COMMON_EVENT_EVENT_LOOP_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "common/base/clock.h"
#include "common/base/unique_fd.h"
#include "common/event/source.h"
#include "common/event/timer_wheel.h"

struct epoll_event;

namespace lb::event {

// A descriptor registered with the loop, edge-triggered for reading and writing at once.
// Does not own the descriptor. Unregisters itself when destroyed: destroy it before closing.
class Pollable : public Source {
 public:
  explicit Pollable(EventLoop* loop) : Source(loop) {}
  ~Pollable() { Unwatch(); }

  // Aborts the process when epoll refuses (it only does when out of memory or watches).
  void Watch(int fd);
  void Unwatch();
  // As Unwatch(), of a descriptor that is closed next.
  void UnwatchToClose();
  int fd() const { return fd_; }
  // Raises kReadable as well whenever the descriptor becomes writable: a reader has something to
  // send before it can go on.
  void set_writable_wakes_reader(bool wakes) { writable_wakes_reader_ = wakes; }

 private:
  friend class EventLoop;
  int fd_ = -1;
  bool writable_wakes_reader_ = false;
};

// A coroutine (or callback) queued to run; see Waiter.
class Runnable {
 public:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;
  virtual ~Runnable();
  virtual void Run() = 0;
  bool is_queued() const { return loop_ != nullptr; }
  void Dequeue();

 private:
  friend class EventLoop;
  EventLoop* loop_ = nullptr;
  Runnable* prev_ = nullptr;
  Runnable* next_ = nullptr;
};

class EventLoop {
 public:
  explicit EventLoop(const Clock& clock = Clock::Real());
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop(). Functions posted before the stop still run.
  void Run();
  // One turn: waits at most `max_wait` for something to do and does it. For tests and shutdown.
  void RunOnce(Millis max_wait);
  // Any thread.
  void Stop();

  // Runs `fn` on the loop's thread, in posting order. Any thread.
  void Post(std::function<void()> fn);

  // Runs `fn` once after `delay`, unless the loop ends before.
  void RunAfter(Millis delay, std::function<void()> fn);

  // No other process ever gets a copy of a watched descriptor, not even between a fork and its
  // exec: closing one is enough to unregister it, and saves a system call.
  void set_descriptors_unshared() { has_unshared_descriptors_ = true; }

  // The time at the start of this turn; one clock read serves a whole turn.
  SteadyTime now() const { return now_; }
  // The time of day, read at most once a turn.
  WallTime wall_now() {
    if (!knows_wall_now_) wall_now_ = clock_.WallNow();
    knows_wall_now_ = true;
    return wall_now_;
  }
  const Clock& clock() const { return clock_; }

  void SetTimer(Timer* timer, SteadyTime when) { timers_.Set(timer, when); }

  // Queues `runnable` to run in this turn; no effect when it is queued already.
  void Queue(Runnable* runnable);
  // The same, and behind everything that was queued before this turn's queue began to run: what
  // gathers the work of a turn runs at its end, not in the next.
  void QueueAtEndOfTurn(Runnable* runnable);

  // Nanoseconds this loop spent waiting since it started, for "Idle_pct". Any thread.
  int64_t waited_nanos() const { return waited_nanos_.load(std::memory_order_relaxed); }

 private:
  friend class Pollable;
  friend class Runnable;

  class Delayed;

  void DispatchEvents(int count);
  void Insert(Runnable* runnable, Runnable* next);
  void RunQueued();
  void RunPosted();
  int WaitMillis(Millis max_wait);
  void ForgetPending(const Pollable* pollable);

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;  // eventfd: a post from another thread
  SteadyTime now_;
  WallTime wall_now_{};
  bool knows_wall_now_ = false;  // of this turn
  TimerWheel timers_;

  Runnable* queue_head_ = nullptr;
  Runnable* queue_tail_ = nullptr;

  std::unique_ptr<epoll_event[]> events_;
  int event_count_ = 0;                          // of the batch being dispatched
  const std::unique_ptr<Runnable> end_of_turn_;  // marks how far RunQueued() goes

  std::vector<std::unique_ptr<Delayed>> delayed_;
  bool has_unshared_descriptors_ = false;

  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_posted_{false};
  std::atomic<int64_t> waited_nanos_{0};
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by posted_mutex_
};

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_EVENT_LOOP_H_
