#include "dataplane/server/options.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

ParsedOptions Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "lbproxyd");
  return ParseOptions(static_cast<int>(words.size()), words.data());
}

TEST(ParseOptions, TakesEverything) {
  ParsedOptions parsed = Parse({"--control", "10.0.0.1:9000", "--node", "n1", "--group", "edge",
                                "--label", "zone=a", "--label", "rack=7=b", "--state-dir", "/s",
                                "--workers", "3", "--drain-timeout", "90s"});
  ASSERT_TRUE(parsed.should_run) << parsed.text;
  EXPECT_EQ(parsed.options.control, "10.0.0.1:9000");
  EXPECT_EQ(parsed.options.data_plane.node, "n1");
  EXPECT_EQ(parsed.options.data_plane.group, "edge");
  EXPECT_THAT(parsed.options.data_plane.labels,
              UnorderedElementsAre(Pair("zone", "a"), Pair("rack", "7=b")));
  EXPECT_EQ(parsed.options.data_plane.state_dir, "/s");
  EXPECT_EQ(parsed.options.data_plane.workers, 3u);
  EXPECT_EQ(parsed.options.drain_timeout, Millis(90'000));
}

TEST(ParseOptions, HasDefaults) {
  ParsedOptions parsed = Parse({"--control", "unix:/c", "--node", "n1"});
  ASSERT_TRUE(parsed.should_run) << parsed.text;
  EXPECT_EQ(parsed.options.drain_timeout, Millis(10'000));
  EXPECT_THAT(parsed.options.data_plane.state_dir, HasSubstr("lb/n1"));
  EXPECT_EQ(parsed.options.data_plane.workers, 0u);
}

TEST(ParseOptions, RefusesWhatItDoesNotUnderstand) {
  struct Case {
    std::vector<const char*> words;
    const char* text;
  };
  for (const Case& c : {
           Case{{}, "--control"},
           {{"--control", "127.0.0.1"}, "HOST:PORT"},
           {{"--control", "c:"}, "HOST:PORT"},
           {{"--control", "c:0"}, "HOST:PORT"},
           {{"--control", "c:65536"}, "HOST:PORT"},
           {{"--control", "::1:80"}, "HOST:PORT"},
           {{"--control", "unix:"}, "HOST:PORT"},
           {{"--control", "c:1", "--nod", "x"}, "--nod"},
           {{"--control", "c:1", "--node", "a b"}, "--node"},
           {{"--control", "c:1", "--node", "../x"}, "--node"},
           {{"--control", "c:1", "--label", "x"}, "KEY=VALUE"},
           {{"--control", "c:1", "--label", "=x"}, "KEY=VALUE"},
           {{"--control", "c:1", "--drain-timeout", "soon"}, "--drain-timeout"},
           {{"--control", "c:1", "--workers", "0"}, "--workers"},
       }) {
    ParsedOptions parsed = Parse(c.words);
    EXPECT_FALSE(parsed.should_run) << c.text;
    EXPECT_EQ(parsed.exit_status, 2) << c.text;
    EXPECT_THAT(parsed.text, HasSubstr(c.text));
  }
}

TEST(ParseOptions, HelpAndVersionSucceed) {
  ParsedOptions help = Parse({"--help"});
  EXPECT_FALSE(help.should_run);
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.text, HasSubstr("--drain-timeout"));
  ParsedOptions version = Parse({"--version"});
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_THAT(version.text, HasSubstr("lbproxyd "));
}

}  // namespace
}  // namespace lb::server
