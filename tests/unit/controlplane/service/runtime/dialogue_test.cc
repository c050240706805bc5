// Framing as a running HAProxy 2.6 does it.
#include "controlplane/service/runtime/dialogue.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/controlplane/service/runtime/fake_backend.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DialogueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CommandContext context;
    context.level = AccessLevel::kAdmin;
    dialogue_ = Dialogue::Make(&commands_, context);
  }
  std::string Say(const std::string& line) {
    reply_.reset();
    dialogue_->TakeLine(line, [this](std::string reply) { reply_ = reply; });
    return reply_.value_or("(no reply)");
  }

  FakeClock clock_;
  FakeBackend backend_;
  RuntimeCommands commands_{&backend_, &clock_, "1.2.3"};
  std::shared_ptr<Dialogue> dialogue_;
  std::optional<std::string> reply_;
};

TEST_F(DialogueTest, AReplyEndsWithAnEmptyLineAndSoDoesTheConversation) {
  EXPECT_EQ(Say("show cli level"), "admin\n\n");
  EXPECT_FALSE(dialogue_->stays_open());
  EXPECT_EQ(Say("set server app/s1 state ready\r"), "\n");
  EXPECT_EQ(Say("set server app/s1 weight x"),
            "Empty weight string empty or preceded by garbage\n");
}

TEST_F(DialogueTest, ThePromptKeepsTheConversationOpen) {
  EXPECT_EQ(Say("prompt"), "\n> ");
  EXPECT_TRUE(dialogue_->stays_open());
  EXPECT_EQ(Say("show cli level"), "admin\n\n> ");
  EXPECT_EQ(Say("prompt"), "\n");
  EXPECT_FALSE(dialogue_->stays_open());
}

TEST_F(DialogueTest, SeveralCommandsInALineAreAnsweredInTurn) {
  EXPECT_EQ(Say("set server app/s1 state ready; set server nope/x state maint ;show cli level"),
            "\nNo such backend.\n\nadmin\n\n");
  EXPECT_EQ(Say("prompt;show cli level"), "\n> admin\n\n> ");
  EXPECT_EQ(Say("get weight app/s1;get weight app/s2"),
            "10 (initial 10)\n\n> 20 (initial 20)\n\n> ");
  EXPECT_THAT(Say(";show cli level"), StartsWith("Unknown command. Please enter "));
  EXPECT_THAT(Say("show cli level;"), HasSubstr("admin\n\n> Unknown command. Please enter "));
}

TEST_F(DialogueTest, QuitEndsAtOnce) {
  EXPECT_EQ(Say("prompt"), "\n> ");
  EXPECT_EQ(Say("show cli level; quit; show cli level"), "admin\n\n> ");
  EXPECT_TRUE(dialogue_->wants_end());
  EXPECT_FALSE(dialogue_->stays_open());
}

TEST_F(DialogueTest, ALevelThatWasGivenUpIsGone) {
  EXPECT_EQ(Say("operator;show cli level;set weight app/s1 1"),
            "\noperator\n\nPermission denied\n\n");
  EXPECT_EQ(Say("user;operator"), "\nPermission denied\n\n");
}

TEST_F(DialogueTest, APayloadIsReadAndRefused) {
  EXPECT_EQ(Say("set server app/s1 state <<"), "");
  EXPECT_TRUE(dialogue_->stays_open());
  EXPECT_EQ(Say("ready"), "");
  EXPECT_EQ(Say(""), "This command takes no payload.\n\n");
  EXPECT_FALSE(dialogue_->stays_open());
  EXPECT_EQ(Say("prompt"), "\n> ");
  EXPECT_EQ(Say("set server app/s1 state <<"), "+ ");
  EXPECT_EQ(Say("ready"), "+ ");
  EXPECT_EQ(Say(""), "This command takes no payload.\n\n> ");
  EXPECT_TRUE(backend_.log.empty());
}

TEST_F(DialogueTest, APayloadGoesToTheLastCommandOfItsLine) {
  EXPECT_EQ(Say("show cli level; set ssl cert site.pem <<"), "");
  EXPECT_EQ(Say("one"), "");
  EXPECT_EQ(Say("two"), "");
  EXPECT_EQ(Say(""), "admin\n\nTransaction created for certificate site.pem!\n\n");
  EXPECT_THAT(backend_.log, ElementsAre("set site.pem: one\ntwo\n"));
}

TEST_F(DialogueTest, APayloadWithoutBoundsEndsTheConversation) {
  Say("set ssl cert site.pem <<");
  const std::string line(Dialogue::kMaxPayload / 2, 'x');
  EXPECT_EQ(Say(line), "");
  EXPECT_EQ(Say(line), "The payload is too large.\n\n");
  EXPECT_TRUE(dialogue_->wants_end());
  EXPECT_TRUE(backend_.log.empty());
}

TEST_F(DialogueTest, CommandsOfALineWaitForTheOnesBefore) {
  backend_.holds_answers = true;
  EXPECT_EQ(Say("disable server app/s1; enable server app/s2; show cli level"), "(no reply)");
  EXPECT_THAT(backend_.log, ElementsAre("set app/s1 state maint"));
  backend_.AnswerAll();
  EXPECT_THAT(backend_.log, ElementsAre("set app/s1 state maint", "set app/s2 state ready"));
  EXPECT_FALSE(reply_.has_value());
  backend_.AnswerAll();
  EXPECT_EQ(reply_, "\n\nadmin\n\n");
}

TEST_F(DialogueTest, ACommandOutlivesItsConnection) {
  backend_.holds_answers = true;
  EXPECT_EQ(Say("disable server app/s1; enable server app/s2"), "(no reply)");
  dialogue_.reset();
  backend_.AnswerAll();
  backend_.AnswerAll();
  EXPECT_THAT(backend_.log, ElementsAre("set app/s1 state maint", "set app/s2 state ready"));
  EXPECT_EQ(reply_, "\n\n");
}

TEST_F(DialogueTest, ALongLineOfCommandsNeedsNoStack) {
  std::string line = "show cli level";
  for (int i = 0; i < 20'000; ++i) line += ";show cli level";
  EXPECT_EQ(Say(line).size(), 20'001u * 7);
}

TEST(SplitCommands, ABackslashKeepsASemicolon) {
  EXPECT_THAT(SplitCommands("a;b"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitCommands("a\\;b;"), ElementsAre("a\\;b", ""));
  EXPECT_THAT(SplitCommands(""), ElementsAre(""));
}

}  // namespace
}  // namespace lb::service
