#include "controlplane/fleet/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lb::fleet {
namespace {

using ::testing::HasSubstr;
using Phase = Publisher::Phase;

constexpr RolloutLimits kLimits{Millis(1000), Millis(500)};

class PublisherTest : public ::testing::Test {
 protected:
  std::string StageOf(const std::string& node) {
    for (const NodeOutcome& outcome : publisher_.Outcomes()) {
      if (outcome.node == node) return outcome.stage;
    }
    return "none";
  }
  SteadyTime At(int ms) { return start_ + Millis(ms); }

  void ValidateBoth() {
    publisher_.OnValidated(1, At(10));
    publisher_.OnValidated(2, At(20));
  }

  SteadyTime start_{Millis(1'000'000)};
  Publisher publisher_{7, {{1, "a"}, {2, "b"}}, kLimits, start_};
};

TEST_F(PublisherTest, DecidesWhenAllHaveValidated) {
  publisher_.OnValidated(1, At(10));
  EXPECT_EQ(publisher_.phase(), Phase::kPreparing);
  publisher_.OnValidated(2, At(20));
  EXPECT_EQ(publisher_.phase(), Phase::kDeciding);
  EXPECT_EQ(publisher_.deadline(), SteadyTime::max());
}

TEST_F(PublisherTest, IsDoneWhenAllServe) {
  ValidateBoth();
  publisher_.Commit(At(30));
  publisher_.OnApplied(1, At(31));
  publisher_.OnServing(1, At(32));
  publisher_.OnApplied(2, At(33));
  EXPECT_EQ(publisher_.phase(), Phase::kCommitting);
  publisher_.OnServing(2, At(40));
  EXPECT_EQ(publisher_.phase(), Phase::kDone);
  EXPECT_EQ(StageOf("a"), "serving");
  EXPECT_DOUBLE_EQ(publisher_.Outcomes()[1].seconds, 0.040);
}

TEST_F(PublisherTest, OneNackAbortsAndNamesNodeResourceAndReason) {
  publisher_.OnValidated(1, At(10));
  v1::Nack nack;
  nack.set_resource("frontend www, bind *:80");
  nack.set_reason("address in use");
  publisher_.OnNacked(2, nack, At(20));
  EXPECT_EQ(publisher_.phase(), Phase::kAborted);
  EXPECT_EQ(publisher_.reason(), "node 'b' refused: frontend www, bind *:80: address in use");
  EXPECT_EQ(StageOf("a"), "validated");
  EXPECT_EQ(StageOf("b"), "refused");
}

TEST_F(PublisherTest, ASilentNodeAbortsAtTheLimit) {
  publisher_.OnValidated(1, At(10));
  publisher_.OnTime(At(999));
  EXPECT_EQ(publisher_.phase(), Phase::kPreparing);
  publisher_.OnTime(At(1000));
  EXPECT_EQ(publisher_.phase(), Phase::kAborted);
  EXPECT_THAT(publisher_.reason(), HasSubstr("node 'b' did not answer within 1000 ms"));
  EXPECT_EQ(StageOf("b"), "lagging");
}

TEST_F(PublisherTest, ALostNodeDoesNotStopTheOthers) {
  publisher_.OnLost(2, At(5));
  publisher_.OnValidated(1, At(10));
  EXPECT_EQ(publisher_.phase(), Phase::kDeciding);
  publisher_.Commit(At(20));
  publisher_.OnServing(1, At(30));
  EXPECT_EQ(publisher_.phase(), Phase::kDone);
  EXPECT_EQ(StageOf("b"), "lost");
}

TEST_F(PublisherTest, ANodeLostAfterTheCommitIsNotWaitedFor) {
  ValidateBoth();
  publisher_.Commit(At(30));
  publisher_.OnServing(1, At(31));
  publisher_.OnLost(2, At(32));
  EXPECT_EQ(publisher_.phase(), Phase::kDone);
}

TEST_F(PublisherTest, ALateNodeAfterTheCommitLags) {
  ValidateBoth();
  publisher_.Commit(At(30));
  publisher_.OnServing(1, At(31));
  publisher_.OnApplied(2, At(32));
  publisher_.OnTime(At(529));
  EXPECT_EQ(publisher_.phase(), Phase::kCommitting);
  publisher_.OnTime(At(530));
  EXPECT_EQ(publisher_.phase(), Phase::kDone);
  EXPECT_EQ(StageOf("b"), "lagging");
}

TEST_F(PublisherTest, ANegativeDecisionAborts) {
  ValidateBoth();
  publisher_.Abort("state: disk full");
  EXPECT_EQ(publisher_.phase(), Phase::kAborted);
  EXPECT_EQ(publisher_.reason(), "state: disk full");
}

TEST_F(PublisherTest, StrangersHaveNoEffect) {
  publisher_.OnValidated(9, At(1));
  publisher_.OnServing(9, At(1));
  publisher_.OnLost(9, At(1));
  EXPECT_EQ(publisher_.phase(), Phase::kPreparing);
  EXPECT_FALSE(publisher_.has_member(9));
}

TEST_F(PublisherTest, WithNobodyToAskItDecidesAtOnce) {
  Publisher alone(7, {}, kLimits, start_);
  EXPECT_EQ(alone.phase(), Phase::kDeciding);
  alone.Commit(start_);
  EXPECT_EQ(alone.phase(), Phase::kDone);
}

}  // namespace
}  // namespace lb::fleet
