// The expected lines are HAProxy 2.6's own, taken from its syslog in the same situations.
#include "controlplane/checks/state_lines.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

using net::SyslogLevel;

const CheckResult kAnswered{CheckStatus::kL4Ok, 0, Millis(0), ""};
const CheckResult kRefused{CheckStatus::kL4Connection, 0, Millis(0), "Connection refused"};

class StateLinesTest : public ::testing::Test {
 protected:
  StateLinesTest() : state_(Policy(), clock_) {
    facts_.backend = "b";
    facts_.server = "s1";
  }

  static ServerPolicy Policy() {
    ServerPolicy policy;
    policy.is_checked = true;
    policy.rise = 3;
    policy.fall = 3;
    return policy;
  }

  // "level: text" of each line, with this many usable servers left.
  std::vector<std::string> Lines(const StateChange& change, uint32_t active, uint32_t backup) {
    facts_.active_servers = active;
    facts_.backup_servers = backup;
    std::vector<std::string> out;
    for (const StateLine& line : StateLines(change, state_.last_result(), facts_)) {
      const char* level = line.level == SyslogLevel::kAlert    ? "alert: "
                          : line.level == SyslogLevel::kNotice ? "notice: "
                                                               : "other: ";
      out.push_back(level + line.text);
    }
    return out;
  }
  void Reach(std::string_view results) {
    for (char c : results) state_.OnCheckResult(c == '+' ? kAnswered : kRefused);
  }
  using Texts = std::vector<std::string>;

  FakeClock clock_;
  ServerState state_;
  LineFacts facts_;
};

TEST_F(StateLinesTest, DownSaysWhy) {
  EXPECT_EQ(Lines(state_.OnCheckResult(kRefused), 2, 1),
            Texts{"alert: Server b/s1 is DOWN, reason: Layer4 connection problem, info: "
                  "\"Connection refused\", check duration: 0ms. 2 active and 1 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
}

TEST_F(StateLinesTest, DownSaysNoReasonWhenChecksAreLoggedAnyway) {
  facts_.logs_health_checks = true;
  EXPECT_EQ(Lines(state_.OnCheckResult(kRefused), 1, 0),
            Texts{"alert: Server b/s1 is DOWN. 1 active and 0 backup servers left. 0 sessions "
                  "active, 0 requeued, 0 remaining in queue."});
}

TEST_F(StateLinesTest, ReasonHoldsTheCodeOfLayer7) {
  const CheckResult result{CheckStatus::kL7Status, 503, Millis(4), "Service Unavailable"};
  EXPECT_EQ(Lines(state_.OnCheckResult(result), 0, 0),
            Texts{"alert: Server b/s1 is DOWN, reason: Layer7 wrong status, code: 503, info: "
                  "\"Service Unavailable\", check duration: 4ms. 0 active and 0 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
}

TEST_F(StateLinesTest, BackupsAreNamedAndCounted) {
  facts_.is_backup = true;
  facts_.server = "s5";
  facts_.sessions = 4;
  facts_.requeued = 2;
  facts_.in_queue = 3;
  EXPECT_EQ(Lines(state_.OnCheckResult(kRefused), 0, 1),
            Texts{"alert: Backup Server b/s5 is DOWN, reason: Layer4 connection problem, info: "
                  "\"Connection refused\", check duration: 0ms. 0 active and 1 backup servers "
                  "left. Running on backup. 4 sessions active, 2 requeued, 3 remaining in queue."});
}

TEST_F(StateLinesTest, UpAfterEnoughPassedChecks) {
  Reach("-++");
  EXPECT_EQ(Lines(state_.OnCheckResult(kAnswered), 2, 0),
            Texts{"notice: Server b/s1 is UP, reason: Layer4 check passed, check duration: 0ms. "
                  "2 active and 0 backup servers online. 0 sessions requeued, 0 total in queue."});
}

TEST_F(StateLinesTest, MaintenanceOfAServingServerIsAnAlert) {
  Reach("+");
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kMaint), 1, 0),
            Texts{"alert: Server b/s1 is going DOWN for maintenance. 1 active and 0 backup "
                  "servers left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kReady), 2, 0),
            Texts{"notice: Server b/s1 is UP/READY (leaving forced maintenance)."});
}

TEST_F(StateLinesTest, MaintenanceOfADownServerIsANotice) {
  Reach("-");
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kMaint), 1, 0),
            Texts{"notice: Server b/s1 was DOWN and now enters maintenance."});
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kDrain), 1, 0),
            (Texts{"notice: Server b/s1 is UP/DRAIN (leaving forced maintenance).",
                   "notice: Server b/s1 remains in forced drain mode."}));
}

