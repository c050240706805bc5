#include "controlplane/service/runtime/dumps.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/controlplane/service/runtime/fake_backend.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kNow = 1'700'000'000'000;

class DumpsTest : public ::testing::Test {
 protected:
  RuntimeView View() {
    RuntimeView view;
    backend_.GetView(RuntimeBackend::Needs::kCounters, [&view](RuntimeView got) { view = got; });
    return view;
  }
  // The line of one server in `show servers state`.
  std::string StateLine(const std::string& server) {
    const std::string text = DumpServersState(View(), "", kNow);
    const size_t name = text.find(" " + server + " ");
    const size_t begin = text.rfind('\n', name) + 1;
    return text.substr(begin, text.find('\n', name) - begin);
  }
  // "name/server" of each row of a statistics CSV.
  std::vector<std::string> StatNames(const std::vector<std::string>& arguments) {
    std::string error;
    const std::string text = DumpStat(View(), arguments, kNow, &error);
    std::vector<std::string> names;
    for (size_t at = text.find('\n') + 1; at < text.size(); at = text.find('\n', at) + 1) {
      const size_t comma = text.find(',', at);
      names.push_back(text.substr(at, comma - at) + "/" +
                      text.substr(comma + 1, text.find(',', comma + 1) - comma - 1));
    }
    return names;
  }

  FakeBackend backend_;
};

// The columns after the name: address, operational state, administrative state, weights, age,
// check status, result, health and state, and the rest.
TEST_F(DumpsTest, ServersStateHasHaproxysNumbers) {
  backend_.State("app", "s2").set_last_change_unix_ms(kNow - 5'000);
  EXPECT_EQ(StateLine("s1"), "3 app 1 s1 127.0.0.1 2 0 10 10 0 1 0 2 0 0 0 0 - 16101 - 0 0 - - 0");
  EXPECT_EQ(StateLine("s2"), "3 app 2 s2 127.0.0.1 2 0 20 20 5 6 3 4 6 0 0 0 - 16102 - 0 0 - - 0");
  EXPECT_EQ(StateLine("s3"), "3 app 3 s3 127.0.0.1 0 0 1 1 0 8 2 0 6 0 0 0 - 16103 - 0 0 - - 0");
  backend_.State("app", "s2").set_status(v1::SERVER_MAINT);
  EXPECT_EQ(StateLine("s2"), "3 app 2 s2 127.0.0.1 0 1 20 20 5 6 3 0 14 0 0 0 - 16102 - 0 0 - - 0");
  backend_.State("app", "s2").set_status(v1::SERVER_DRAIN);
  EXPECT_EQ(StateLine("s2"), "3 app 2 s2 127.0.0.1 2 8 20 20 5 6 3 4 6 0 0 0 - 16102 - 0 0 - - 0");
  backend_.State("app", "s2").set_address("10.0.0.9:99");
  EXPECT_THAT(StateLine("s2"), StartsWith("3 app 2 s2 10.0.0.9 2 8 "));
}

TEST_F(DumpsTest, ServersStateOfABackendWithoutServersHasOnlyTheHeader) {
  const std::string text = DumpServersState(View(), "empty", kNow);
  EXPECT_THAT(text, StartsWith("1\n# be_id be_name srv_id srv_name srv_addr "));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(DumpsTest, ServersConnShowsThePools) {
  v1::BackendCounters* c = backend_.counters.add_servers();
  c->set_id(ServerIdOf("app", "s1"));
  c->set_used_connections(2);
  c->set_max_sessions(9);
  c->set_idle_connections(4);
  EXPECT_THAT(DumpServersConn(View(), "app"),
              HasSubstr("\napp/s1 3/1 127.0.0.1 16101 - 5000 2 9 2 0 4 -1 4 4\n"));
}

TEST_F(DumpsTest, SessionsAreLinesOfNamedFields) {
  v1::SessionEntry session;
  session.set_id(0xabc);
  session.set_protocol("tcpv4");
  session.set_client("10.0.0.9:5");
  session.set_frontend("web");
  session.set_age_ms(61'000);
  EXPECT_THAT(DumpSessions({session}),
              StartsWith("0xabc: proto=tcpv4 src=10.0.0.9:5 fe=web be=<NONE> srv=<none> ts="));
  EXPECT_THAT(DumpSessions({session}), HasSubstr(" age=1m1s "));
}

TEST_F(DumpsTest, StatCanBeCutByProxyTypeServerAndState) {
  EXPECT_THAT(StatNames({}), ElementsAre("web/FRONTEND", "app/s1", "app/s2", "app/s3",
                                         "app/BACKEND", "empty/BACKEND"));
  EXPECT_THAT(StatNames({"-1", "1", "-1"}), ElementsAre("web/FRONTEND"));
  EXPECT_THAT(StatNames({"app", "4", "-1"}), ElementsAre("app/s1", "app/s2", "app/s3"));
  EXPECT_THAT(StatNames({"3", "6", "2"}), ElementsAre("app/s2"));
  EXPECT_THAT(StatNames({"app", "4", "-1", "up"}), ElementsAre("app/s1", "app/s2"));
  EXPECT_EQ(StatNames({"app", "4"}).size(), 6u) << "two numbers count as none";
  backend_.State("app", "s1").set_status_text("MAINT");
  EXPECT_THAT(StatNames({"app", "4", "-1", "no-maint"}), ElementsAre("app/s2", "app/s3"));
}

TEST_F(DumpsTest, StatOfAnUnknownProxyIsAnError) {
  std::string error;
  EXPECT_EQ(DumpStat(View(), {"nope", "4", "-1"}, kNow, &error), "");
  EXPECT_EQ(error, "No such proxy.\n");
}

TEST_F(DumpsTest, StatHasTypedAndJsonForms) {
  std::string error;
  EXPECT_THAT(DumpStat(View(), {"typed"}, kNow, &error),
              StartsWith("F.2.0.0.pxname.1:KNS:str:web"));
  EXPECT_THAT(DumpStat(View(), {"json"}, kNow, &error), StartsWith("[[{\"objType\":\"Frontend\""));
}

}  // namespace
}  // namespace lb::service
