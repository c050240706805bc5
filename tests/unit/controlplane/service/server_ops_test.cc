#include "controlplane/service/server_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class ServerOpsTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        Start("web: s1=10.0.0.1:80 s2=10.0.0.2:80 off=10.0.0.3:80 plain=10.0.0.4:80\n").ok());
    node_ = std::make_unique<LocalNode>(controller_.get(), "a");
    node_->Join();
    ASSERT_TRUE(TurnUntil([&] { return node_->serving == 1; }));
    Pass(s1_);
    Pass(s2_);
  }
  void Restart() {
    Stop();
    ASSERT_TRUE(Start("").ok());
  }
  absl::StatusOr<v1::SetServerReply> SetWeight(const std::string& weight) {
    v1::SetServerRequest request;
    request.set_backend("web");
    request.set_server("s1");
    request.set_weight(weight);
    return Set(request);
  }
  absl::StatusOr<v1::SetServerReply> SetAddress(const std::string& ip, uint32_t port) {
    v1::SetServerRequest request;
    request.set_backend("web");
    request.set_server("s1");
    request.mutable_address()->set_address(ip);
    request.mutable_address()->set_port(port);
    return Set(request);
  }

  std::unique_ptr<LocalNode> node_;
  const ServerId off_ = ServerIdOf("web", "off");
};

TEST_F(ServerOpsTest, MaintIsInUseOnEveryNodeWhenTheReplyComes) {
  auto reply = SetState("web", "s1", "maint");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_MAINT);
  ASSERT_EQ(reply->nodes_size(), 1);
  EXPECT_EQ(reply->nodes(0).stage(), "applied");
  EXPECT_THAT(log_->lines, Contains(HasSubstr("Server web/s1 is going DOWN for maintenance.")));
  EXPECT_THAT(EventTexts("web/s1"), Contains("set state maint"));
}

TEST_F(ServerOpsTest, OrdersOutliveRestartsAndPushes) {
  ASSERT_TRUE(SetState("web", "s1", "maint").ok());
  ASSERT_TRUE(SetWeight("50%").ok());
  ASSERT_TRUE(Apply("web: s1=10.0.0.1:80 s4=10.0.0.5:80\n").ok());
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_MAINT);
  Restart();
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_MAINT);
  EXPECT_EQ(StateOf(s1_).weight(), 5u);
  EXPECT_TRUE(StateOf(s1_).set_by_operator());
  ASSERT_TRUE(SetState("web", "s1", "ready").ok());
  Restart();
  EXPECT_NE(StateOf(s1_).status(), v1::SERVER_MAINT);
}

TEST_F(ServerOpsTest, ReadyBringsBackAServerThatTheFileDisables) {
  EXPECT_EQ(StateOf(off_).status(), v1::SERVER_MAINT);
  ASSERT_TRUE(SetState("web", "off", "ready").ok());
  EXPECT_NE(StateOf(off_).status(), v1::SERVER_MAINT);
  Restart();
  EXPECT_NE(StateOf(off_).status(), v1::SERVER_MAINT);
}

TEST_F(ServerOpsTest, DrainTakesNoNewSessions) {
  ASSERT_TRUE(SetState("web", "s1", "drain").ok());
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_DRAIN);
}

TEST_F(ServerOpsTest, WeightsAreAbsoluteOrRelative) {
  struct Row {
    const char* text;
    uint32_t weight;
  };
  for (const Row& row : {Row{"0", 0}, Row{"256", 256}, Row{"50%", 5}, Row{"100%", 10}}) {
    ASSERT_TRUE(SetWeight(row.text).ok()) << row.text;
    EXPECT_EQ(node_->states[s1_].weight(), row.weight) << row.text;
  }
  EXPECT_FALSE(node_->states[s1_].set_by_operator()) << "100% lifts the order";
  for (const char* bad : {"257", "", "x", "-1", "5x", "9999%"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SetWeight(bad).status())) << bad;
  }
}

