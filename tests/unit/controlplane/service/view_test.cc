#include "controlplane/service/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::HasSubstr;

class ViewTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Start(kWeb).ok());
    for (LocalNode* node : {&a(), &b()}) {
      v1::BackendCounters* counters = node->counters.add_servers();
      counters->set_id(s1_);
      counters->set_sessions(10);
      counters->set_current_sessions(2);
      node->Join();
    }
    ASSERT_TRUE(TurnUntil([&] { return a().serving == 1 && b().serving == 1; }));
  }
  LocalNode& a() { return Made(&a_, "a"); }
  LocalNode& b() { return Made(&b_, "b"); }
  LocalNode& Made(std::unique_ptr<LocalNode>* node, const char* name) {
    if (*node == nullptr) *node = std::make_unique<LocalNode>(controller_.get(), name);
    return **node;
  }
  absl::StatusOr<v1::Counters> Counters(const std::optional<std::string>& node) {
    return Await<v1::Counters>([&](auto done) { controller_->view().Counters(node, done); });
  }

 private:
  std::unique_ptr<LocalNode> a_, b_;
};

TEST_F(ViewTest, CountersAreTheSumOfAllNodesOrThoseOfOne) {
  EXPECT_EQ(Counters(std::nullopt)->servers(0).sessions(), 20u);
  EXPECT_EQ(Counters("b")->servers(0).sessions(), 10u);
  EXPECT_TRUE(absl::IsNotFound(Counters("c").status()));
}

TEST_F(ViewTest, ASilentNodeCountsWithItsLastReport) {
  ASSERT_TRUE(Counters(std::nullopt).ok());
  b().is_silent = true;
  std::optional<absl::StatusOr<v1::Counters>> counters;
  controller_->view().Counters(std::nullopt, [&](auto c) { counters = std::move(c); });
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_FALSE(counters.has_value());
  After(Millis(251));
  ASSERT_TRUE(counters.has_value());
  EXPECT_EQ((*counters)->servers(0).sessions(), 20u);
}

TEST_F(ViewTest, ListsServersWithStateSessionsAndOrders) {
  ASSERT_TRUE(SetState("web", "s1", "maint").ok());
  auto reply =
      Await<v1::ListServersReply>([&](auto done) { controller_->view().Servers({}, done); });
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->servers_size(), 2);
  EXPECT_EQ(reply->servers(0).server(), "s1");
  EXPECT_EQ(reply->servers(0).address(), "10.0.0.1:80");
  EXPECT_EQ(reply->servers(0).current_sessions(), 4u);
  EXPECT_EQ(reply->servers(0).state().status(), v1::SERVER_MAINT);
  EXPECT_THAT(reply->servers(0).operator_override(), HasSubstr("maint by root since"));
  EXPECT_EQ(reply->servers(1).operator_override(), "");
  v1::ListServersRequest request;
  request.set_backend("nope");
  reply =
      Await<v1::ListServersReply>([&](auto done) { controller_->view().Servers(request, done); });
  EXPECT_EQ(reply.status(), absl::NotFoundError("No such backend."));
}

TEST_F(ViewTest, ListsNodesConnectedAndLost) {
  b().Vanish();
  v1::ListNodesReply nodes = controller_->view().Nodes();
  ASSERT_EQ(nodes.nodes_size(), 2);
  EXPECT_EQ(nodes.revision(), 1u);
  EXPECT_TRUE(nodes.nodes(0).is_connected());
  EXPECT_EQ(nodes.nodes(0).stage(), "serving");
  EXPECT_EQ(nodes.nodes(0).revision(), 1u);
  EXPECT_FALSE(nodes.nodes(1).is_connected());
  EXPECT_EQ(nodes.nodes(1).stage(), "lost");
}

TEST_F(ViewTest, RemembersLostNodesOverARestart) {
  ASSERT_TRUE(TurnUntil([&] { return EventTexts("b").size() >= 2; }));
  Stop();
  ASSERT_TRUE(Start(kWeb).ok());
  v1::ListNodesReply nodes = controller_->view().Nodes();
  ASSERT_EQ(nodes.nodes_size(), 2);
  EXPECT_FALSE(nodes.nodes(1).is_connected());
  EXPECT_EQ(nodes.nodes(1).node(), "b");
}

TEST_F(ViewTest, ShowsStatisticsAsCsv) {
  auto reply = Await<v1::GetStatReply>([&](auto done) { controller_->view().Stat({}, done); });
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(reply->csv(), HasSubstr("# pxname,svname,"));
  EXPECT_THAT(reply->csv(), HasSubstr("web,s1,"));
}

TEST_F(ViewTest, ShowsInfo) {
  auto reply = Await<v1::GetInfoReply>([&](auto done) { controller_->view().Info({}, done); });
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(reply->text(), HasSubstr("Version: 1.0\n"));
}

TEST_F(ViewTest, WatchersHearOfEventsOnceTheyAreStored) {
  std::vector<std::string> heard;
  const uint64_t watcher = controller_->history().Watch(
      [&](const v1::Event& event) { heard.push_back(event.kind() + " " + event.text()); });
  ASSERT_TRUE(SetState("web", "s1", "drain").ok());
  EXPECT_THAT(heard, ::testing::Contains("command set state drain"));
  controller_->history().Unwatch(watcher);
  const size_t before = heard.size();
  ASSERT_TRUE(SetState("web", "s1", "ready").ok());
  EXPECT_EQ(heard.size(), before);
}

}  // namespace
}  // namespace lb::service
