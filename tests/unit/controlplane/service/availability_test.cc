#include "controlplane/service/availability.h"

#include <gtest/gtest.h>

namespace lb::service {
namespace {

TEST(Availability, CountsLossesAndTheTimeDown) {
  FakeClock clock;
  Availability backend(clock, /*is_up=*/true);
  const int64_t start = backend.ToStats().last_change_unix_ms;
  clock.Advance(std::chrono::seconds(5));
  EXPECT_FALSE(backend.Update(true));
  EXPECT_EQ(backend.ToStats().last_change_unix_ms, start);
  EXPECT_TRUE(backend.Update(false));
  EXPECT_FALSE(backend.Update(false));
  clock.Advance(std::chrono::seconds(3));
  EXPECT_EQ(backend.ToStats().down_transitions, 1u);
  EXPECT_EQ(backend.ToStats().last_change_unix_ms, start + 5'000);
  EXPECT_EQ(backend.ToStats().downtime_seconds, 3u);
  EXPECT_FALSE(backend.Update(true));
  clock.Advance(std::chrono::seconds(10));
  EXPECT_EQ(backend.ToStats().last_change_unix_ms, start + 8'000);
  EXPECT_EQ(backend.ToStats().downtime_seconds, 3u);
  EXPECT_TRUE(backend.Update(false));
  clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(backend.ToStats().down_transitions, 2u);
  EXPECT_EQ(backend.ToStats().downtime_seconds, 5u);
}

TEST(Availability, BeginningDownIsNoLoss) {
  FakeClock clock;
  Availability backend(clock, /*is_up=*/false);
  clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(backend.ToStats().down_transitions, 0u);
  EXPECT_EQ(backend.ToStats().downtime_seconds, 2u);
}

}  // namespace
}  // namespace lb::service
