#include "controlplane/fleet/state_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::StateOf;

std::vector<uint64_t> Ids(const std::vector<v1::ServerState>& states) {
  std::vector<uint64_t> ids;
  for (const v1::ServerState& state : states) ids.push_back(state.id());
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST(StateTable, AnEqualStateIsNoChange) {
  StateTable table;
  EXPECT_TRUE(table.Set(StateOf(1, v1::SERVER_UP)));
  table.TakeChanges();
  EXPECT_FALSE(table.Set(StateOf(1, v1::SERVER_UP)));
  EXPECT_FALSE(table.has_changes());
  EXPECT_TRUE(table.Set(StateOf(1, v1::SERVER_DOWN)));
}

TEST(StateTable, ChangesOfOneTurnShareAVersion) {
  StateTable table;
  table.Set(StateOf(1, v1::SERVER_UP));
  table.Set(StateOf(2, v1::SERVER_UP));
  table.Set(StateOf(1, v1::SERVER_DOWN));
  EXPECT_THAT(Ids(table.TakeChanges()), ::testing::ElementsAre(1, 2));
  EXPECT_EQ(table.version(), 1u);
  EXPECT_EQ(table.Find(1)->status(), v1::SERVER_DOWN);
  EXPECT_EQ(table.Find(3), nullptr);
}

TEST(StateTable, SinceGivesWhatWasFlushedLater) {
  StateTable table;
  table.Set(StateOf(1, v1::SERVER_UP));
  table.Set(StateOf(2, v1::SERVER_UP));
  table.TakeChanges();
  table.Set(StateOf(2, v1::SERVER_DOWN));
  table.TakeChanges();
  EXPECT_THAT(Ids(table.Since(1)), ::testing::ElementsAre(2));
  EXPECT_THAT(Ids(table.Since(0)), ::testing::ElementsAre(1, 2));
  EXPECT_TRUE(table.Since(2).empty());
}

TEST(StateTable, ReplaceDropsTheMissingAndMarksTheDifferent) {
  StateTable table;
  for (uint64_t id : {1, 2, 3}) table.Set(StateOf(id, v1::SERVER_UP));
  table.TakeChanges();
  table.Replace(
      {StateOf(2, v1::SERVER_UP), StateOf(3, v1::SERVER_MAINT), StateOf(4, v1::SERVER_UP)});
  EXPECT_THAT(Ids(table.All()), ::testing::ElementsAre(2, 3, 4));
  EXPECT_THAT(Ids(table.TakeChanges()), ::testing::ElementsAre(3, 4));
}

TEST(StateTable, DifferentFromComparesWithWhatANodeWasTold) {
  StateTable table;
  table.Replace(
      {StateOf(1, v1::SERVER_UP), StateOf(2, v1::SERVER_DOWN), StateOf(3, v1::SERVER_UP)});
  EXPECT_THAT(Ids(table.DifferentFrom({StateOf(1, v1::SERVER_UP), StateOf(2, v1::SERVER_UP)})),
              ::testing::ElementsAre(2, 3));
}

}  // namespace
}  // namespace lb::fleet
