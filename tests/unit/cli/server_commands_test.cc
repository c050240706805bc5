// set, enable, disable, shutdown, clear, why
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using ServerCommands = LbctlTest;

TEST_F(ServerCommands, SetServerSendsWhatWasAsked) {
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "drain"}), kExitOk) << Err();
  EXPECT_EQ(admin_.set_server.backend(), "app");
  EXPECT_EQ(admin_.set_server.server(), "s1");
  EXPECT_EQ(admin_.set_server.state(), "drain");
  EXPECT_EQ(admin_.set_server.origin().program(), "lbctl");
  EXPECT_NE(admin_.set_server.origin().user(), "");
  Lbctl({"set", "server", "app/s1", "weight", "50%"});
  EXPECT_EQ(admin_.set_server.weight(), "50%");
  Lbctl({"set", "server", "app/s1", "addr", "10.0.0.7"});
  EXPECT_EQ(admin_.set_server.address().address(), "10.0.0.7");
  EXPECT_EQ(admin_.set_server.address().port(), 0u);
  Lbctl({"set", "server", "app/s1", "addr", "10.0.0.7", "port", "81"});
  EXPECT_EQ(admin_.set_server.address().port(), 81u);
  Lbctl({"enable", "server", "app/s1"});
  EXPECT_EQ(admin_.set_server.state(), "ready");
  Lbctl({"disable", "server", "app/s1"});
  EXPECT_EQ(admin_.set_server.state(), "maint");
}

TEST_F(ServerCommands, WhyTellsStateCheckOverrideAndHistory) {
  EXPECT_EQ(Lbctl({"why", "app/s1"}), kExitOk) << Err();
  EXPECT_EQ(admin_.list_events.server(), "app/s1");
  EXPECT_THAT(Out(), AllOf(HasSubstr("app/s1 is MAINT"), HasSubstr("maint by root@host"),
                           HasSubstr("L4CON"), HasSubstr("Connection refused"),
                           HasSubstr("is DOWN  (check)")));
  EXPECT_EQ(Lbctl({"why", "app/other"}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("No such server."));
}

TEST_F(ServerCommands, SetTakesOnlyWholeForms) {
  for (const std::vector<std::string>& change :
       std::vector<std::vector<std::string>>{{"state"},
                                             {"state", "maint", "now"},
                                             {"addr"},
                                             {"addr", "10.0.0.7", "port"},
                                             {"addr", "10.0.0.7", "81"},
                                             {"addr", "10.0.0.7", "port", "0"},
                                             {"addr", "10.0.0.7", "port", "8o"},
                                             {"weight"}}) {
    std::vector<std::string> words = {"set", "server", "app/s1"};
    words.insert(words.end(), change.begin(), change.end());
    EXPECT_EQ(Lbctl(words), kExitUsage) << change[0];
  }
  EXPECT_EQ(admin_.set_server.backend(), "");  // nothing was asked
  for (const char* name : {"app", "/s1", "app/"}) {
    EXPECT_EQ(Lbctl({"set", "server", name, "state", "maint"}), kExitUsage) << name;
    EXPECT_EQ(Lbctl({"why", name}), kExitUsage) << name;
    EXPECT_EQ(Lbctl({"shutdown", "sessions", "server", name}), kExitUsage) << name;
  }
}

TEST_F(ServerCommands, HealthIsSetAsACheckWould) {
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "health", "down"}), kExitOk) << Err();
  EXPECT_EQ(admin_.set_server.health(), "down");
}

TEST_F(ServerCommands, ALaggingDataPlaneIsNamedAndGivesItsOwnExitCode) {
  SetNode(&admin_.apply_reply, "lagging");
  *admin_.set_server_reply.add_nodes() = admin_.apply_reply.nodes(0);
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "maint"}), kExitLagging);
  EXPECT_THAT(Err(), HasSubstr("node2"));
  admin_.set_server_reply.mutable_nodes(0)->set_stage("applied");
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "maint"}), kExitOk);
}

TEST_F(ServerCommands, WhatIsRefusedIsToldInTheControlPlanesWords) {
  EXPECT_EQ(Lbctl({"set", "server", "app/nope", "state", "maint"}), kExitRefused);
  EXPECT_EQ(Err(), "lbctl: No such server.\n");
}

TEST_F(ServerCommands, ClearsCountersAndSessions) {
  EXPECT_EQ(Lbctl({"clear", "counters"}), kExitOk) << Err();
  EXPECT_TRUE(admin_.clear_counters.all());
  EXPECT_EQ(Lbctl({"clear", "counters", "--max"}), kExitOk) << Err();
  EXPECT_FALSE(admin_.clear_counters.all());
  EXPECT_EQ(Lbctl({"shutdown", "sessions", "server", "app/s1"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("12"));
}

TEST_F(ServerCommands, WhyIsForMachinesToo) {
  EXPECT_EQ(Lbctl({"why", "app/s1", "--json"}), kExitOk) << Err();
  EXPECT_EQ(Json()["server"]["state"]["check_status"], "L4CON");
  EXPECT_EQ(Json()["events"][0]["text"], "is DOWN");
}

}  // namespace
}  // namespace lb::cli
