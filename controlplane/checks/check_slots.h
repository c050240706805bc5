// CheckSlots: at most so many checks at a time, so that thousands of servers do not use up the
// descriptors. First come, first served. One loop's thread.
//
//   CheckSlots::Slot slot = co_await TakeSlot(&slots, loop);   // given back when it goes
#ifndef LB_CONTROLPLANE_CHECKS_CHECK_SLOTS_H_
#define LB_CONTROLPLANE_CHECKS_CHECK_SLOTS_H_

#include <cstddef>
#include <list>
#include <utility>

#include "common/event/event_loop.h"
#include "common/event/source.h"
#include "common/event/task.h"

namespace lb::checks {

class CheckSlots {
 public:
  class Slot {
   public:
    explicit Slot(CheckSlots* slots) : slots_(slots) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->GiveBack();
    }

   private:
    CheckSlots* slots_;
  };

  explicit CheckSlots(size_t slots) : free_(slots) {}
  CheckSlots(const CheckSlots&) = delete;
  CheckSlots& operator=(const CheckSlots&) = delete;

  size_t taken() const { return taken_; }

 private:
  friend event::Task<Slot> TakeSlot(CheckSlots* slots, event::EventLoop* loop);
  struct Place;

  void GiveBack();

  size_t free_;
  size_t taken_ = 0;
  std::list<Place*> queue_;
};

// Waits for its turn. Cancelled (the coroutine destroyed), it leaves the queue.
event::Task<CheckSlots::Slot> TakeSlot(CheckSlots* slots, event::EventLoop* loop);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_CHECK_SLOTS_H_
