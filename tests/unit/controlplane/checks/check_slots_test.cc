#include "controlplane/checks/check_slots.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "check_fixture.h"
#include "common/event/waiter.h"

namespace lb::checks {
namespace {

// One coroutine that takes a slot and keeps it until told to go.
struct Holder {
  Holder(CheckSlots* slots, event::EventLoop* loop) : leave(loop) {
    root.Start(Hold(this, slots, loop));
  }
  static event::Task<void> Hold(Holder* self, CheckSlots* slots, event::EventLoop* loop) {
    CheckSlots::Slot slot = co_await TakeSlot(slots, loop);
    self->has_slot = true;
    co_await event::Wait(loop, {&self->leave, event::kSignalled}, SteadyTime::max());
    self->has_slot = false;
  }
  event::Source leave;
  bool has_slot = false;
  event::Root root;
};

class CheckSlotsTest : public ::testing::Test {
 protected:
  CheckSlotsTest() : slots_(2) {
    for (int i = 0; i < 4; ++i) holders_.push_back(std::make_unique<Holder>(&slots_, &loop_));
  }
  std::string Holding() {
    Settle(&loop_);
    std::string text;
    for (const auto& holder : holders_) {
      text += holder == nullptr ? '.' : holder->has_slot ? 'x' : '-';
    }
    return text;
  }

  event::EventLoop loop_;
  CheckSlots slots_;
  std::vector<std::unique_ptr<Holder>> holders_;
};

TEST_F(CheckSlotsTest, GrantsInOrderOfArrival) {
  EXPECT_EQ(Holding(), "xx--");
  EXPECT_EQ(slots_.taken(), 2u);
  holders_[1]->leave.Raise(event::kSignalled);
  EXPECT_EQ(Holding(), "x-x-");
  holders_[0]->leave.Raise(event::kSignalled);
  EXPECT_EQ(Holding(), "--xx");
  holders_[2]->leave.Raise(event::kSignalled);
  holders_[3]->leave.Raise(event::kSignalled);
  EXPECT_EQ(Holding(), "----");
  EXPECT_EQ(slots_.taken(), 0u);
}

TEST_F(CheckSlotsTest, CancelledHoldersAndWaitersLeaveNothingTaken) {
  holders_[2].reset();
  EXPECT_EQ(Holding(), "xx.-");
  holders_[0].reset();
  EXPECT_EQ(Holding(), ".x.x");
  holders_[1].reset();
  holders_[3].reset();
  EXPECT_EQ(slots_.taken(), 0u);
}

TEST_F(CheckSlotsTest, AWaiterCancelledAfterItsTurnCamePassesItOn) {
  EXPECT_EQ(Holding(), "xx--");
  holders_[0].reset();  // its slot is the third's now, which has not run yet
  holders_[2].reset();
  EXPECT_EQ(Holding(), ".x.x");
}

}  // namespace
}  // namespace lb::checks
