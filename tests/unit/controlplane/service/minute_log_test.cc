#include "controlplane/service/minute_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

class MinuteLogTest : public ControllerFixture {
 protected:
  // The rest of the fake clock's minute, and `more`.
  void EndMinute(Millis more = Millis(0)) {
    const int64_t now = UnixMillis(clock_.WallNow());
    After(Millis(60'000 - now % 60'000) + more);
  }
  // The node reports that it has served so many requests by now.
  void Report(LocalNode* node, uint64_t requests) {
    v1::FromDataPlane message;
    v1::BackendCounters* server = message.mutable_report()->mutable_counters()->add_servers();
    server->set_id(s1_);
    server->set_requests(requests);
    node->Say(message);
  }
  absl::StatusOr<v1::GetHistoryReply> History(const std::string& proxy, const std::string& name,
                                              uint64_t seconds = 0) {
    v1::GetHistoryRequest request;
    request.set_proxy(proxy);
    request.set_name(name);
    request.set_since_seconds(seconds);
    return Await<v1::GetHistoryReply>(
        [&](auto done) { controller_->minutes().History(request, done); });
  }
};

TEST_F(MinuteLogTest, EachMinuteIsWrittenWhenItIsOver) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode node(controller_.get(), "a");
  node.Join();
  Report(&node, 100);  // of before
  const int64_t first = UnixMillis(clock_.WallNow()) / 60'000 * 60'000;
  Report(&node, 107);
  EXPECT_EQ(History("web", "s1")->minutes_size(), 0);
  EndMinute();
  Report(&node, 110);
  EndMinute();
  EndMinute(Millis(30'000));
  const auto history = History("web", "s1");
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->minutes_size(), 2);  // nothing happened in the third
  EXPECT_EQ(history->minutes(0).at_unix_ms(), first);
  EXPECT_EQ(history->minutes(0).requests(), 7u);
  EXPECT_EQ(history->minutes(1).at_unix_ms(), first + 60'000);
  EXPECT_EQ(history->minutes(1).requests(), 3u);
  EXPECT_EQ(History("web", "s1", 120)->minutes_size(), 1);
}

TEST_F(MinuteLogTest, ARestartLosesNothingOfTheMinute) {
  ASSERT_TRUE(Start(kWeb).ok());
  {
    LocalNode node(controller_.get(), "a");
    node.Join();
    Report(&node, 0);
    Report(&node, 5);
    Stop();
  }
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode node(controller_.get(), "a");
  node.Join();
  Report(&node, 6);  // the one in between is lost with the control plane
  Report(&node, 8);
  EndMinute();
  const auto history = History("web", "s1");
  ASSERT_EQ(history->minutes_size(), 1);
  EXPECT_EQ(history->minutes(0).requests(), 7u);
}

TEST_F(MinuteLogTest, FailedChecksAreInTheHistoryOfTheBackend) {
  ASSERT_TRUE(Start(kWeb).ok());
  Pass(s1_);
  Fail(s1_);
  EndMinute();
  const auto history = History("web", "");
  ASSERT_EQ(history->minutes_size(), 1);
  EXPECT_EQ(history->minutes(0).failed_checks(), StateOf(s1_).failed_checks());
}

TEST_F(MinuteLogTest, WhatHasGoneKeepsItsHistoryAndTheRestIsUnknown) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode node(controller_.get(), "a");
  node.Join();
  ASSERT_TRUE(TurnUntil([&] { return node.serving == 1; }));
  Report(&node, 0);
  Report(&node, 5);
  EndMinute();
  ASSERT_TRUE(Apply("api: s1=10.0.0.3:80\n").ok());
  EXPECT_EQ(History("web", "s1")->minutes_size(), 1);
  EXPECT_EQ(History("api", "s1")->minutes_size(), 0);
  EXPECT_EQ(History("web", "s2").status(), absl::NotFoundError("No such backend."));
  EXPECT_EQ(History("api", "s9").status(), absl::NotFoundError("No such server."));
  EXPECT_EQ(History("api", "FRONTEND").status(), absl::NotFoundError("No such frontend."));
}

TEST_F(MinuteLogTest, MinutesGoAfterAWeek) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode node(controller_.get(), "a");
  node.Join();
  Report(&node, 0);
  Report(&node, 5);
  EndMinute();
  const uint64_t month = 30 * 86'400;
  ASSERT_EQ(History("web", "s1", month)->minutes_size(), 1);
  After(std::chrono::hours(24 * 7));
  // The hourly prune writes behind the loop's back, in order.
  ASSERT_TRUE(TurnUntil([&] { return History("web", "s1", month)->minutes_size() == 0; }));
}

}  // namespace
}  // namespace lb::service
