#include "controlplane/fleet/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::CommandDoneOf;

class GatherTest : public ::testing::Test {
 protected:
  uint64_t Ask(std::map<MemberId, std::string> members, int deadline_ms = 250) {
    const uint64_t id = gather_.next_id();
    gather_.Start(std::move(members), start_ + Millis(deadline_ms),
                  [this](Gathered gathered) { result_ = std::move(gathered); });
    return id;
  }

  SteadyTime start_{Millis(5000)};
  Gather gather_;
  std::optional<Gathered> result_;
};

TEST_F(GatherTest, FinishesWithTheLastAnswer) {
  const uint64_t id = Ask({{1, "a"}, {2, "b"}});
  gather_.OnAnswer(2, CommandDoneOf(id, 3));
  EXPECT_FALSE(result_.has_value());
  gather_.OnAnswer(1, CommandDoneOf(id, 4));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->answers.size(), 2u);
  EXPECT_EQ(result_->answers[0].node, "b");
  EXPECT_TRUE(result_->missing.empty());
  EXPECT_EQ(gather_.deadline(), SteadyTime::max());
}

TEST_F(GatherTest, FinishesAtOnceWithNobodyToAsk) {
  Ask({});
  EXPECT_TRUE(result_.has_value());
}

TEST_F(GatherTest, NamesTheSilentAndTheLost) {
  const uint64_t id = Ask({{1, "a"}, {2, "b"}, {3, "c"}});
  gather_.OnAnswer(1, CommandDoneOf(id, 1));
  gather_.OnLost(3);
  gather_.OnTime(start_ + Millis(249));
  EXPECT_FALSE(result_.has_value());
  gather_.OnTime(start_ + Millis(250));
  ASSERT_TRUE(result_.has_value());
  EXPECT_THAT(result_->missing, ::testing::ElementsAre("c", "b"));
}

TEST_F(GatherTest, IgnoresAnswersToOtherQuestionsAndFromStrangers) {
  const uint64_t id = Ask({{1, "a"}});
  gather_.OnAnswer(1, CommandDoneOf(id + 1, 1));
  gather_.OnAnswer(2, CommandDoneOf(id, 1));
  v1::FromDataPlane periodic;
  periodic.mutable_report();
  gather_.OnAnswer(1, periodic);
  EXPECT_FALSE(result_.has_value());
}

TEST_F(GatherTest, AnAnswerMayAskTheNextQuestion) {
  int finished = 0;
  const uint64_t first = gather_.next_id();
  gather_.Start({{1, "a"}}, start_ + Millis(100), [&](Gathered) {
    ++finished;
    gather_.Start({{1, "a"}}, start_ + Millis(100), [&](Gathered) { ++finished; });
  });
  gather_.OnAnswer(1, CommandDoneOf(first, 0));
  gather_.OnAnswer(1, CommandDoneOf(first + 1, 0));
  EXPECT_EQ(finished, 2);
}

}  // namespace
}  // namespace lb::fleet
