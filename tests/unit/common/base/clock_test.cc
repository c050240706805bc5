#include "common/base/clock.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock;
  const SteadyTime steady = clock.Now();
  const WallTime wall = clock.WallNow();
  EXPECT_EQ(clock.Now(), steady);
  clock.Advance(Millis(250));
  EXPECT_EQ(clock.Now() - steady, Millis(250));
  EXPECT_EQ(clock.WallNow() - wall, Millis(250));
}

TEST(RealClock, NeverGoesBackAndKnowsTheDate) {
  const SteadyTime before = Clock::Real().Now();
  EXPECT_GE(Clock::Real().Now(), before);
  EXPECT_GT(Clock::Real().WallNow().time_since_epoch(), std::chrono::hours(24 * 365 * 50));
}

}  // namespace
}  // namespace lb
