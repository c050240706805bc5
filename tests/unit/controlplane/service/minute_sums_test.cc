#include "controlplane/service/minute_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace lb::service {
namespace {

constexpr int64_t kBegin = 1'000'000;

class MinuteSumsTest : public ::testing::Test {
 protected:
  MinuteSumsTest() {
    snapshot_.add_frontends()->mutable_common()->set_name("www");
    v1::Backend* backend = snapshot_.add_backends();
    backend->mutable_common()->set_name("web");
    backend->add_servers()->set_name("s1");
    backend->add_servers()->set_name("s2");
  }

  // A process that began `started` milliseconds after the counting.
  static v1::Hello HelloOf(uint64_t instance, int64_t started = 1) {
    v1::Hello hello;
    hello.set_instance(instance);
    hello.set_started_unix_ms(kBegin + started);
    return hello;
  }
  static v1::Counters CountersOf(uint64_t requests, uint32_t queue = 0, uint32_t max_queue = 0) {
    v1::Counters counters;
    v1::BackendCounters* server = counters.add_servers();
    server->set_id(ServerIdOf("web", "s1"));
    server->set_requests(requests);
    server->set_current_queue(queue);
    server->set_max_queue(max_queue);
    return counters;
  }
  // The records of the minute, by name.
  std::map<std::string, store::MinuteRecord> Close() {
    std::map<std::string, store::MinuteRecord> records;
    for (store::MinuteRecord& record : sums_.Close(snapshot_, states_, 60'000)) {
      records[record.proxy + "/" + record.name] = record;
    }
    return records;
  }
  v1::ServerState& State(const std::string& server) {
    const ServerId id = ServerIdOf("web", server);
    for (v1::ServerState& state : states_) {
      if (state.id() == id) return state;
    }
    states_.emplace_back().set_id(id);
    return states_.back();
  }

  v1::Snapshot snapshot_;
  std::vector<v1::ServerState> states_;
  MinuteSums sums_{kBegin};
};

TEST_F(MinuteSumsTest, AMinuteIsTheGrowthInIt) {
  sums_.Observe("a", HelloOf(1), CountersOf(10));
  sums_.Observe("a", HelloOf(1), CountersOf(15));
  EXPECT_EQ(Close()["web/s1"].requests, 15u);
  sums_.Observe("a", HelloOf(1), CountersOf(15));
  sums_.Observe("a", HelloOf(1), CountersOf(22));
  const auto records = Close();
  ASSERT_EQ(records.size(), 1u);  // nothing happened to the others
  EXPECT_EQ(records.at("web/s1").requests, 7u);
  EXPECT_EQ(records.at("web/s1").at_unix_ms, 60'000);
  EXPECT_TRUE(Close().empty());
}

TEST_F(MinuteSumsTest, WhatADataPlaneDidBeforeTheCountingIsLeftOut) {
  sums_.Observe("a", HelloOf(1, -1), CountersOf(1000, 0, 50));
  EXPECT_TRUE(Close().empty());
  sums_.Observe("a", HelloOf(1, -1), CountersOf(1003, 0, 50));
  EXPECT_EQ(Close()["web/s1"].requests, 3u);
}

TEST_F(MinuteSumsTest, DataPlanesAddUpAndMayRestartOrBeCleared) {
  sums_.Observe("a", HelloOf(1), CountersOf(10));
  sums_.Observe("b", HelloOf(2), CountersOf(5));
  sums_.Observe("b", HelloOf(3, 2), CountersOf(7));  // another process: from zero
  sums_.Observe("a", HelloOf(1), CountersOf(4));     // cleared, then four
  EXPECT_EQ(Close()["web/s1"].requests, 10u + 5 + 7 + 4);
}

TEST_F(MinuteSumsTest, TheLongestQueueIsOfTheMinute) {
  sums_.Observe("a", HelloOf(1), CountersOf(0, 3, 9));
  sums_.Observe("b", HelloOf(2), CountersOf(0, 2, 2));
  EXPECT_EQ(Close()["web/s1"].max_queue, 11u);
  // The maximum of old does not count again; what is seen does.
  sums_.Observe("a", HelloOf(1), CountersOf(0, 4, 9));
  EXPECT_EQ(Close()["web/s1"].max_queue, 4u);
  sums_.Observe("a", HelloOf(1), CountersOf(0, 0, 9));
  EXPECT_TRUE(Close().empty());
}

TEST_F(MinuteSumsTest, CountsEveryClassOfError) {
  v1::Counters counters;
  v1::FrontendCounters* frontend = counters.add_frontends();
  frontend->set_id(FrontendIdOf("www"));
  frontend->set_request_errors(1);
  frontend->set_denied_requests(2);
  frontend->set_denied_responses(3);
  for (uint64_t n : {0, 0, 0, 40, 50, 0}) frontend->add_responses(n);
  v1::BackendCounters* backend = counters.add_backends();
  backend->set_id(BackendIdOf("web"));
  backend->set_connect_errors(6);
  backend->set_response_errors(7);
  sums_.Observe("a", HelloOf(1), counters);
  auto records = Close();
  EXPECT_EQ(records["www/FRONTEND"].request_errors, 1u);
  EXPECT_EQ(records["www/FRONTEND"].denied, 5u);
  EXPECT_EQ(records["www/FRONTEND"].responses_4xx, 40u);
  EXPECT_EQ(records["www/FRONTEND"].responses_5xx, 50u);
  EXPECT_EQ(records["web/BACKEND"].connect_errors, 6u);
  EXPECT_EQ(records["web/BACKEND"].response_errors, 7u);
}

TEST_F(MinuteSumsTest, FailedChecksAreTheServersAndTheBackends) {
  State("s1").set_failed_checks(100);
  sums_.Begin(states_);
  State("s1").set_failed_checks(102);
  State("s2").set_failed_checks(3);  // met since
  auto records = Close();
  EXPECT_EQ(records["web/s1"].failed_checks, 2u);
  EXPECT_EQ(records["web/s2"].failed_checks, 3u);
  EXPECT_EQ(records["web/BACKEND"].failed_checks, 5u);
  EXPECT_TRUE(Close().empty());
}

}  // namespace
}  // namespace lb::service
