// check, apply, revisions, rollback
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using ConfigCommands = LbctlTest;

TEST_F(ConfigCommands, ApplySendsTheFilesAndShowsWhatChanged) {
  admin_.apply_reply.set_applied(true);
  admin_.apply_reply.set_revision(8);
  admin_.apply_reply.add_changes("+ server app/s2");
  SetNode(&admin_.apply_reply, "serving");
  const std::string path = WriteConfig("global\n");
  EXPECT_EQ(Lbctl({"apply", "-f", path, "-m", "one more"}), kExitOk) << Err();
  ASSERT_EQ(admin_.apply.files_size(), 1);
  EXPECT_EQ(admin_.apply.files(0).path(), path);
  EXPECT_EQ(admin_.apply.files(0).text(), "global\n");
  EXPECT_EQ(admin_.apply.message(), "one more");
  EXPECT_THAT(Out(), AllOf(HasSubstr("revision 8 serves"), HasSubstr("+ server app/s2"),
                           HasSubstr("node2")));
  EXPECT_EQ(Lbctl({"apply", path}), kExitOk) << Err();
  EXPECT_EQ(Lbctl({"rollback", "3"}), kExitOk) << Err();
}

TEST_F(ConfigCommands, ARefusedApplySaysWhoRefusedWhat) {
  admin_.apply_reply.set_reason("refused by a data plane");
  admin_.apply_reply.set_diagnostics("web.cfg:1:1: warning: odd\n");
  SetNode(&admin_.apply_reply, "refused");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitRefused);
  EXPECT_THAT(Err(), AllOf(HasSubstr("web.cfg:1:1: warning: odd"), HasSubstr("node2 refused"),
                           HasSubstr("Address already in use"), HasSubstr("nothing was changed")));
}

TEST_F(ConfigCommands, ARefusalThatTheReasonTellsOfIsToldOnce) {
  admin_.apply_reply.set_reason("node 'node2' refused: bind :80: Address already in use");
  SetNode(&admin_.apply_reply, "refused");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitRefused);
  EXPECT_THAT(Err(), AllOf(HasSubstr("nothing was changed: node 'node2' refused: bind :80"),
                           Not(HasSubstr("node2 refused"))));
}

TEST_F(ConfigCommands, ALaggingDataPlaneIsNamedAndGivesItsOwnExitCode) {
  admin_.apply_reply.set_applied(true);
  SetNode(&admin_.apply_reply, "lagging");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitLagging);
  EXPECT_THAT(Out(), HasSubstr("node2"));
}

TEST_F(ConfigCommands, CheckNeedsNoControlPlane) {
  server_->Shutdown();
  const std::string good = WriteConfig(
      "defaults\n  mode http\n  timeout connect 1s\n"
      "listen app\n  bind :80\n  server s1 127.0.0.1:80\n");
  EXPECT_EQ(Lbctl({"check", good}), kExitOk) << Err();
  EXPECT_EQ(Out(), "Configuration file is valid\n");
  const std::string bad = WriteConfig("backend app\n  blanace roundrobin\n");
  EXPECT_EQ(Lbctl({"check", "-f", bad}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("web.cfg:2:3:"));
  EXPECT_THAT(Out(), Not(HasSubstr("valid")));
  EXPECT_EQ(Lbctl({"check", bad, "--json"}), kExitRefused);
  EXPECT_EQ(Json()["valid"], false);
}

TEST_F(ConfigCommands, AnUnchangedConfigurationIsSaidToBe) {
  admin_.apply_reply.set_applied(true);
  admin_.apply_reply.set_unchanged(true);
  admin_.apply_reply.set_revision(7);
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitOk) << Err();
  EXPECT_EQ(Out(), "revision 7 already is what these files say\n");
}

TEST_F(ConfigCommands, AnUnchangedConfigurationThatANodeRefusesIsNotInForce) {
  admin_.apply_reply.set_applied(true);
  admin_.apply_reply.set_unchanged(true);
  SetNode(&admin_.apply_reply, "refused");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitLagging);
  EXPECT_THAT(Out(), AllOf(HasSubstr("does not serve everywhere"), HasSubstr("node2")));
}

TEST_F(ConfigCommands, ARollbackSaysThatFilesAreReadAsTheyAreNow) {
  admin_.apply_reply.set_applied(true);
  admin_.apply_reply.set_unchanged(true);
  admin_.apply_reply.set_revision(7);
  EXPECT_EQ(Lbctl({"rollback", "3"}), kExitOk) << Err();
  EXPECT_THAT(Out(), AllOf(HasSubstr("revision 7 already is what the files of revision 3 say"),
                           HasSubstr("read as they are now")));
}

TEST_F(ConfigCommands, ApplyTakesTheFilesOfADirectoryByTheirWholePaths) {
  admin_.apply_reply.set_applied(true);
  std::filesystem::create_directory(root_ + "/conf.d");
  std::ofstream(root_ + "/conf.d/20.cfg") << "# b\n";
  std::ofstream(root_ + "/conf.d/10.cfg") << "# a\n";
  EXPECT_EQ(Lbctl({"apply", "-f", root_ + "/conf.d/../conf.d"}), kExitOk) << Err();
  ASSERT_EQ(admin_.apply.files_size(), 2);
  EXPECT_EQ(admin_.apply.files(0).path(), root_ + "/conf.d/10.cfg");
  EXPECT_EQ(admin_.apply.files(1).text(), "# b\n");
}

TEST_F(ConfigCommands, BytesThatAreNotTextTravel) {
  admin_.apply_reply.set_applied(true);
  EXPECT_EQ(Lbctl({"apply", WriteConfig("# caf\xe9\n")}), kExitOk) << Err();
  EXPECT_EQ(admin_.apply.files(0).text(), "# caf\xe9\n");
}

TEST_F(ConfigCommands, RevisionsMarkTheCurrentOne) {
  EXPECT_EQ(Lbctl({"revisions", "-n", "5"}), kExitOk) << Err();
  EXPECT_EQ(admin_.list_revisions.limit(), 5u);
  EXPECT_THAT(Out(), AllOf(HasSubstr("*"), HasSubstr("more servers")));
}

TEST_F(ConfigCommands, ARefusedApplyIsToldToMachinesAsAWhole) {
  admin_.apply_reply.set_reason("refused by a data plane");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n"), "--json"}), kExitRefused);
  EXPECT_EQ(Json()["applied"], false);
  EXPECT_EQ(Json()["reason"], "refused by a data plane");
}

}  // namespace
}  // namespace lb::cli
