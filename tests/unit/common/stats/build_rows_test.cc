#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/stats/row.h"
#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Names(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    names.push_back(absl::StrCat(row.ToString(Field::kPxname), "/", row.ToString(Field::kSvname)));
  }
  return names;
}

TEST(BuildRows, FollowsTheOrderOfTheFileAndJoinsListenSections) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  v1::Backend* back = f.AddBackend("stats", 1, v1::PROXY_MODE_HTTP);
  back->mutable_common()->set_is_listen(true);
  v1::Frontend* front = f.snapshot.add_frontends();
  *front->mutable_common() = back->common();
  EXPECT_THAT(Names(f.Rows()), ElementsAre("stats/FRONTEND", "stats/BACKEND", "front/FRONTEND",
                                           "pool/s1", "pool/BACKEND"));
}

TEST(BuildRows, KeepsProxiesWithoutNumbersApart) {
  v1::Snapshot snapshot;
  snapshot.add_backends()->mutable_common()->set_name("a");
  snapshot.add_backends()->mutable_common()->set_name("b");
  EXPECT_THAT(Names(BuildRows(snapshot, {}, {}, kNow)), ElementsAre("a/BACKEND", "b/BACKEND"));
}

TEST(BuildRows, ShowsAServersCountersStateAndCheck) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP", 10)->set_maxconn(50);
  v1::BackendCounters* c = f.Count("s1");
  c->set_sessions(9);
  c->set_chosen(8);
  c->set_response_time_ms(12);
  c->set_last_session_unix_ms(kNow - 2'500);
  f.State("s1").set_failed_checks(4);
  f.State("s1").set_address("10.0.0.7:81");
  const Row row = f.Get("pool", "s1");
  EXPECT_EQ(row.text(Field::kStatus), "UP");
  EXPECT_EQ(row.number(Field::kStot), 9);
  EXPECT_EQ(row.number(Field::kLbtot), 8);
  EXPECT_EQ(row.number(Field::kRtime), 12);
  EXPECT_EQ(row.number(Field::kLastsess), 2);
  EXPECT_EQ(row.number(Field::kSlim), 50);
  EXPECT_EQ(row.number(Field::kWeight), 10);
  EXPECT_EQ(row.number(Field::kLastchg), 3);
  EXPECT_EQ(row.number(Field::kChkfail), 4);
  EXPECT_EQ(row.text(Field::kCheckStatus), "L7OK");
  EXPECT_EQ(row.number(Field::kCheckCode), 200);
  EXPECT_EQ(row.text(Field::kCheckDesc), "Layer7 check passed");
  EXPECT_EQ(row.text(Field::kAddr), "10.0.0.7:81");
}

TEST(BuildRows, AServerThatIsNotCheckedHasNoCheckFields) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_NO_CHECK, "no check");
  const Row row = f.Get("pool", "s1");
  EXPECT_EQ(row.text(Field::kStatus), "no check");
  for (Field field : {Field::kChkfail, Field::kChkdown, Field::kDowntime, Field::kCheckStatus,
                      Field::kCheckRise, Field::kSlim}) {
    EXPECT_FALSE(row.has(field)) << FactsOf(field).name;
  }
  EXPECT_EQ(row.number(Field::kLastsess), -1);
}

TEST(BuildRows, AServerInMaintenanceKeepsItsCountsButNotItsLastCheck) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_MAINT, "MAINT");
  f.State("s1").set_downtime_seconds(5);
  const Row row = f.Get("pool", "s1");
  EXPECT_FALSE(row.has(Field::kCheckStatus));
  EXPECT_TRUE(row.has(Field::kChkfail));
  EXPECT_EQ(row.number(Field::kDowntime), 8) << "5 before and 3 in this spell";
}

TEST(BuildRows, AServerWithoutAStateIsShownAsConfigured) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP")->set_disabled(true);
  f.states.clear();
  const Row row = f.Get("pool", "s1");
  EXPECT_EQ(row.text(Field::kStatus), "MAINT");
  EXPECT_EQ(row.number(Field::kLastchg), 60) << "since the process started";
}