TEST_F(StateLinesTest, MaintenanceOfADrainedServerIsANotice) {
  Reach("+");
  state_.SetAdmin(AdminState::kDrain);
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kMaint), 0, 1),
            Texts{"notice: Server b/s1 is going DOWN for maintenance. 0 active and 1 backup "
                  "servers left. Running on backup. 0 sessions active, 0 requeued, 0 remaining "
                  "in queue."});
}

TEST_F(StateLinesTest, DrainOfAnUpServer) {
  Reach("+");
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kDrain), 1, 0),
            Texts{"notice: Server b/s1 enters drain state. 1 active and 0 backup servers online. "
                  "0 sessions requeued, 0 total in queue."});
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kReady), 2, 0),
            Texts{"notice: Server b/s1 is UP (leaving forced drain)."});
}

TEST_F(StateLinesTest, DrainOfADownServer) {
  Reach("-");
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kDrain), 1, 0),
            Texts{"notice: Server b/s1 enters drain state. 1 active and 0 backup servers left. "
                  "0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(Lines(state_.SetAdmin(AdminState::kReady), 1, 0),
            Texts{"notice: Server b/s1 is DOWN (leaving forced drain)."});
}

TEST_F(StateLinesTest, DownAndUpWhileDrainedAreNoticesThatSaySo) {
  Reach("+--");
  state_.SetAdmin(AdminState::kDrain);
  EXPECT_EQ(Lines(state_.OnCheckResult(kRefused), 1, 0),
            (Texts{"notice: Server b/s1 is DOWN, reason: Layer4 connection problem, info: "
                   "\"Connection refused\", check duration: 0ms. 1 active and 0 backup servers "
                   "left. 0 sessions active, 0 requeued, 0 remaining in queue.",
                   "notice: Server b/s1 remains in forced drain mode."}));
  Reach("++");
  EXPECT_EQ(Lines(state_.OnCheckResult(kAnswered), 1, 0),
            (Texts{"notice: Server b/s1 is UP, reason: Layer4 check passed, check duration: 0ms. "
                   "1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
                   "notice: Server b/s1 remains in forced drain mode."}));
}

TEST_F(StateLinesTest, TheOperatorsHealthNamesTheOperator) {
  Reach("+");
  EXPECT_EQ(Lines(state_.SetHealth(OperatorHealth::kDown), 2, 0),
            Texts{"alert: Server b/s1 is DOWN, changed from CLI. 2 active and 0 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(Lines(state_.SetHealth(OperatorHealth::kUp), 2, 0),
            Texts{"notice: Server b/s1 is UP, changed from CLI. 2 active and 0 backup servers "
                  "online. 0 sessions requeued, 0 total in queue."});
  EXPECT_EQ(Lines(state_.SetHealth(OperatorHealth::kStopping), 1, 0),
            Texts{"notice: Server b/s1 is stopping, changed from CLI. 1 active and 0 backup "
                  "servers online. 0 sessions requeued, 0 total in queue."});
}

TEST_F(StateLinesTest, NoTransitionNoLine) {
  EXPECT_EQ(Lines(state_.OnCheckResult(kAnswered), 1, 0), Texts{});
}

TEST_F(StateLinesTest, CheckLinesTellTheCounter) {
  const struct {
    CheckResult result;
    const char* text;
  } rows[] = {
      {kAnswered,
       "Health check for server b/s1 succeeded, reason: Layer4 check passed, check duration: 0ms, "
       "status: 3/3 UP."},
      {kRefused,
       "Health check for server b/s1 failed, reason: Layer4 connection problem, info: \"Connection "
       "refused\", check duration: 0ms, status: 2/3 UP."},
      {{CheckStatus::kL7Ok, 200, Millis(7), ""},
       "Health check for server b/s1 succeeded, reason: Layer7 check passed, code: 200, check "
       "duration: 7ms, status: 3/3 UP."},
  };
  for (const auto& row : rows) {
    state_.OnCheckResult(row.result);
    EXPECT_EQ(CheckLine(row.result, state_, facts_), (StateLine{SyslogLevel::kNotice, row.text}));
  }
  Reach("---");
  facts_.is_backup = true;
  EXPECT_EQ(CheckLine(kRefused, state_, facts_).text,
            "Health check for backup server b/s1 failed, reason: Layer4 connection problem, info: "
            "\"Connection refused\", check duration: 0ms, status: 0/3 DOWN.");
}

TEST(NoServerLine, NamesTheKindOfSection) {
  EXPECT_EQ(NoServerLine("b", /*is_listen=*/false),
            (StateLine{SyslogLevel::kEmerg, "backend b has no server available!"}));
  EXPECT_EQ(NoServerLine("l", /*is_listen=*/true),
            (StateLine{SyslogLevel::kEmerg, "proxy l has no server available!"}));
}

}  // namespace
}  // namespace lb::checks
