// show ...
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using ShowCommands = LbctlTest;

TEST_F(ShowCommands, EveryNounHasATableAndJson) {
  for (const std::string noun : {"config", "info", "stat", "servers", "backends", "sessions",
                                 "nodes", "events", "version"}) {
    SCOPED_TRACE(noun);
    EXPECT_EQ(Lbctl({"show", noun}), kExitOk) << Err();
    EXPECT_NE(Out(), "");
    EXPECT_TRUE(nlohmann::json::parse(Out(), nullptr, false).is_discarded());
    EXPECT_EQ(Lbctl({"show", noun, "--json"}), kExitOk) << Err();
    EXPECT_TRUE(Json().is_object());
  }
  Lbctl({"show", "stat", "--json"});
  EXPECT_EQ(Json()["stat"][1]["svname"], "s1");
  Lbctl({"show", "backends", "--json"});
  EXPECT_EQ(Json()["backends"].size(), 1u);
  Lbctl({"show", "info", "--json"});
  EXPECT_EQ(Json()["Pid"], "5");
  Lbctl({"show", "servers", "--csv"});
  EXPECT_THAT(Out(), HasSubstr("\napp,s1,10.0.0.1:80,MAINT,"));
}

TEST_F(ShowCommands, HistoryAsksForMinutesOfABackendOrServer) {
  EXPECT_EQ(Lbctl({"show", "history", "app/s1", "--since", "15m"}), kExitOk);
  EXPECT_EQ(admin_.get_history.proxy(), "app");
  EXPECT_EQ(admin_.get_history.name(), "s1");
  EXPECT_EQ(admin_.get_history.since_seconds(), 900u);
  EXPECT_THAT(Out(), AllOf(HasSubstr("failed checks"), HasSubstr("321"), HasSubstr("2023-11-1")));
  EXPECT_EQ(Lbctl({"show", "history", "app", "--json"}), kExitOk);
  EXPECT_EQ(admin_.get_history.name(), "");
  EXPECT_EQ(admin_.get_history.since_seconds(), 3600u);
  EXPECT_EQ(Json()["minutes"][0]["requests"], 321);
  EXPECT_EQ(Lbctl({"show", "history", "app", "--since", "soon"}), kExitUsage);
  EXPECT_EQ(Lbctl({"show", "history"}), kExitUsage);
  EXPECT_EQ(Lbctl({"show", "history", "nope"}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("No such backend."));
}

TEST_F(ShowCommands, StatMayBeOfOneNodeAndIsHaproxysOwnCsv) {
  EXPECT_EQ(Lbctl({"show", "stat", "--node", "edge1", "--csv"}), kExitOk) << Err();
  EXPECT_EQ(admin_.get_stat.node(), "edge1");
  EXPECT_THAT(Out(), HasSubstr("# pxname,svname,status,act,\nweb,FRONTEND,OPEN,,\n"));
  EXPECT_EQ(Lbctl({"show", "backends"}), kExitOk) << Err();
  EXPECT_EQ(admin_.get_stat.node(), "");
  EXPECT_THAT(Out(), AllOf(HasSubstr("app"), Not(HasSubstr("web"))));
}

TEST_F(ShowCommands, ACertificateThatDoesNotServeIsAFailure) {
  EXPECT_EQ(Lbctl({"show", "ssl", "cert", "nosuch"}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("no cert 'nosuch' serves"));
  EXPECT_EQ(Out(), "");
}

TEST_F(ShowCommands, ACertificateIsToldToMachinesInParts) {
  ASSERT_EQ(Lbctl({"--json", "show", "ssl", "cert", "site.pem"}), kExitOk) << Err();
  EXPECT_EQ(Json()["filename"], "/certs/site.pem");
  EXPECT_EQ(Json()["status"], "Used");
  const nlohmann::json certificates = Json()["certificates"];
  ASSERT_EQ(certificates.size(), 2u);
  EXPECT_EQ(certificates[0]["subject"], "/CN=a.test");
  EXPECT_EQ(certificates[0]["sha1_fingerprint"], "0A");
  EXPECT_EQ(certificates[0]["subject_alternative_name"],
            nlohmann::json({"DNS:a.test", "DNS:b.test"}));
  EXPECT_EQ(certificates[1]["serial"], "02");
  EXPECT_EQ(certificates[1]["subject"], "/CN=ca: it");
}

TEST_F(ShowCommands, ConfigMayBeOfAnEarlierRevision) {
  EXPECT_EQ(Lbctl({"show", "config", "-r", "5"}), kExitOk) << Err();
  EXPECT_THAT(Out(), AllOf(HasSubstr("revision 5"), HasSubstr("maxconn 5\n")));
  EXPECT_EQ(Lbctl({"show", "config", "6"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("revision 6"));
  EXPECT_EQ(Lbctl({"show", "config", "-r", "99"}), kExitRefused);
  EXPECT_EQ(Err(), "lbctl: no revision 99\n");
}

TEST_F(ShowCommands, ANodeThatIsBehindSaysOfWhat) {
  EXPECT_EQ(Lbctl({"show", "nodes"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("6 of 7"));
}

TEST_F(ShowCommands, ServersMayBeOfOneBackend) {
  EXPECT_EQ(Lbctl({"show", "servers", "app"}), kExitOk) << Err();
  EXPECT_EQ(admin_.list_servers.backend(), "app");
  EXPECT_THAT(Out(), AllOf(HasSubstr("10.0.0.1:80"), HasSubstr("maint by root@host")));
}

TEST_F(ShowCommands, EventsTakeAServerAndALimit) {
  EXPECT_EQ(Lbctl({"show", "events", "app/s1", "-n", "3"}), kExitOk) << Err();
  EXPECT_EQ(admin_.list_events.server(), "app/s1");
  EXPECT_EQ(admin_.list_events.limit(), 3u);
  EXPECT_THAT(Out(), HasSubstr("is DOWN"));
}

}  // namespace
}  // namespace lb::cli
