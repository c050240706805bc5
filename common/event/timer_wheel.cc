#include "common/event/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace lb::event {
namespace {

using std::chrono::duration_cast;

void Link(TimerLink* list, TimerLink* node) {
  node->prev = list->prev;
  node->next = list;
  list->prev->next = node;
  list->prev = node;
}

}  // namespace

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (TimerLink& slot : level) {
      while (slot.is_linked()) slot.next->Unlink();
    }
  }
}

void TimerWheel::Set(Timer* timer, SteadyTime when) {
  timer->Unlink();
  if (when == SteadyTime::max()) return;
  Nanos since = when > start_ ? when - start_ : Nanos(0);
  // Rounded up: a timer may be late by less than a tick, never early.
  timer->tick_ = static_cast<uint64_t>((since.count() + 999'999) / 1'000'000);
  timer->tick_ = std::max(timer->tick_, tick_ + 1);
  Insert(timer);
}

void TimerWheel::Insert(Timer* timer) {
  uint64_t wait = timer->tick_ - tick_;
  constexpr uint64_t kSpan = uint64_t{1} << (kSlotBits * kLevels);
  // Past the span it waits in the farthest slot and is dealt again from there.
  uint64_t tick = wait < kSpan ? timer->tick_ : tick_ + kSpan - 1;
  int level = 0;
  while (level + 1 < kLevels && (tick - tick_) >= (uint64_t{1} << (kSlotBits * (level + 1)))) {
    ++level;
  }
  const uint64_t slot = (tick >> (kSlotBits * level)) % kSlots;
  maybe_used_[level] |= uint64_t{1} << slot;
  Link(&slots_[level][slot], timer);
}

void TimerWheel::Deal(int level) {
  TimerLink* slot = &slots_[level][(tick_ >> (kSlotBits * level)) % kSlots];
  TimerLink moved;
  while (slot->is_linked()) {
    TimerLink* node = slot->next;
    node->Unlink();
    Link(&moved, node);
  }
  while (moved.is_linked()) {
    Timer* timer = static_cast<Timer*>(moved.next);
    timer->Unlink();
    if (timer->tick_ <= tick_) {
      Link(&slots_[0][tick_ % kSlots], timer);  // due in this very tick
    } else {
      Insert(timer);
    }
  }
}

void TimerWheel::FireSlot(TimerLink* slot) {
  // What a callback sets goes to later ticks, so this ends. Timers of this slot that belong to a
  // later turn of the wheel cannot be here: Insert() puts those a level higher.
  while (slot->is_linked()) {
    Timer* timer = static_cast<Timer*>(slot->next);
    timer->Unlink();
    timer->OnExpired();
  }
}

void TimerWheel::Advance(SteadyTime now) {
  if (now <= start_) return;
  uint64_t target = static_cast<uint64_t>((now - start_).count()) / 1'000'000;
  while (tick_ < target) {
    int64_t skip = MillisUntilNext(start_ + Millis(tick_));
    if (skip < 0 || tick_ + static_cast<uint64_t>(skip) > target) {
      tick_ = target;
      return;
    }
    tick_ += static_cast<uint64_t>(std::max<int64_t>(skip, 1));
    for (int level = kLevels - 1; level > 0; --level) {
      if (tick_ % (uint64_t{1} << (kSlotBits * level)) == 0) Deal(level);
    }
    FireSlot(&slots_[0][tick_ % kSlots]);
  }
}

int64_t TimerWheel::MillisUntilNext(SteadyTime now) const {
  uint64_t best = UINT64_MAX;
  for (int level = 0; level < kLevels; ++level) {
    const int shift = kSlotBits * level;
    const uint64_t base = tick_ >> shift;
    while (maybe_used_[level] != 0) {
      // The first used slot after the current one, in the order in which the wheel turns.
      const uint64_t turned = std::rotr(maybe_used_[level], static_cast<int>((base + 1) % kSlots));
      const uint64_t i = static_cast<uint64_t>(std::countr_zero(turned)) + 1;
      const uint64_t slot = (base + i) % kSlots;
      if (slots_[level][slot].is_linked()) {
        best = std::min(best, (base + i) << shift);
        break;
      }
      maybe_used_[level] &= ~(uint64_t{1} << slot);
    }
  }
  if (best == UINT64_MAX) return -1;
  SteadyTime when = start_ + Millis(best);
  if (when <= now) return 0;
  return (duration_cast<Nanos>(when - now).count() + 999'999) / 1'000'000;
}

}  // namespace lb::event
