#include "common/event/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace lb::event {
namespace {

class TestTimer : public Timer {
 public:
  explicit TestTimer(std::function<void()> fn) : fn_(std::move(fn)) {}

 private:
  void OnExpired() override { fn_(); }
  std::function<void()> fn_;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  SteadyTime At(int64_t ms) const { return start_ + Millis(ms); }
  // A timer that writes down `name` when it fires.
  std::unique_ptr<TestTimer> Named(int name) {
    return std::make_unique<TestTimer>([this, name] { fired_.push_back(name); });
  }

  const SteadyTime start_{std::chrono::hours(3) + Nanos(123)};
  TimerWheel wheel_{start_};
  std::vector<int> fired_;
};

TEST_F(TimerWheelTest, FiresWhenTheTimeHasComeAndNotBefore) {
  for (int64_t ms : {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 262'144, 1'000'000, 100'000'000,
                     2'000'000'000}) {
    TimerWheel wheel(start_);
    bool has_fired = false;
    TestTimer timer([&] { has_fired = true; });
    wheel.Set(&timer, At(ms));
    wheel.Advance(At(ms) - Nanos(1));
    EXPECT_FALSE(has_fired) << ms;
    EXPECT_TRUE(timer.is_set());
    wheel.Advance(At(ms));
    EXPECT_TRUE(has_fired) << ms;
    EXPECT_FALSE(timer.is_set());
  }
}

TEST_F(TimerWheelTest, FiresInOrderOfTime) {
  auto a = Named(1), b = Named(2), c = Named(3);
  wheel_.Set(c.get(), At(9000));
  wheel_.Set(a.get(), At(5));
  wheel_.Set(b.get(), At(70));
  wheel_.Advance(At(10'000));
  EXPECT_EQ(fired_, (std::vector<int>{1, 2, 3}));
}

TEST_F(TimerWheelTest, RoundsUpToItsTick) {
  auto timer = Named(1);
  wheel_.Set(timer.get(), At(5) + Nanos(1));
  wheel_.Advance(At(5) + Nanos(2));
  EXPECT_TRUE(fired_.empty());
  wheel_.Advance(At(6));
  EXPECT_EQ(fired_.size(), 1u);
}

TEST_F(TimerWheelTest, ATimeInThePastIsTheNextTick) {
  auto timer = Named(1);
  wheel_.Advance(At(100));
  wheel_.Set(timer.get(), At(50));
  wheel_.Advance(At(100));
  EXPECT_TRUE(fired_.empty());
  wheel_.Advance(At(101));
  EXPECT_EQ(fired_.size(), 1u);
}

TEST_F(TimerWheelTest, CancelledResetAndDestroyedTimersDoNotFireAsSetBefore) {
  auto cancelled = Named(1), reset = Named(2), destroyed = Named(3), never = Named(4);
  for (auto* timer : {&cancelled, &reset, &destroyed, &never}) wheel_.Set(timer->get(), At(10));
  cancelled->Cancel();
  wheel_.Set(reset.get(), At(200));
  destroyed.reset();
  wheel_.Set(never.get(), SteadyTime::max());
  wheel_.Advance(At(199));
  EXPECT_TRUE(fired_.empty());
  EXPECT_FALSE(never->is_set());
  wheel_.Advance(At(1000));
  EXPECT_EQ(fired_, std::vector<int>{2});
}

TEST_F(TimerWheelTest, ACallbackMaySetCancelAndDestroyTimers) {
  auto cancelled = Named(1), destroyed = Named(2);
  int rounds = 0;
  std::unique_ptr<TestTimer> again;
  again = std::make_unique<TestTimer>([&] {
    cancelled->Cancel();
    destroyed.reset();
    if (++rounds < 5) wheel_.Set(again.get(), At(10 * rounds + 10));
  });
  wheel_.Set(again.get(), At(10));
  wheel_.Set(cancelled.get(), At(10));
  wheel_.Set(destroyed.get(), At(10));
  wheel_.Advance(At(1000));
  EXPECT_EQ(rounds, 5);
  EXPECT_TRUE(fired_.empty());
}

TEST_F(TimerWheelTest, TimersOutliveTheirWheel) {
  auto timer = Named(1);
  {
    TimerWheel wheel(start_);
    wheel.Set(timer.get(), At(10));
  }
  EXPECT_FALSE(timer->is_set());
}

TEST_F(TimerWheelTest, SaysHowLongNothingWillHappen) {
  EXPECT_EQ(wheel_.MillisUntilNext(start_), -1);
  auto timer = Named(1);
  wheel_.Set(timer.get(), At(30));
  EXPECT_EQ(wheel_.MillisUntilNext(At(0)), 30);
  EXPECT_EQ(wheel_.MillisUntilNext(At(29)), 1);
  EXPECT_EQ(wheel_.MillisUntilNext(At(29) + Nanos(1)), 1);
  EXPECT_EQ(wheel_.MillisUntilNext(At(30)), 0);
  EXPECT_EQ(wheel_.MillisUntilNext(At(99)), 0);
  timer->Cancel();
  EXPECT_EQ(wheel_.MillisUntilNext(At(0)), -1);
}

// Thousands of timers at random, sleeping exactly as long as the wheel says: each fires in the
// first millisecond in which it may.
TEST_F(TimerWheelTest, AgreesWithAPlainListOfDeadlines) {
  std::mt19937 random(7);
  struct Entry {
    int64_t due = 0;
    std::unique_ptr<TestTimer> timer;
  };
  std::vector<Entry> entries(3000);
  int64_t now = 0;
  int late_or_early = 0;
  size_t fired = 0;
  for (Entry& entry : entries) {
    entry.timer = std::make_unique<TestTimer>([&] {
      ++fired;
      if (now != entry.due) ++late_or_early;
    });
  }
  for (Entry& entry : entries) {
    const int bits = std::uniform_int_distribution<int>(1, 31)(random);
    entry.due = std::uniform_int_distribution<int64_t>(1, int64_t{1} << bits)(random);
    wheel_.Set(entry.timer.get(), At(entry.due));
  }
  for (int turns = 0; fired < entries.size() && turns < 1'000'000; ++turns) {
    const int64_t wait = wheel_.MillisUntilNext(At(now));
    ASSERT_GE(wait, 0);
    now += wait;
    wheel_.Advance(At(now));
  }
  EXPECT_EQ(fired, entries.size());
  EXPECT_EQ(late_or_early, 0);
}

}  // namespace
}  // namespace lb::event
