#include "controlplane/fleet/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::HelloOf;
using ::testing::HasSubstr;

const WallTime kNow{std::chrono::seconds(100)};
const WallTime kLater{std::chrono::seconds(200)};

TEST(Registry, RefusesASecondLiveInstanceOfAName) {
  Registry registry;
  EXPECT_TRUE(registry.Admit(1, HelloOf("a", 7).hello(), "10.0.0.1:5", kNow).is_admitted);
  Registry::Admission second = registry.Admit(2, HelloOf("a", 8).hello(), "10.0.0.2:5", kLater);
  EXPECT_FALSE(second.is_admitted);
  EXPECT_THAT(second.reason, HasSubstr("'a' is in use by 10.0.0.1:5 (pid 4242)"));
  EXPECT_EQ(registry.Find("a")->member, 1u);
}

TEST(Registry, TheSameInstanceReplacesItsOlderSession) {
  Registry registry;
  registry.Admit(1, HelloOf("a", 7).hello(), "p", kNow);
  Registry::Admission second = registry.Admit(2, HelloOf("a", 7).hello(), "p", kLater);
  EXPECT_TRUE(second.is_admitted);
  EXPECT_EQ(second.replaced, 1u);
  EXPECT_FALSE(registry.Lose("a", 1, "gone", kLater));
  EXPECT_TRUE(registry.Find("a")->is_connected);
}

TEST(Registry, ALostNameMayReturnAsAnotherInstance) {
  Registry registry;
  registry.Admit(1, HelloOf("a", 7).hello(), "p", kNow);
  EXPECT_TRUE(registry.Lose("a", 1, "connection lost", kLater));
  EXPECT_EQ(registry.Find("a")->stage, "lost");
  EXPECT_EQ(registry.Find("a")->since, kLater);
  EXPECT_TRUE(registry.Admit(2, HelloOf("a", 8, 3, "h").hello(), "p", kLater).is_admitted);
  EXPECT_EQ(registry.Find("a")->revision, 3u);
  EXPECT_TRUE(registry.Find("a")->last_error.empty());
}

TEST(Registry, RemembersNodesOfEarlierRunsButNotOverLiveOnes) {
  Registry registry;
  Node old;
  old.stage = "lost";
  registry.Remember("a", old);
  EXPECT_FALSE(registry.Find("a")->is_connected);
  registry.Admit(1, HelloOf("b", 7).hello(), "p", kNow);
  registry.Remember("b", old);
  EXPECT_TRUE(registry.Find("b")->is_connected);
}

}  // namespace
}  // namespace lb::fleet