TEST_F(ServerOpsTest, AnAddressMovesSessionsAndChecks) {
  ASSERT_TRUE(SetAddress("10.0.0.77", 0).ok());
  EXPECT_EQ(node_->states[s1_].address(), "10.0.0.77:80");
  EXPECT_EQ(checker_->targets[0].check.address(), "10.0.0.77:80");
  ASSERT_TRUE(SetAddress("10.0.0.77", 81).ok());
  EXPECT_EQ(node_->states[s1_].address(), "10.0.0.77:81");
  ASSERT_TRUE(SetAddress("10.0.0.1", 80).ok());
  EXPECT_EQ(node_->states[s1_].address(), "") << "the configured address lifts the order";
  EXPECT_TRUE(absl::IsInvalidArgument(SetAddress("not-an-ip", 80).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SetAddress("10.0.0.1", 65536).status()));
}

TEST_F(ServerOpsTest, MaxconnIsAnOrderToo) {
  auto reply = Await<v1::SetServerReply>(
      [&](auto done) { controller_->servers().SetMaxconn("web", "s1", 7, {}, done); });
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(node_->states[s1_].has_maxconn());
  EXPECT_EQ(node_->states[s1_].maxconn(), 7u);
}

TEST_F(ServerOpsTest, HealthIsForcedUntilTheNextVerdict) {
  v1::SetServerRequest request;
  request.set_backend("web");
  request.set_server("s1");
  request.set_health("down");
  ASSERT_TRUE(Set(request).ok());
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_DOWN);
  request.set_health("sideways");
  EXPECT_TRUE(absl::IsInvalidArgument(Set(request).status()));
  request.set_server("plain");  // not checked: forced all the same, as HAProxy does
  request.set_health("down");
  EXPECT_TRUE(Set(request).ok());
}

TEST_F(ServerOpsTest, UnknownNamesAndStatesChangeNothing) {
  EXPECT_EQ(SetState("nope", "s1", "maint").status(), absl::NotFoundError("No such backend."));
  EXPECT_EQ(SetState("web", "nope", "maint").status(), absl::NotFoundError("No such server."));
  EXPECT_TRUE(absl::IsInvalidArgument(SetState("web", "s1", "asleep").status()));
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_UP);
}

TEST_F(ServerOpsTest, ANodeThatDoesNotAnswerLags) {
  node_->is_silent = true;
  std::optional<absl::StatusOr<v1::SetServerReply>> reply;
  v1::SetServerRequest request;
  request.set_backend("web");
  request.set_server("s1");
  request.set_state("maint");
  controller_->servers().SetServer(request, [&](auto r) { reply = std::move(r); });
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_FALSE(reply.has_value());
  clock_.Advance(Millis(1001));
  ASSERT_TRUE(TurnUntil([&] { return reply.has_value(); }));
  ASSERT_TRUE(reply->ok());
  EXPECT_EQ((*reply)->nodes(0).stage(), "lagging");
}

TEST_F(ServerOpsTest, ShutsDownSessionsOnEveryNode) {
  LocalNode b(controller_.get(), "b");
  b.Join();
  ASSERT_TRUE(TurnUntil([&] { return b.serving == 1; }));
  v1::ShutdownServerSessionsRequest request;
  request.set_backend("web");
  request.set_server("s1");
  auto reply = Await<v1::ShutdownServerSessionsReply>(
      [&](auto done) { controller_->servers().ShutdownSessions(request, done); });
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->closed(), 6u);
}

TEST_F(ServerOpsTest, ListsSessionsWithTheirNodes) {
  auto reply =
      Await<v1::ListSessionsReply>([&](auto done) { controller_->servers().ListSessions(done); });
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->sessions_size(), 1);
  EXPECT_EQ(reply->sessions(0).node(), "a");
}

TEST_F(ServerOpsTest, ClearsTheCountersOfNodesAndChecks) {
  Fail(s1_);
  EXPECT_GT(StateOf(s1_).failed_checks(), 0u);
  node_->counters.mutable_process()->set_pid(5);
  v1::ClearCountersRequest request;
  request.set_all(true);
  ASSERT_TRUE(Await<v1::ClearCountersReply>([&](auto done) {
                controller_->servers().ClearCounters(request, done);
              }).ok());
  EXPECT_EQ(node_->counters.process().pid(), 0u);
  EXPECT_EQ(StateOf(s1_).failed_checks(), 0u);
}

}  // namespace
}  // namespace lb::service
