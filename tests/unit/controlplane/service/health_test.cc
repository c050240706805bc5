#include "controlplane/service/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HealthTest : public ControllerFixture {
 protected:
  void StartWithNode(const std::string& text) {
    ASSERT_TRUE(Start(text).ok());
    node_ = std::make_unique<LocalNode>(controller_.get(), "a");
    node_->Join();
    ASSERT_TRUE(TurnUntil([&] { return node_->serving == 1; }));
  }
  std::unique_ptr<LocalNode> node_;
};

TEST_F(HealthTest, AServerGetsNoTrafficBeforeItsFirstVerdict) {
  StartWithNode(kWeb);
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_PENDING);
  Pass(s1_);
  Turn();
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_UP);
  EXPECT_EQ(node_->StatusOf(s2_), v1::SERVER_PENDING);
}

TEST_F(HealthTest, WithoutAVerdictInTimeAServerGetsTraffic) {
  StartWithNode(kWeb);
  After(Millis(2001));
  Turn();
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_UP);
}

TEST_F(HealthTest, AFailingServerIsTakenOutLoggedAndRemembered) {
  StartWithNode(kWeb);
  Pass(s1_);
  Pass(s2_);
  Fail(s1_);
  Turn();
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_DOWN);
  EXPECT_THAT(log_->lines,
              Contains(StartsWith("Server web/s1 is DOWN, reason: Layer4 connection")));
  EXPECT_THAT(log_->lines, Contains(HasSubstr("1 active and 0 backup servers left.")));
  EXPECT_THAT(EventTexts("web/s1"), Contains(StartsWith("Server web/s1 is DOWN")));
}

TEST_F(HealthTest, TheLastServerOfABackendGoneIsAnEmergencyOnce) {
  StartWithNode(kWeb);
  Fail(s1_);
  EXPECT_THAT(log_->lines, Not(Contains("backend web has no server available!")));
  Fail(s2_);
  EXPECT_EQ(
      std::count(log_->lines.begin(), log_->lines.end(), "backend web has no server available!"),
      1);
  EXPECT_EQ(log_->lines.back(), "backend web has no server available!");
}

TEST_F(HealthTest, ALostServersLineTellsOfTheQueue) {
  StartWithNode(kWeb);
  Pass(s1_);
  v1::BackendCounters* server = node_->counters.add_servers();
  server->set_id(s1_);
  server->set_current_sessions(4);
  server->set_current_queue(2);
  v1::BackendCounters* backend = node_->counters.add_backends();
  backend->set_id(BackendIdOf("web"));
  backend->set_current_queue(7);
  ASSERT_TRUE(Await<v1::Counters>([&](auto done) {
                controller_->view().Counters(std::nullopt, done);
              }).ok());
  Fail(s1_);
  EXPECT_THAT(log_->lines,
              Contains(HasSubstr("4 sessions active, 2 requeued, 7 remaining in queue.")));
}

TEST_F(HealthTest, ABackendIsDownWhenItsLastServerIs) {
  StartWithNode(kWeb);
  const auto health = [this] { return controller_->book().BackendHealths()[BackendIdOf("web")]; };
  Pass(s1_);
  Pass(s2_);
  Fail(s1_);
  EXPECT_EQ(health().down_transitions, 0u);
  ASSERT_TRUE(SetState("web", "s2", "maint").ok());
  EXPECT_EQ(health().down_transitions, 1u);
  After(Millis(2000));
  EXPECT_EQ(health().downtime_seconds, 2u);
  ASSERT_TRUE(SetState("web", "s2", "ready").ok());
  After(Millis(5000));
  EXPECT_EQ(health().downtime_seconds, 2u);
  // A push does not forget.
  ASSERT_TRUE(Apply("web: s1=10.0.0.1:80 s2=10.0.0.2:80 s3=10.0.0.3:80\n").ok());
  EXPECT_EQ(health().down_transitions, 1u);
}

TEST_F(HealthTest, WhatIsOnlyShownFollowsAtMostOnceASecond) {
  StartWithNode(kWeb);
  Pass(s1_);
  Turn();
  const uint64_t version = controller_->fleet().states().version();
  for (int i = 0; i < 5; ++i) {
    checker_->Report(s1_,
                     i % 2 == 0 ? checks::CheckStatus::kL4Connection : checks::CheckStatus::kL4Ok);
    Turn();
  }
  EXPECT_EQ(controller_->fleet().states().version(), version);
  After(Millis(1001));
  EXPECT_EQ(controller_->fleet().states().version(), version + 1);
}

TEST_F(HealthTest, AServersStateOutlivesARestart) {
  StartWithNode(kWeb);
  Pass(s1_);
  Fail(s2_);
  Stop();
  ASSERT_TRUE(Start(kWeb).ok());
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_UP);
  EXPECT_EQ(StateOf(s2_).status(), v1::SERVER_DOWN);
}

TEST_F(HealthTest, APushKeepsStatesAndStartsNewServersAnew) {
  StartWithNode(kWeb);
  Pass(s1_);
  Pass(s2_);
  // s2 moves to another address: another server behind the same name.
  auto reply = Apply("web: s1=10.0.0.1:80 s2=10.0.0.9:80 s3=10.0.0.3:80\n");
  ASSERT_TRUE(reply.ok() && reply->applied());
  Turn();
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_UP);
  EXPECT_EQ(node_->StatusOf(s2_), v1::SERVER_PENDING);
  EXPECT_EQ(node_->StatusOf(ServerIdOf("web", "s3")), v1::SERVER_PENDING);
  EXPECT_EQ(checker_->targets.size(), 3u);
}

TEST_F(HealthTest, AServerOutOfServiceIsNotChecked) {
  StartWithNode(kWeb);
  ASSERT_TRUE(SetState("web", "s1", "maint").ok());
  EXPECT_EQ(checker_->paces[s1_], checks::Pace::kPaused);
  ASSERT_TRUE(SetState("web", "s1", "ready").ok());
  EXPECT_NE(checker_->paces[s1_], checks::Pace::kPaused);
}

TEST_F(HealthTest, FailedConnectionsOfADataPlaneAreToldOnceAMinute) {
  StartWithNode("web: plain=10.0.0.1:80\n");
  v1::FromDataPlane report;
  v1::ServerObservation* seen = report.mutable_report()->add_observations();
  seen->set_id(ServerIdOf("web", "plain"));
  seen->set_connect_failures(4);
  seen->set_last_error("Connection refused");
  for (int i = 0; i < 3; ++i) node_->Say(report);
  EXPECT_THAT(EventTexts("web/plain"),
              ElementsAre("data plane 'a' failed to connect 4 times, while it is up: "
                          "Connection refused"));
}

}  // namespace
}  // namespace lb::service
