#include "controlplane/server/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lb::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ParsedOptions Parse(const std::vector<std::string>& arguments, bool carries_traffic = false) {
  static ProgramFacts program;
  program.name = "lbx";
  program.description = "a program";
  program.version = "9.8.7";
  program.default_listen = carries_traffic ? "" : "127.0.0.1:9901";
  program.carries_traffic = carries_traffic;
  return ParseOptions(program, arguments);
}

TEST(Options, TakesHaproxysOptions) {
  const ParsedOptions parsed =
      Parse({"-f", "a", "-f", "b", "-c", "-q", "-dW", "-D", "-W", "-p", "/p", "-C", "/d"});
  ASSERT_TRUE(parsed.should_run) << parsed.text;
  EXPECT_THAT(parsed.options.files, ElementsAre("a", "b"));
  EXPECT_TRUE(parsed.options.is_check && parsed.options.is_quiet && parsed.options.is_daemon);
  EXPECT_TRUE(parsed.options.fails_on_warnings);
  EXPECT_EQ(parsed.options.pid_file, "/p");
  EXPECT_EQ(parsed.options.directory, "/d");
  EXPECT_FALSE(parsed.options.is_foreground);
}

TEST(Options, KeepsTheForegroundWhenAsked) {
  for (const char* option : {"-db", "-d", "-Ws"}) {
    EXPECT_TRUE(Parse({"-f", "a", option}).options.is_foreground) << option;
  }
  EXPECT_TRUE(Parse({"-f", "a", "-Ws"}).options.notifies_systemd);
}

TEST(Options, TakesFilesAfterADoubleDash) {
  EXPECT_THAT(Parse({"-f", "a", "--", "b", "-c"}).options.files, ElementsAre("a", "b", "-c"));
}

TEST(Options, TakesValuesWithAnEqualsSign) {
  EXPECT_EQ(Parse({"-f", "a", "--state-dir=/s"}).options.state_dir, "/s");
  EXPECT_EQ(Parse({"-f", "a", "--state-dir", "/s"}).options.state_dir, "/s");
}

TEST(Options, ListensOnLoopbackUnlessToldOtherwise) {
  EXPECT_THAT(Parse({"-f", "a"}).options.listens, ElementsAre("127.0.0.1:9901"));
  EXPECT_THAT(Parse({"-f", "a", "--listen", "none"}).options.listens, IsEmpty());
  EXPECT_THAT(Parse({"-f", "a", "--listen", "unix:/x", "--listen", "[::1]:1"}).options.listens,
              ElementsAre("unix:/x", "[::1]:1"));
  EXPECT_THAT(Parse({"-f", "a"}, /*carries_traffic=*/true).options.listens, IsEmpty());
}

TEST(Options, RefusesListensThatOtherMachinesReachUnlessInsisted) {
  const ParsedOptions refused = Parse({"-f", "a", "--listen", "10.0.0.1:9901"});
  EXPECT_FALSE(refused.should_run);
  EXPECT_THAT(refused.text, HasSubstr("--insecure-listen"));
  EXPECT_TRUE(Parse({"-f", "a", "--listen", "10.0.0.1:9901", "--insecure-listen"}).should_run);
}

TEST(Options, KnowsLocalAddresses) {
  for (const char* local : {"unix:/x", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(IsLocalAddress(local)) << local;
  }
  for (const char* remote : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "example.org:1", "127.evil.org:1",
                             "*:1", "9901", ""}) {
    EXPECT_FALSE(IsLocalAddress(remote)) << remote;
  }
}

TEST(Options, DrainTimeoutIsForProgramsThatCarryTraffic) {
  EXPECT_EQ(Parse({"-f", "a", "--drain-timeout", "3s"}, true).options.drain_timeout, Millis(3000));
  EXPECT_FALSE(Parse({"-f", "a", "--drain-timeout", "x"}, true).should_run);
  EXPECT_FALSE(Parse({"-f", "a", "--drain-timeout", "3s"}, false).should_run);
}

TEST(Options, RefusalsNameTheProblemAndExitWith1) {
  struct Row {
    std::vector<std::string> arguments;
    const char* said;
  };
  const Row rows[] = {
      {{}, "no configuration"},
      {{"-f"}, "'-f' needs a value"},
      {{"-f", "a", "-x"}, "unknown option '-x'"},
      {{"-f", "a", "--nope=1"}, "unknown option '--nope=1'"},
      {{"-f", "a", "--insecure-listen=1"}, "takes no value"},
      {{"a"}, "unknown option 'a'"},
  };
  for (const Row& row : rows) {
    const ParsedOptions parsed = Parse(row.arguments);
    EXPECT_FALSE(parsed.should_run);
    EXPECT_EQ(parsed.exit_status, 1);
    EXPECT_THAT(parsed.text, HasSubstr(row.said));
  }
}

TEST(Options, AnswersHelpAndVersion) {
  for (const char* option : {"-v", "-vv", "--version"}) {
    const ParsedOptions parsed = Parse({option});
    EXPECT_EQ(parsed.exit_status, 0);
    EXPECT_THAT(parsed.text, HasSubstr("lbx version 9.8.7"));
  }
  EXPECT_THAT(Parse({"-vv"}).text, HasSubstr("Features: "));
  const ParsedOptions help = Parse({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.text, HasSubstr("Usage: lbx -f FILE"));
  EXPECT_THAT(help.text, HasSubstr("lbctl pki"));
}

TEST(Options, AConditionNeedsNoFile) {
  EXPECT_EQ(Parse({"-cc", "streq(a,b)"}).options.condition, "streq(a,b)");
}

TEST(Options, AStateDirectoryIsEnoughToStart) {
  EXPECT_TRUE(Parse({"--state-dir", "/s"}).should_run);
}

}  // namespace
}  // namespace lb::control
