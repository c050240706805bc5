#include "common/stats/process.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <nlohmann/json.hpp>

#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Process, PrintsHaproxysKeysInItsOrder) {
  Fixture f;
  f.snapshot.mutable_global()->set_node("edge1");
  f.counters.mutable_process()->set_started_unix_ms(kNow - (26 * 3600 + 61) * 1000);
  const std::string text = RenderProcessText(f.Process());
  EXPECT_THAT(text, StartsWith("Name: lb\nVersion: 1.2.3\nRelease_date: -\nNbthread: 2\nNbproc: 1\n"));
  for (std::string line :
       {"Pid: 4711\n", "Uptime: 1d 2h01m01s\n", "Uptime_sec: 93661\n", "Maxconn: 4000\n",
        "node: edge1\n", "Listeners: 3\n", "Stopping: 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, ::testing::Not(HasSubstr("description:")));
  f.snapshot.mutable_global()->set_description("the edge");
  EXPECT_THAT(RenderProcessText(f.Process()), HasSubstr("\ndescription: the edge\n"));
}

TEST(Process, TypedAndJsonFormsCarryPositionsAndTags) {
  Fixture f;
  EXPECT_THAT(RenderProcessTyped(f.Process()), HasSubstr("\n15.Maxconn.1:CLP:u32:4000\n"));
  const auto json = nlohmann::json::parse(RenderProcessJson(f.Process()), nullptr, false);
  ASSERT_TRUE(json.is_array());
  EXPECT_EQ(json[0]["field"]["name"], "Name");
  EXPECT_EQ(json[0]["value"]["value"], "lb");
  EXPECT_EQ(json[3]["tags"]["origin"], "Config");
  EXPECT_EQ(json[3]["value"]["value"], 2);
}

TEST(Process, UptimeIsZeroBeforeTheStartIsKnown) {
  EXPECT_THAT(RenderProcessText(BuildProcessItems({.now_unix_ms = kNow})),
              HasSubstr("Uptime: 0d 0h00m00s\n"));
}

}  // namespace
}  // namespace lb::stats
