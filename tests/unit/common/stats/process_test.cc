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
  EXPECT_THAT(text,
              StartsWith("Name: lb\nVersion: 1.2.3\nRelease_date: -\nNbthread: 2\nNbproc: 1\n"));
  for (std::string line : {"Pid: 4711\n", "Uptime: 1d 2h01m01s\n", "Uptime_sec: 93661\n",
                           "Maxconn: 4000\n", "node: edge1\n", "Listeners: 3\n", "Stopping: 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, ::testing::Not(HasSubstr("description:")));
  f.snapshot.mutable_global()->set_description("the edge");
  EXPECT_THAT(RenderProcessText(f.Process()), HasSubstr("\ndescription: the edge\n"));
}

TEST(Process, TellsOfTls) {
  Fixture f;
  f.snapshot.mutable_global()->set_max_tls_connections(900);
  f.snapshot.mutable_global()->set_max_tls_rate(50);
  v1::ProcessCounters* c = f.counters.mutable_process();
  c->set_tls_connections(3);
  c->set_total_tls_connections(40);
  c->set_tls_rate(8);
  c->set_tls_rate_max(9);
  c->set_tls_key_rate(2);
  c->set_tls_key_rate_max(5);
  c->set_server_tls_key_rate(6);
  c->set_server_tls_key_rate_max(7);
  const std::string text = RenderProcessText(f.Process());
  for (const char* line :
       {"MaxSslConns: 900\n", "CurrSslConns: 3\n", "CumSslConns: 40\n", "SslRate: 8\n",
        "SslRateLimit: 50\n", "MaxSslRate: 9\n", "SslFrontendKeyRate: 2\n",
        "SslFrontendMaxKeyRate: 5\n", "SslFrontendSessionReuse_pct: 75\n", "SslBackendKeyRate: 6\n",
        "SslBackendMaxKeyRate: 7\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
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
