#include "controlplane/service/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ControllerTest : public ControllerFixture {};

TEST_F(ControllerTest, SaysWhatItIs) {
  ASSERT_TRUE(Start(kWeb).ok());
  const v1::GetVersionReply version = controller_->Version();
  EXPECT_EQ(version.version(), "1.0");
  EXPECT_EQ(version.program(), "lbcontrold");
  EXPECT_EQ(version.state_dir(), directory_);
  EXPECT_EQ(version.pid(), static_cast<uint32_t>(getpid()));
}

TEST_F(ControllerTest, TheHistoryTellsOfNodes) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode node(controller_.get(), "a");
  node.Join();
  ASSERT_TRUE(TurnUntil([&] { return node.serving == 1; }));
  node.Vanish();
  EXPECT_THAT(EventTexts("a"),
              ElementsAre("joined with revision 0", "serves revision 1", "lost: connection lost"));
}

TEST_F(ControllerTest, TellsWhoServesAndWhoRefuses) {
  ASSERT_TRUE(Start(kWeb).ok());
  std::vector<std::string> told;
  controller_->SetServingObserver(
      [&](const std::string& node) { told.push_back(node + " serves"); });
  controller_->SetRefusalObserver(
      [&](const std::string& node, const std::string& why) { told.push_back(node + ": " + why); });
  LocalNode node(controller_.get(), "a");
  node.nack = "Address already in use";
  node.Join();
  ASSERT_TRUE(TurnUntil([&] { return !told.empty(); }));
  After(Millis(5001));
  ASSERT_TRUE(TurnUntil([&] { return told.size() == 2; }));
  EXPECT_THAT(told, ElementsAre("a: frontend www, bind *:80: Address already in use", "a serves"));
}

TEST_F(ControllerTest, AStartThatIsRefusedIsNotTheCurrentRevisionLater) {
  ASSERT_TRUE(Start(kWeb).ok());
  Stop();
  ASSERT_TRUE(Start("web: s9=10.0.0.9:80\n").ok());
  controller_->revisions().RefuseStart("frontend www, bind *:80: Address already in use");
  Stop();
  ASSERT_TRUE(Start("").ok());
  EXPECT_EQ(controller_->revisions().serving()->revision, 1u);
}

TEST_F(ControllerTest, ALateJoinerGetsTheStatesOfNow) {
  ASSERT_TRUE(Start(kWeb).ok());
  Fail(s1_);
  ASSERT_TRUE(SetState("web", "s2", "maint").ok());
  LocalNode node(controller_.get(), "late");
  node.Join();
  ASSERT_TRUE(TurnUntil([&] { return node.serving == 1; }));
  EXPECT_EQ(node.StatusOf(s1_), v1::SERVER_DOWN);
  EXPECT_EQ(node.StatusOf(s2_), v1::SERVER_MAINT);
}

TEST_F(ControllerTest, RemembersThatItStarted) {
  ASSERT_TRUE(Start(kWeb).ok());
  EXPECT_THAT(EventTexts("1"), Contains(HasSubstr("lbcontrold started with revision 1")));
}

}  // namespace
}  // namespace lb::service
