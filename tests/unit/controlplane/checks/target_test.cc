#include "controlplane/checks/target.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

v1::Snapshot SnapshotOfOne() {
  v1::Snapshot snapshot;
  v1::Backend* backend = snapshot.add_backends();
  backend->mutable_common()->set_name("b");
  backend->mutable_common()->set_proxy_number(4);
  backend->mutable_common()->set_mode(v1::PROXY_MODE_HTTP);
  backend->add_servers()->set_name("unchecked");
  v1::Server* server = backend->add_servers();
  server->set_name("s");
  server->set_number(2);
  server->set_maxconn(30);
  server->set_address("10.0.0.1:80");
  server->mutable_health_check()->set_inter_ms(1000);
  return snapshot;
}

TEST(TargetsOf, TakesTheServersThatHaveACheck) {
  const std::vector<Target> targets = TargetsOf(SnapshotOfOne());
  ASSERT_EQ(targets.size(), 1u);
  const Target& target = targets[0];
  EXPECT_EQ(target.id, ServerIdOf("b", "s"));
  EXPECT_EQ(target.backend, "b");
  EXPECT_EQ(target.server, "s");
  EXPECT_EQ(target.backend_number, 4u);
  EXPECT_EQ(target.server_number, 2u);
  EXPECT_EQ(target.maxconn, 30u);
  EXPECT_TRUE(target.is_http);
  EXPECT_EQ(target.check.address(), "10.0.0.1:80");
}

TEST(Target, FollowsTheOperatorsAddress) {
  const struct {
    const char* server;
    const char* check;
    const char* now;
    const char* expected;
  } rows[] = {
      {"10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:81", "10.0.0.2:81"},
      {"10.0.0.1:80", "10.0.0.1:77", "10.0.0.2:81", "10.0.0.2:77"},  // "port 77"
      {"10.0.0.1:80", "10.9.9.9:77", "10.0.0.2:81", "10.9.9.9:77"},  // "addr 10.9.9.9 port 77"
      {"unix:/a", "unix:/a", "10.0.0.2:81", "10.0.0.2:81"},
      {"10.0.0.1:80", "10.0.0.1:77", "unix:/a", "10.0.0.1:77"},
  };
  for (const auto& row : rows) {
    Target target;
    target.server_address = row.server;
    target.check.set_address(row.check);
    target.SetAddress(row.now);
    EXPECT_EQ(target.server_address, row.now);
    EXPECT_EQ(target.check.address(), row.expected) << row.check;
  }
}

TEST(Target, TellsIntervalsFromTheCheckItself) {
  const Target target = TargetsOf(SnapshotOfOne())[0];
  Target other = target;
  EXPECT_TRUE(target.ChecksLike(other));
  EXPECT_TRUE(target.HasIntervalsOf(other));
  other.check.set_fastinter_ms(5);
  EXPECT_TRUE(target.ChecksLike(other));
  EXPECT_FALSE(target.HasIntervalsOf(other));
  other.check.set_external_command("/x");
  EXPECT_FALSE(target.ChecksLike(other));
}

TEST(Deadlines, FollowTimeoutCheck) {
  const SteadyTime start{std::chrono::seconds(100)};
  const SteadyTime connected = start + Millis(40);
  const struct {
    uint64_t inter, connect, check;
    Millis connect_by, answer_by;  // from the start
  } rows[] = {
      {1000, 300, 0, Millis(1000), Millis(1000)},    // "inter" for all of it
      {1000, 300, 5000, Millis(300), Millis(5040)},  // the shorter of the two, then "check"
      {200, 300, 5000, Millis(200), Millis(5040)},
      {200, 0, 5000, Millis(200), Millis(5040)},
  };
  for (const auto& row : rows) {
    v1::HealthCheck check;
    check.set_inter_ms(row.inter);
    check.set_connect_timeout_ms(row.connect);
    check.set_check_timeout_ms(row.check);
    EXPECT_EQ(ConnectDeadline(check, start), start + row.connect_by);
    EXPECT_EQ(AnswerDeadline(check, start, connected), start + row.answer_by);
  }
}

}  // namespace
}  // namespace lb::checks
