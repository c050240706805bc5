#include "controlplane/service/server_book.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

std::shared_ptr<const v1::Snapshot> SnapshotOf(const std::string& text) {
  Diagnostics diagnostics;
  return std::make_shared<v1::Snapshot>(FakeCompile({{"f", text}}, &diagnostics)->snapshot);
}

store::Override OverrideOf(store::OverrideKind kind, const std::string& value) {
  store::Override out;
  out.backend = "web";
  out.server = "s1";
  out.kind = kind;
  out.value = value;
  return out;
}

class ServerBookTest : public ::testing::Test {
 protected:
  v1::ServerState StateOf(ServerId id) { return ServerBook::StateOf(*book_.Find(id)); }
  void MakeUp(ServerId id) {
    checks::CheckResult result;
    result.status = checks::CheckStatus::kL4Ok;
    for (int i = 0; i < 3; ++i) book_.Find(id)->machine.OnCheckResult(result);
  }

  FakeClock clock_;
  ServerBook book_{clock_};
  const ServerId s1_ = ServerIdOf("web", "s1");
  const ServerId s2_ = ServerIdOf("web", "s2");
};

TEST_F(ServerBookTest, WeightsAreNumbersOrShares) {
  struct Row {
    const char* text;
    uint32_t configured;
    std::optional<uint32_t> weight;
  };
  for (const Row& row : {Row{"0", 10, 0}, Row{"256", 10, 256}, Row{"257", 10, {}},
                         Row{"50%", 10, 5}, Row{"0%", 10, 0}, Row{"200%", 200, {}}, Row{"", 1, {}},
                         Row{"%", 1, {}}, Row{"1 ", 1, {}}, Row{"99999999999", 1, {}}}) {
    absl::StatusOr<uint32_t> weight = WeightOf(row.text, row.configured);
    ASSERT_EQ(weight.ok(), row.weight.has_value()) << row.text;
    if (weight.ok()) {
      EXPECT_EQ(*weight, *row.weight) << row.text;
    }
  }
}

TEST_F(ServerBookTest, StatesForChangesNothing) {
  book_.Adopt(SnapshotOf(kWeb));
  MakeUp(s1_);
  const auto states = book_.StatesFor(*SnapshotOf("web: s1=10.0.0.9:80 s3=10.0.0.3:80\n"));
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].status(), v1::SERVER_PENDING) << "another address is another server";
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_UP);
  EXPECT_NE(book_.Find(s2_), nullptr);
}

TEST_F(ServerBookTest, AdoptKeepsHealthDropsTheRemovedAndStartsTheNew) {
  book_.Adopt(SnapshotOf(kWeb));
  MakeUp(s1_);
  book_.Adopt(SnapshotOf("web: s1=10.0.0.1:80 s3=10.0.0.3:80\n"));
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_UP);
  EXPECT_EQ(book_.Find(s2_), nullptr);
  EXPECT_EQ(StateOf(ServerIdOf("web", "s3")).status(), v1::SERVER_PENDING);
  EXPECT_EQ(book_.order().size(), 2u);
}

TEST_F(ServerBookTest, AdoptTellsWhatItChanged) {
  book_.Adopt(SnapshotOf(kWeb));
  auto next = std::make_shared<v1::Snapshot>(*book_.snapshot());
  next->mutable_backends(0)->mutable_servers(0)->set_disabled(true);
  const auto changes = book_.Adopt(next);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].second.transition, checks::Transition::kEnterMaint);
  EXPECT_FALSE(changes[1].second.transition.has_value());
}

TEST_F(ServerBookTest, OverridesWaitForTheirServer) {
  book_.Remember({OverrideOf(store::OverrideKind::kState, "maint"),
                  OverrideOf(store::OverrideKind::kWeight, "50%"),
                  OverrideOf(store::OverrideKind::kAddress, "10.0.0.9:81"),
                  OverrideOf(store::OverrideKind::kMaxconn, "7")},
                 {});
  book_.Adopt(SnapshotOf("web: s2=10.0.0.2:80\n"));
  book_.Adopt(SnapshotOf(kWeb));
  const v1::ServerState state = StateOf(s1_);
  EXPECT_EQ(state.status(), v1::SERVER_MAINT);
  EXPECT_EQ(state.weight(), 5u);
  EXPECT_EQ(state.address(), "10.0.0.9:81");
  EXPECT_EQ(state.maxconn(), 7u);
  EXPECT_TRUE(state.set_by_operator());
}

TEST_F(ServerBookTest, ARelativeWeightFollowsTheConfiguredOne) {
  book_.Adopt(SnapshotOf(kWeb));
  book_.SetOverride(book_.Find(s1_), OverrideOf(store::OverrideKind::kWeight, "50%"));
  auto next = std::make_shared<v1::Snapshot>(*book_.snapshot());
  next->mutable_backends(0)->mutable_servers(0)->set_weight(100);
  book_.Adopt(next);
  EXPECT_EQ(StateOf(s1_).weight(), 50u);
  book_.LiftOverride(book_.Find(s1_), store::OverrideKind::kWeight);
  EXPECT_EQ(StateOf(s1_).weight(), 100u);
}

TEST_F(ServerBookTest, RecordsBringHealthBackAndMaintenanceDoesNot) {
  book_.Adopt(SnapshotOf(kWeb));
  MakeUp(s1_);
  book_.SetOverride(book_.Find(s2_), [] {
    store::Override o = OverrideOf(store::OverrideKind::kState, "maint");
    o.server = "s2";
    return o;
  }());
  const std::vector<store::ServerRecord> records = {ServerBook::RecordOf(*book_.Find(s1_)),
                                                    ServerBook::RecordOf(*book_.Find(s2_))};
  ServerBook next(clock_);
  next.Remember({}, records);
  next.Adopt(SnapshotOf(kWeb));
  EXPECT_EQ(next.Find(s1_)->machine.status(), v1::SERVER_UP);
  EXPECT_EQ(next.Find(s2_)->machine.status(), v1::SERVER_PENDING);
}

TEST_F(ServerBookTest, AnOrderIsAsOldAfterARestartAsItIs) {
  for (const char* order : {"drain", "maint"}) {
    ServerBook first(clock_);
    const store::Override override = OverrideOf(store::OverrideKind::kState, order);
    first.Remember({override}, {});
    first.Adopt(SnapshotOf(kWeb));
    const store::ServerRecord record = ServerBook::RecordOf(*first.Find(s1_));
    clock_.Advance(std::chrono::minutes(5));
    ServerBook next(clock_);
    next.Remember({override}, {record});
    next.Adopt(SnapshotOf(kWeb));
    const v1::ServerState state = next.Find(s1_)->machine.ToProto();
    EXPECT_EQ(state.last_change_unix_ms(), record.last_change_unix_ms) << order;
    EXPECT_EQ(state.down_transitions(), record.down_transitions) << order;
    EXPECT_TRUE(state.set_by_operator()) << order;
  }
}

TEST_F(ServerBookTest, CountsUsableServersByRole) {
  book_.Adopt(SnapshotOf("web: plain1=10.0.0.1:80 plain2=10.0.0.2:80 backup1=10.0.0.3:80\n"));
  const v1::Backend& web = book_.snapshot()->backends(0);
  EXPECT_EQ(book_.Usable(web).active, 2u);
  EXPECT_EQ(book_.Usable(web).backup, 1u);
  book_.Find(ServerIdOf("web", "plain1"))->machine.SetAdmin(checks::AdminState::kDrain);
  EXPECT_EQ(book_.Usable(web).active, 1u);
}

}  // namespace
}  // namespace lb::service
