#include "controlplane/fleet/applied_waits.h"

#include <gtest/gtest.h>

#include <optional>

namespace lb::fleet {
namespace {

class AppliedWaitsTest : public ::testing::Test {
 protected:
  void Wait(uint64_t version, std::map<MemberId, std::string> members) {
    waits_.Start(version, std::move(members), start_, Millis(100),
                 [this](std::vector<NodeOutcome> outcomes) { result_ = std::move(outcomes); });
  }

  SteadyTime start_{Millis(5000)};
  AppliedWaits waits_;
  std::optional<std::vector<NodeOutcome>> result_;
};

TEST_F(AppliedWaitsTest, FinishesWhenEveryNodeIsAtTheVersion) {
  Wait(5, {{1, "a"}, {2, "b"}});
  waits_.OnApplied(1, 4, start_ + Millis(1));
  waits_.OnApplied(1, 5, start_ + Millis(2));
  EXPECT_FALSE(result_.has_value());
  waits_.OnApplied(2, 9, start_ + Millis(3));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ((*result_)[0].stage, "applied");
  EXPECT_DOUBLE_EQ((*result_)[0].seconds, 0.002);
}

TEST_F(AppliedWaitsTest, SaysWhoLagsAndWhoIsLost) {
  Wait(5, {{1, "a"}, {2, "b"}});
  waits_.OnLost(1, start_ + Millis(1));
  EXPECT_EQ(waits_.deadline(), start_ + Millis(100));
  waits_.OnTime(start_ + Millis(100));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ((*result_)[0].stage, "lost");
  EXPECT_EQ((*result_)[1].stage, "lagging");
  EXPECT_EQ(waits_.deadline(), SteadyTime::max());
}

TEST_F(AppliedWaitsTest, FinishesAtOnceWithNobodyToWaitFor) {
  Wait(5, {});
  EXPECT_TRUE(result_.has_value());
}

}  // namespace
}  // namespace lb::fleet
