#include "common/stats/row.h"

#include "gtest/gtest.h"

#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

TEST(Row, HoldsNumbersAndTexts) {
  Row row(RowKind::kServer);
  EXPECT_FALSE(row.has(Field::kScur));
  EXPECT_EQ(row.ToString(Field::kScur), "");
  row.Set(Field::kLastsess, -1);
  row.SetText(Field::kStatus, "UP");
  row.SetText(Field::kMode, "");
  EXPECT_EQ(row.ToString(Field::kLastsess), "-1");
  EXPECT_EQ(row.text(Field::kLastsess), "");
  EXPECT_EQ(row.text(Field::kStatus), "UP");
  EXPECT_EQ(row.number(Field::kStatus), 0);
  EXPECT_TRUE(row.has(Field::kMode));
}

TEST(Row, OnlyServersThatAreUpWithAWeightAreUsable) {
  struct Case {
    v1::ServerStatus status;
    uint32_t weight;
    bool is_usable;
  };
  for (const Case& c : std::vector<Case>{{v1::SERVER_UP, 1, true},
                                         {v1::SERVER_NO_CHECK, 1, true},
                                         {v1::SERVER_UP, 0, false},
                                         {v1::SERVER_DOWN, 1, false},
                                         {v1::SERVER_MAINT, 1, false},
                                         {v1::SERVER_DRAIN, 1, false},
                                         {v1::SERVER_PENDING, 1, false}}) {
    v1::ServerState state;
    state.set_status(c.status);
    state.set_weight(c.weight);
    EXPECT_EQ(IsUsable(state), c.is_usable) << c.status << " " << c.weight;
  }
}

TEST(Row, DescribesChecks) {
  EXPECT_EQ(CheckDescription("L4CON"), "Layer4 connection problem");
  EXPECT_EQ(CheckDescription("nonsense"), "");
}

}  // namespace
}  // namespace lb::stats
