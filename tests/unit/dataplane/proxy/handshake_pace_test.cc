#include "dataplane/proxy/handshake_pace.h"

#include <gtest/gtest.h>

namespace lb::proxy {
namespace {

constexpr SteadyTime kStart{std::chrono::hours(1)};
constexpr SteadyTime kLate = SteadyTime::max();

TEST(HandshakePace, ASecondsWorthMayBeginAtOnceAndTheRestWaits) {
  HandshakePace pace;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pace.Take(kStart, 4, kLate), kStart) << i;
  EXPECT_EQ(pace.Take(kStart, 4, kLate), kStart + Millis(250));
  EXPECT_EQ(pace.Take(kStart, 4, kLate), kStart + Millis(500));
  // What is over of that second is not lost.
  EXPECT_EQ(pace.Take(kStart + Millis(1000), 4, kLate), kStart + Millis(1000));
  EXPECT_EQ(pace.Take(kStart + Millis(1000), 4, kLate), kStart + Millis(1000));
  EXPECT_EQ(pace.Take(kStart + Millis(1000), 4, kLate), kStart + Millis(1250));
}

TEST(HandshakePace, WhoWouldBeLateTakesNoTurn) {
  HandshakePace pace;
  EXPECT_EQ(pace.Take(kStart, 1, kLate), kStart);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(pace.Take(kStart, 1, kStart + Millis(999)).has_value());
  }
  EXPECT_EQ(pace.Take(kStart, 1, kStart + Millis(1000)), kStart + Millis(1000));
}

TEST(HandshakePace, ALongPauseGivesNoMoreThanASecondsWorth) {
  HandshakePace pace;
  EXPECT_EQ(pace.Take(kStart, 2, kLate), kStart);
  const SteadyTime later = kStart + std::chrono::hours(1);
  EXPECT_EQ(pace.Take(later, 2, kLate), later);
  EXPECT_EQ(pace.Take(later, 2, kLate), later);
  EXPECT_EQ(pace.Take(later, 2, kLate), later + Millis(500));
}

}  // namespace
}  // namespace lb::proxy
