#include "controlplane/checks/check_slots.h"

#include "common/event/waiter.h"

namespace lb::checks {

// One coroutine's place in the queue. A slot handed to it counts as taken from that moment on.
struct CheckSlots::Place {
  Place(CheckSlots* owner, event::EventLoop* loop) : slots(owner), source(loop) {
    at = slots->queue_.insert(slots->queue_.end(), this);
  }
  ~Place() {
    if (!is_served) {
      slots->queue_.erase(at);
    } else if (!is_claimed) {
      slots->GiveBack();
    }
  }

  CheckSlots* slots;
  event::Source source;
  std::list<Place*>::iterator at;
  bool is_served = false;
  bool is_claimed = false;
};

void CheckSlots::GiveBack() {
  if (queue_.empty()) {
    --taken_;
    ++free_;
    return;
  }
  Place* next = queue_.front();
  queue_.pop_front();
  next->is_served = true;
  next->source.Raise(event::kSignalled);
}

event::Task<CheckSlots::Slot> TakeSlot(CheckSlots* slots, event::EventLoop* loop) {
  if (slots->free_ > 0) {
    --slots->free_;
    ++slots->taken_;
    co_return CheckSlots::Slot(slots);
  }
  CheckSlots::Place place(slots, loop);
  co_await event::Wait(loop, {&place.source, event::kSignalled}, SteadyTime::max());
  place.is_claimed = true;
  co_return CheckSlots::Slot(slots);
}

}  // namespace lb::checks
