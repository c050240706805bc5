// CheckTest: runs one check to its end on an event loop of its own, whose clock stands still: a
// timeout comes when a test says so. For tests.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_CHECKS_CHECK_FIXTURE_H_
#define LB_TESTS_UNIT_CONTROLPLANE_CHECKS_CHECK_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/event/event_loop.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {

// Turns `loop` until `is_done`; a failure after a time that no machine needs.
inline void RunUntil(event::EventLoop* loop, const std::function<bool()>& is_done) {
  const SteadyTime limit = Clock::Real().Now() + std::chrono::seconds(60);
  while (!is_done()) {
    ASSERT_LT(Clock::Real().Now(), limit) << "waited too long";
    loop->RunOnce(Millis(5));
  }
}

// Lets `loop` do everything that can be done without waiting.
inline void Settle(event::EventLoop* loop) {
  for (int i = 0; i < 10; ++i) loop->RunOnce(Millis(0));
}

class CheckTest : public ::testing::Test {
 protected:
  // Longer than any timeout of the check.
  static constexpr std::chrono::seconds kForever{100};

  CheckTest() : loop_(clock_), graveyard_(&loop_) {
    target_.backend = "b";
    target_.server = "s1";
    target_.backend_number = 7;
    target_.server_number = 3;
    check().set_inter_ms(2000);
    check().set_connect_timeout_ms(1000);
    check().set_check_timeout_ms(5000);
  }

  v1::HealthCheck& check() { return target_.check; }
  void SetAddress(const std::string& address) {
    target_.server_address = address;
    check().set_address(address);
  }

  // With `times_out_when`, time runs out as soon as that is true.
  CheckResult Run(const std::function<bool()>& times_out_when = nullptr) {
    event::Root root;
    CheckResult result;
    Start(&root, &result);
    if (times_out_when) {
      RunUntil(&loop_, times_out_when);
      Settle(&loop_);
      EXPECT_TRUE(root.is_running()) << "ended before its time: " << CodeOf(result.status);
      clock_.Advance(kForever);
    }
    RunUntil(&loop_, [&] { return !root.is_running(); });
    return result;
  }
  // "L7STS 503 Service Unavailable"
  std::string RunToText(const std::function<bool()>& times_out_when = nullptr) {
    const CheckResult result = Run(times_out_when);
    std::string text(CodeOf(result.status));
    if (HasCode(result.status)) text += " " + std::to_string(result.code);
    if (!result.info.empty()) text += " " + result.info;
    return text;
  }
  void Start(event::Root* root, CheckResult* result) {
    context_.loop = &loop_;
    context_.target = &target_;
    context_.start = clock_.Now();
    context_.graveyard = &graveyard_;
    root->Start(Keep(&context_, result));
  }

  static bool AtOnce() { return true; }
  static event::Task<void> Keep(const CheckContext* context, CheckResult* result) {
    *result = co_await RunCheck(context);
  }

  FakeClock clock_;
  event::EventLoop loop_;
  ChildGraveyard graveyard_;
  Target target_;
  CheckContext context_;
};

}  // namespace lb::checks

#endif  // LB_TESTS_UNIT_CONTROLPLANE_CHECKS_CHECK_FIXTURE_H_
