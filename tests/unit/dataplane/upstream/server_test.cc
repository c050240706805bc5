#include "dataplane/upstream/server.h"

#include <gtest/gtest.h>

namespace lb::upstream {
namespace {

class ServerRuntimeTest : public ::testing::Test {
 protected:
  void Use(uint32_t places) {
    for (uint32_t i = 0; i < places; ++i) server_.Acquire();
    for (uint32_t i = 0; i < places; ++i) server_.ReleasePlace();
  }

  ServerRuntime server_{1, "b", "s", /*workers=*/1};
};

TEST_F(ServerRuntimeTest, GivesOutAsManyPlacesAsThereAre) {
  EXPECT_TRUE(server_.TryAcquire(2));
  EXPECT_TRUE(server_.TryAcquire(2));
  EXPECT_FALSE(server_.TryAcquire(2));
  EXPECT_TRUE(server_.TryAcquire(0));  // no limit
  EXPECT_EQ(server_.sessions.load(), 3u);
  EXPECT_EQ(server_.max_sessions.load(), 3u);
}

TEST_F(ServerRuntimeTest, NeedsAsManyConnectionsAsWereUsedAtATime) {
  EXPECT_EQ(server_.connections_needed(), 0u);
  Use(3);
  Use(8);
  Use(2);
  EXPECT_EQ(server_.connections_needed(), 8u);
}

TEST_F(ServerRuntimeTest, ForgetsAPeakByHalves) {
  Use(16);
  server_.AgeNeed();
  EXPECT_EQ(server_.connections_needed(), 16u);
  Use(2);
  server_.AgeNeed();
  EXPECT_EQ(server_.connections_needed(), 9u);
  server_.AgeNeed();
  server_.AgeNeed();
  EXPECT_EQ(server_.connections_needed(), 2u);
}

TEST_F(ServerRuntimeTest, WhatIsInUseStaysNeeded) {
  for (int i = 0; i < 5; ++i) server_.Acquire();
  for (int i = 0; i < 9; ++i) server_.AgeNeed();
  EXPECT_EQ(server_.connections_needed(), 5u);
}

}  // namespace
}  // namespace lb::upstream
