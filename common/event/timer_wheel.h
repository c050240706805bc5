// TimerWheel: timers with a resolution of one millisecond, set and cancelled in constant time.
//
// A hierarchical wheel: five levels of 64 slots, each level 64 times coarser than the one below;
// timers of a coarse slot are dealt to finer ones when their time comes near. Timers never fire
// early, and fire in the order of their ticks. Longer waits than the wheel spans (12 days) are
// dealt again. Not thread-safe: one wheel an event loop.
#ifndef LB_COMMON_EVENT_TIMER_WHEEL_H_
#define LB_COMMON_EVENT_TIMER_WHEEL_H_

#include <array>
#include <cstdint>

#include "common/base/clock.h"

namespace lb::event {

// A node of a circular list; unlinked when it points at itself.
struct TimerLink {
  TimerLink* prev = this;
  TimerLink* next = this;
  bool is_linked() const { return next != this; }
  void Unlink() {
    prev->next = next;
    next->prev = prev;
    prev = next = this;
  }
};

// One pending expiry. Destroying it cancels it.
class Timer : private TimerLink {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Unlink(); }

  void Cancel() { Unlink(); }
  bool is_set() const { return is_linked(); }

 protected:
  // Called on the loop's thread when the time has come; the timer is no longer set.
  virtual void OnExpired() = 0;

 private:
  friend class TimerWheel;
  uint64_t tick_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(SteadyTime start) : start_(start) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  // Sets `timer` to fire at `when`, also when it was set already. SteadyTime::max(): never.
  void Set(Timer* timer, SteadyTime when);

  // Fires everything due at `now`.
  void Advance(SteadyTime now);

  // Milliseconds from `now` until Advance() may have something to do; -1 when no timer is set.
  // May be early by a dealing of coarse slots, never late.
  int64_t MillisUntilNext(SteadyTime now) const;

 private:
  static constexpr int kLevels = 5;
  static constexpr int kSlotBits = 6;
  static constexpr uint64_t kSlots = 1u << kSlotBits;

  void Insert(Timer* timer);
  void Deal(int level);
  void FireSlot(TimerLink* slot);

  const SteadyTime start_;
  uint64_t tick_ = 0;  // everything up to here has fired
  std::array<std::array<TimerLink, kSlots>, kLevels> slots_;
  // A bit for each slot that may hold timers. Set on insertion; cleared when a search finds the
  // slot empty, since a timer unlinks itself without telling the wheel.
  mutable std::array<uint64_t, kLevels> maybe_used_{};
};

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_TIMER_WHEEL_H_