TEST(BuildRows, AModeTcpServerHasNoHttpFields) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  EXPECT_TRUE(f.Get("pool", "s1").has(Field::kHrsp2xx));
  f.snapshot.mutable_backends(0)->mutable_common()->set_mode(v1::PROXY_MODE_TCP);
  const Row row = f.Get("pool", "s1");
  EXPECT_FALSE(row.has(Field::kHrsp2xx));
  EXPECT_FALSE(row.has(Field::kReqTot));
  EXPECT_EQ(row.text(Field::kMode), "tcp");
}

TEST(BuildRows, ABackendCountsItsUsableServers) {
  struct Case {
    std::string name;
    v1::ServerStatus status;
    uint32_t weight;
    std::string backend_status;
    int64_t active, backups, total_weight;
  };
  // In addition to an unchecked backup server of weight 5.
  const std::vector<Case> cases = {
      {"up", v1::SERVER_UP, 10, "UP", 1, 1, 10},
      {"down", v1::SERVER_DOWN, 10, "UP", 0, 1, 5},
      {"drained", v1::SERVER_DRAIN, 10, "UP", 0, 1, 5},
      {"up without weight", v1::SERVER_UP, 0, "UP", 0, 1, 5},
      {"pending", v1::SERVER_PENDING, 10, "UP", 0, 1, 5},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    f.AddServer("s1", c.status, "x", c.weight);
    f.AddServer("b1", v1::SERVER_NO_CHECK, "no check", 5)->set_backup(true);
    const Row row = f.Get("pool", "BACKEND");
    EXPECT_EQ(row.text(Field::kStatus), c.backend_status);
    EXPECT_EQ(row.number(Field::kAct), c.active);
    EXPECT_EQ(row.number(Field::kBck), c.backups);
    EXPECT_EQ(row.number(Field::kWeight), c.total_weight);
  }
}

TEST(BuildRows, ABackendIsDownWithoutUsableServersAndUpWithoutAny) {
  Fixture f;
  EXPECT_EQ(f.Get("pool", "BACKEND").text(Field::kStatus), "UP");
  f.AddServer("s1", v1::SERVER_DOWN, "DOWN");
  EXPECT_EQ(f.Get("pool", "BACKEND").text(Field::kStatus), "DOWN");
  EXPECT_EQ(f.Get("pool", "BACKEND").number(Field::kLastchg), 3);
}

TEST(BuildRows, ABackendShowsWhatWasSeenOfItAsAWhole) {
  Fixture f;
  EXPECT_FALSE(f.Get("pool", "BACKEND").has(Field::kChkdown));
  f.AddServer("s1", v1::SERVER_UP, "UP");
  BackendHealthMap health;
  health[BackendIdOf("pool")] = {4, kNow - 9'000, 77};
  for (const Row& row : BuildRows(f.snapshot, f.counters, f.states, kNow, health)) {
    if (row.kind() != RowKind::kBackend) continue;
    EXPECT_EQ(row.number(Field::kChkdown), 4);
    EXPECT_EQ(row.number(Field::kLastchg), 9);
    EXPECT_EQ(row.number(Field::kDowntime), 77);
  }
}

TEST(BuildRows, FullconnIsATenthOfWhatLeadsToTheBackendUnlessSet) {
  Fixture f;
  EXPECT_EQ(f.Get("pool", "BACKEND").number(Field::kSlim), 10);
  v1::Frontend* second = f.snapshot.add_frontends();
  second->mutable_common()->set_name("second");
  second->mutable_common()->set_proxy_number(9);
  second->add_use_backend()->set_backend("pool");
  EXPECT_EQ(f.Get("pool", "BACKEND").number(Field::kSlim), 410) << "4000 of the process";
  f.snapshot.mutable_backends(0)->set_fullconn(77);
  EXPECT_EQ(f.Get("pool", "BACKEND").number(Field::kSlim), 77);
}

}  // namespace
}  // namespace lb::stats
