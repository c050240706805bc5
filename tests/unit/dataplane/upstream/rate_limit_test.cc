#include <chrono>

#include "gtest/gtest.h"

#include "dataplane/upstream/backend.h"

namespace lb::upstream {
namespace {

using std::chrono::milliseconds;

// How many of those that come at `now` are taken.
int TakeAt(RateLimit* limit, milliseconds now, uint32_t per_second) {
  int taken = 0;
  while (taken < 1000 && limit->HasRoom(now, per_second)) {
    limit->Note(now, per_second);
    ++taken;
  }
  return taken;
}

TEST(RateLimit, TakesASecondsShareAtOnceAndThenOneAtATime) {
  RateLimit limit;
  EXPECT_EQ(TakeAt(&limit, milliseconds(100'000), 10), 10);
  EXPECT_EQ(TakeAt(&limit, milliseconds(100'099), 10), 0);
  EXPECT_EQ(TakeAt(&limit, milliseconds(100'100), 10), 1);
  EXPECT_EQ(TakeAt(&limit, milliseconds(100'500), 10), 4);
  EXPECT_EQ(TakeAt(&limit, milliseconds(200'000), 10), 10);
}

TEST(RateLimit, OneASecondIsOneASecond) {
  RateLimit limit;
  EXPECT_EQ(TakeAt(&limit, milliseconds(1000), 1), 1);
  EXPECT_EQ(TakeAt(&limit, milliseconds(1999), 1), 0);
  EXPECT_EQ(TakeAt(&limit, milliseconds(2000), 1), 1);
}

}  // namespace
}  // namespace lb::upstream
