#include "controlplane/service/runtime_adapter.h"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

class RuntimeAdapterTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Start(kWeb).ok());
    node_ = std::make_unique<LocalNode>(controller_.get(), "a");
    node_->counters.add_servers()->set_id(s1_);
    node_->Join();
    ASSERT_TRUE(TurnUntil([&] { return node_->serving == 1; }));
    adapter_ = std::make_unique<RuntimeAdapter>(controller_.get());
  }
  absl::Status Change(ServerChange::Kind kind, const std::string& value, uint16_t port = 0,
                      const std::string& server = "s1") {
    ServerChange change;
    change.kind = kind;
    change.value = value;
    change.port = port;
    std::optional<absl::Status> answer;
    adapter_->SetServer("web", server, change, {"root", "unix:/s", "runtime socket"},
                        [&](absl::Status status) { answer = status; });
    EXPECT_TRUE(TurnUntil([&] { return answer.has_value(); }));
    return answer.value_or(absl::UnknownError("no answer"));
  }
  RuntimeView View(RuntimeBackend::Needs needs) {
    std::optional<RuntimeView> view;
    adapter_->GetView(needs, [&](RuntimeView v) { view = std::move(v); });
    EXPECT_TRUE(TurnUntil([&] { return view.has_value(); }));
    return *view;
  }

  std::unique_ptr<LocalNode> node_;
  std::unique_ptr<RuntimeAdapter> adapter_;
};

TEST_F(RuntimeAdapterTest, CarriesEveryKindOfChange) {
  using Kind = ServerChange::Kind;
  EXPECT_TRUE(Change(Kind::kState, "maint").ok());
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_MAINT);
  EXPECT_TRUE(Change(Kind::kState, "ready").ok());
  EXPECT_TRUE(Change(Kind::kWeight, "50%").ok());
  EXPECT_EQ(node_->states[s1_].weight(), 5u);
  EXPECT_TRUE(Change(Kind::kAddress, "10.0.0.8", 81).ok());
  EXPECT_EQ(node_->states[s1_].address(), "10.0.0.8:81");
  EXPECT_TRUE(Change(Kind::kHealth, "down").ok());
  EXPECT_EQ(node_->StatusOf(s1_), v1::SERVER_DOWN);
  EXPECT_TRUE(Change(Kind::kMaxconn, "9").ok());
  EXPECT_EQ(node_->states[s1_].maxconn(), 9u);
  EXPECT_EQ(Change(Kind::kState, "maint", 0, "nope"), absl::NotFoundError("No such server."));
}

TEST_F(RuntimeAdapterTest, TheHistoryNamesTheOrigin) {
  ASSERT_TRUE(Change(ServerChange::Kind::kState, "drain").ok());
  const Overrides& overrides = controller_->book().Find(s1_)->overrides;
  EXPECT_EQ(overrides.at(store::OverrideKind::kState).origin, "root@unix:/s, runtime socket");
}

TEST_F(RuntimeAdapterTest, ViewsAreOfOneMomentWithCountersWhenAskedFor) {
  const RuntimeView plain = View(RuntimeBackend::Needs::kConfigAndStates);
  EXPECT_EQ(plain.snapshot->backends_size(), 1);
  EXPECT_TRUE(plain.snapshot->backends(0).servers(0).has_health_check());
  EXPECT_EQ(plain.states.size(), 2u);
  EXPECT_EQ(plain.counters.servers_size(), 0);
  EXPECT_EQ(View(RuntimeBackend::Needs::kCounters).counters.servers_size(), 1);
}

TEST_F(RuntimeAdapterTest, AsksTheFleet) {
  std::optional<size_t> sessions;
  adapter_->ListSessions([&](std::vector<v1::SessionEntry> s) { sessions = s.size(); });
  std::optional<uint64_t> closed;
  adapter_->ShutdownServerSessions("web", "s1", {},
                                   [&](absl::StatusOr<uint64_t> c) { closed = *c; });
  std::optional<absl::Status> unknown, cleared;
  adapter_->ShutdownServerSessions("web", "nope", {},
                                   [&](absl::StatusOr<uint64_t> c) { unknown = c.status(); });
  adapter_->ClearCounters(/*all=*/true, {}, [&](absl::Status s) { cleared = s; });
  ASSERT_TRUE(TurnUntil([&] { return sessions && closed && unknown && cleared; }));
  EXPECT_EQ(*sessions, 1u);
  EXPECT_EQ(*closed, 3u);
  EXPECT_TRUE(absl::IsNotFound(*unknown));
  EXPECT_TRUE(cleared->ok());
}

}  // namespace
}  // namespace lb::service
