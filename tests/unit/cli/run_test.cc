#include "cli/run.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;

using RunTest = LbctlTest;

TEST_F(RunTest, ExitCodes) {
  struct Case {
    std::vector<std::string> words;
    int exit_code;
  };
  const std::vector<Case> cases = {
      {{"--help"}, kExitOk},
      {{"--version"}, kExitOk},
      {{"show", "nodes"}, kExitOk},
      {{"set", "server", "app/nope", "state", "maint"}, kExitRefused},
      {{"rollback", "4711"}, kExitRefused},
      {{"apply", "-f", "/nonexistent/lb.cfg"}, kExitRefused},
      {{}, kExitUsage},
      {{"show"}, kExitUsage},
      {{"no-such-command"}, kExitUsage},
      {{"--no-such-option", "show", "nodes"}, kExitUsage},
      {{"set", "server"}, kExitUsage},
      {{"set", "server", "app", "state", "maint"}, kExitUsage},
      {{"set", "server", "app/s1", "colour", "red"}, kExitUsage},
      {{"set", "server", "app/s1", "addr", "10.0.0.7", "port", "70000"}, kExitUsage},
      {{"rollback", "x"}, kExitUsage},
      {{"--address", "nonsense", "show", "nodes"}, kExitUsage},
      {{"--json", "--csv", "show", "nodes"}, kExitUsage},
      {{"--address", "unix:/nonexistent/admin.sock", "show", "nodes"}, kExitUnreachable},
  };
  for (const Case& c : cases) {
    std::string line;
    for (const std::string& word : c.words) line += word + " ";
    EXPECT_EQ(Lbctl(c.words), c.exit_code) << line << Err();
    EXPECT_EQ(c.exit_code == kExitOk, Err().empty()) << line << Err();
  }
}

TEST_F(RunTest, TheAddressMayComeFromTheEnvironment) {
  ::setenv("LBCTL_ADDRESS", "unix:/nonexistent/admin.sock", 1);
  EXPECT_EQ(Lbctl({"show", "nodes"}), kExitUnreachable);
  EXPECT_EQ(Lbctl({"show", "nodes", "--address", address_}), kExitOk) << Err();
  ::unsetenv("LBCTL_ADDRESS");
}

TEST_F(RunTest, OptionsMayStandBehindTheCommand) {
  EXPECT_EQ(Lbctl({"--json", "show", "nodes"}), kExitOk) << Err();
  const std::string before = Out();
  EXPECT_EQ(Lbctl({"show", "nodes", "--json"}), kExitOk) << Err();
  EXPECT_EQ(Out(), before);
}

TEST_F(RunTest, AnUnreachableControlPlaneIsNamed) {
  EXPECT_EQ(Lbctl({"--address", "unix:/nonexistent/admin.sock", "show", "nodes"}),
            kExitUnreachable);
  EXPECT_THAT(Err(), HasSubstr("asked unix:/nonexistent/admin.sock"));
  EXPECT_THAT(Err(), HasSubstr("no control plane answers: "));
  EXPECT_THAT(Err(), HasSubstr("No such file or directory"));
}

TEST_F(RunTest, WithoutAnAnswerOverTheNetworkTlsIsThoughtOf) {
  EXPECT_EQ(Lbctl({"--address", "127.0.0.1:1", "show", "nodes"}), kExitUnreachable);
  EXPECT_THAT(Err(), HasSubstr("--tls-cert, --tls-key and --tls-ca"));
}

TEST_F(RunTest, ASecondAuthorityDoesNotReplaceTheFirst) {
  const std::string directory = root_ + "/pki";
  ASSERT_EQ(Lbctl({"pki", "init", "--dir", directory}), kExitOk) << Err();
  EXPECT_EQ(Lbctl({"pki", "init", "--dir", directory}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("pki issue"));
}

TEST_F(RunTest, AWordThatIsNoCommandIsNamed) {
  EXPECT_EQ(Lbctl({"frob"}), kExitUsage);
  EXPECT_THAT(Err(), HasSubstr("unknown command 'frob'"));
  EXPECT_EQ(Lbctl({"show", "frob", "more"}), kExitUsage);
  EXPECT_THAT(Err(), HasSubstr("unknown command 'frob'"));
  EXPECT_EQ(Lbctl({"show", "--frob"}), kExitUsage);
  EXPECT_THAT(Err(), HasSubstr("unknown option '--frob'"));
  EXPECT_EQ(Lbctl({"show"}), kExitUsage);
  EXPECT_THAT(Err(), HasSubstr("A subcommand is required"));
}

}  // namespace
}  // namespace lb::cli
