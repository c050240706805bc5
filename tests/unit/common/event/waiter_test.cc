#include "common/event/waiter.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "common/event/task.h"

namespace lb::event {
namespace {

Task<void> WaitFor(EventLoop* loop, Interest a, Interest b, SteadyTime deadline,
                   std::optional<WakeReason>* reason) {
  *reason = co_await Wait(loop, a, b, deadline);
}

class WaiterTest : public ::testing::Test {
 protected:
  WaiterTest() : loop_(clock_), a_(&loop_), b_(&loop_) {}

  void Start(SteadyTime deadline = SteadyTime::max()) {
    root_.Cancel();
    reason_.reset();
    root_.Start(
        WaitFor(&loop_, {&a_, kReadable}, {&b_, kReadable | kSignalled}, deadline, &reason_));
  }
  void Turn() { loop_.RunOnce(Millis(0)); }

  FakeClock clock_;
  EventLoop loop_;
  Source a_;
  Source b_;
  Root root_;
  std::optional<WakeReason> reason_;
};

TEST_F(WaiterTest, DoesNotWaitForWhatIsReady) {
  b_.Raise(kSignalled);
  Start();
  EXPECT_EQ(reason_, WakeReason::kReady);
}

TEST_F(WaiterTest, WakesForAnyOfItsSources) {
  for (Source* source : {&a_, &b_}) {
    Start();
    Turn();
    EXPECT_FALSE(reason_);
    source->Raise(kReadable);
    EXPECT_FALSE(reason_) << "never inside the caller";
    Turn();
    EXPECT_EQ(reason_, WakeReason::kReady);
    source->Clear(kReadable);
  }
}

TEST_F(WaiterTest, SleepsThroughOtherReadiness) {
  Start();
  a_.Raise(kWritable);
  b_.Raise(kHungUp);
  Turn();
  EXPECT_FALSE(reason_);
}

TEST_F(WaiterTest, RunsOnceHoweverManySourcesAreReady) {
  Start();
  a_.Raise(kReadable);
  b_.Raise(kReadable | kSignalled);
  Turn();
  Turn();
  EXPECT_EQ(reason_, WakeReason::kReady);
}

TEST_F(WaiterTest, TimesOutAtTheDeadline) {
  Start(clock_.Now() + Millis(20));
  clock_.Advance(Millis(19));
  Turn();
  EXPECT_FALSE(reason_);
  clock_.Advance(Millis(1));
  Turn();
  EXPECT_EQ(reason_, WakeReason::kTimeout);
}

TEST_F(WaiterTest, ReadinessWinsOverADeadlineOfTheSameTurn) {
  Start(clock_.Now() + Millis(20));
  clock_.Advance(Millis(20));
  a_.Raise(kReadable);
  Turn();
  EXPECT_EQ(reason_, WakeReason::kReady);
}

TEST_F(WaiterTest, ADeadlineAloneWillDo) {
  static constexpr auto kSleep = [](EventLoop* loop, SteadyTime until,
                                    bool* is_over) -> Task<void> {
    co_await WaitUntil(loop, until);
    *is_over = true;
  };
  bool is_over = false;
  Root root;
  root.Start(kSleep(&loop_, clock_.Now() + Millis(5), &is_over));
  clock_.Advance(Millis(5));
  Turn();
  EXPECT_TRUE(is_over);
}

TEST_F(WaiterTest, CancelledItLeavesSourcesAndTimerAlone) {
  Start(clock_.Now() + Millis(20));
  root_.Cancel();
  a_.Raise(kReadable);
  clock_.Advance(Millis(50));
  Turn();
  EXPECT_FALSE(reason_);
}

TEST_F(WaiterTest, ASourceMayGoWhileItIsWaitedFor) {
  auto source = std::make_unique<Source>(&loop_);
  std::optional<WakeReason> reason;
  Root root;
  root.Start(WaitFor(&loop_, {source.get(), kReadable}, {}, clock_.Now() + Millis(5), &reason));
  source.reset();
  clock_.Advance(Millis(5));
  Turn();
  EXPECT_EQ(reason, WakeReason::kTimeout);
}

TEST_F(WaiterTest, ASourceServesOneWaiterAfterTheOther) {
  for (int i = 0; i < 3; ++i) {
    Start();
    a_.Raise(kReadable);
    Turn();
    EXPECT_EQ(reason_, WakeReason::kReady);
    a_.Clear(kReadable);
  }
}

}  // namespace
}  // namespace lb::event
