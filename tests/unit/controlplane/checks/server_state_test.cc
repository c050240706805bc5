#include "controlplane/checks/server_state.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const CheckResult kPass{CheckStatus::kL4Ok, 0, Millis(1), ""};
const CheckResult kFailure{CheckStatus::kL4Connection, 0, Millis(0), "Connection refused"};

ServerPolicy Checked(uint32_t rise, uint32_t fall,
                     v1::InitState init_state = v1::INIT_STATE_DEFAULT) {
  ServerPolicy policy;
  policy.is_checked = true;
  policy.rise = rise;
  policy.fall = fall;
  policy.init_state = init_state;
  policy.pending_limit = seconds(5);
  return policy;
}

// Feeds '+' (a passed check) and '-' (a failed one) and returns the status text after each.
class ServerStateTest : public ::testing::Test {
 protected:
  std::vector<std::string> Feed(ServerState* state, std::string_view results) {
    std::vector<std::string> texts;
    for (char c : results) {
      last_ = state->OnCheckResult(c == '+' ? kPass : kFailure);
      texts.push_back(state->status_text());
    }
    return texts;
  }
  using Texts = std::vector<std::string>;

  FakeClock clock_;
  StateChange last_;
};

TEST_F(ServerStateTest, CountsThroughRiseAndFallAsHaproxyDoes) {
  struct Row {
    uint32_t rise, fall;
    const char* results;
    Texts texts;
  };
  const Row rows[] = {
      {3, 3, "+---", {"UP", "UP 2/3", "UP 1/3", "DOWN"}},
      {3, 3, "+---+++", {"UP", "UP 2/3", "UP 1/3", "DOWN", "DOWN 1/3", "DOWN 2/3", "UP"}},
      {3, 3, "+--+", {"UP", "UP 2/3", "UP 1/3", "UP"}},
      {3, 3, "-++-", {"DOWN", "DOWN 1/3", "DOWN 2/3", "DOWN"}},
      {2, 2, "-", {"DOWN"}},
      {1, 1, "+-+", {"UP", "DOWN", "UP"}},
      {1, 3, "-+--", {"DOWN", "UP", "UP 2/3", "UP 1/3"}},
      {2, 1, "+-+", {"UP", "DOWN", "DOWN 1/2"}},
  };
  for (const Row& row : rows) {
    ServerState state(Checked(row.rise, row.fall), clock_);
    EXPECT_EQ(Feed(&state, row.results), row.texts) << row.results;
  }
}

TEST_F(ServerStateTest, IsPendingUntilTheFirstVerdict) {
  ServerState state(Checked(2, 3), clock_);
  EXPECT_EQ(state.status(), v1::SERVER_PENDING);
  EXPECT_EQ(state.status_text(), "UP 1/3");
  EXPECT_TRUE(state.is_usable());
  EXPECT_EQ(state.ToProto().check_status(), "INI");

  Feed(&state, "+");
  EXPECT_EQ(state.status(), v1::SERVER_UP);
  EXPECT_TRUE(last_.is_status_changed);
  EXPECT_FALSE(last_.transition) << "a server that starts well is no news";
  EXPECT_FALSE(state.next_tick());
}

TEST_F(ServerStateTest, FirstFailureTakesAFreshServerDown) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "-");
  EXPECT_EQ(state.status(), v1::SERVER_DOWN);
  EXPECT_EQ(last_.transition, Transition::kDown);
  EXPECT_FALSE(state.is_usable());
}

TEST_F(ServerStateTest, IsTakenAsUpWhenNoVerdictComesInTime) {
  ServerState state(Checked(2, 3), clock_);
  ASSERT_EQ(state.next_tick(), clock_.Now() + seconds(5));
  clock_.Advance(milliseconds(4999));
  EXPECT_FALSE(state.OnTick().is_status_changed);
  EXPECT_EQ(state.status(), v1::SERVER_PENDING);

  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(state.OnTick().is_status_changed);
  EXPECT_EQ(state.status(), v1::SERVER_UP);
  EXPECT_FALSE(state.next_tick());
  EXPECT_EQ(Feed(&state, "-"), Texts{"DOWN"});
}

TEST_F(ServerStateTest, InitStateReplacesTheFirstVerdictRule) {
  struct Row {
    v1::InitState init_state;
    v1::ServerStatus status;
    const char* text;
    const char* after_pass;
    const char* after_failure;
  };
  const Row rows[] = {
      {v1::INIT_STATE_UP, v1::SERVER_UP, "UP 1/3", "UP", "DOWN"},
      {v1::INIT_STATE_FULLY_UP, v1::SERVER_UP, "UP", "UP", "UP 2/3"},
      {v1::INIT_STATE_DOWN, v1::SERVER_DOWN, "DOWN 1/2", "UP", "DOWN"},
      {v1::INIT_STATE_FULLY_DOWN, v1::SERVER_DOWN, "DOWN", "DOWN 1/2", "DOWN"},
  };
  for (const Row& row : rows) {
    ServerState passing(Checked(2, 3, row.init_state), clock_);
    EXPECT_EQ(passing.status(), row.status) << row.text;
    EXPECT_EQ(passing.status_text(), row.text);
    EXPECT_FALSE(passing.next_tick());
    EXPECT_EQ(Feed(&passing, "+"), Texts{row.after_pass});
    ServerState failing(Checked(2, 3, row.init_state), clock_);
    EXPECT_EQ(Feed(&failing, "-"), Texts{row.after_failure});
  }
}

TEST_F(ServerStateTest, CountsFailedChecksOnlyWhileUp) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+---");
  EXPECT_EQ(state.ToProto().failed_checks(), 3u);
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
  Feed(&state, "--+-");
  EXPECT_EQ(state.ToProto().failed_checks(), 3u);
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
  Feed(&state, "++-");
  EXPECT_EQ(state.ToProto().failed_checks(), 4u);
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
}

TEST_F(ServerStateTest, NotablyReportsOnlyWhatMoves) {
  ServerState state(Checked(2, 2), clock_);
  const struct {
    CheckResult result;
    bool is_notable;
  } rows[] = {{kPass, true},     {kPass, false},    {kFailure, true},
              {kFailure, true},  {kFailure, false}, {{CheckStatus::kL4Timeout}, true},
              {kFailure, true},  {kPass, true},     {kFailure, true},
              {kFailure, false}, {kPass, true},     {kPass, true},
              {kPass, false}};
  int i = 0;
  for (const auto& row : rows) {
    EXPECT_EQ(state.OnCheckResult(row.result).is_check_notable, row.is_notable) << "result " << i;
    ++i;
  }
}

TEST_F(ServerStateTest, ChoosesThePaceByHealth) {
  ServerState state(Checked(2, 2), clock_);
  EXPECT_EQ(state.pace(), Pace::kTransition);
  const std::vector<Pace> paces = {Pace::kUp,   Pace::kTransition, Pace::kDown,
                                   Pace::kDown, Pace::kTransition, Pace::kUp};
  std::string_view results = "+---++";
  for (size_t i = 0; i < paces.size(); ++i) {
    Feed(&state, results.substr(i, 1));
    EXPECT_EQ(state.pace(), paces[i]) << "after result " << i;
  }
  state.SetAdmin(AdminState::kMaint);
  EXPECT_EQ(state.pace(), Pace::kPaused);
  EXPECT_EQ(ServerState(ServerPolicy{}, clock_).pace(), Pace::kPaused);
}

TEST_F(ServerStateTest, MaintenanceHoldsAndLeavingItStartsAnew) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+");
  StateChange change = state.SetAdmin(AdminState::kMaint);
  EXPECT_EQ(change.transition, Transition::kEnterMaint);
  EXPECT_TRUE(change.was_up);
  EXPECT_TRUE(change.is_status_changed);
  EXPECT_EQ(state.status(), v1::SERVER_MAINT);
  EXPECT_EQ(state.status_text(), "MAINT");
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
  EXPECT_TRUE(state.ToProto().set_by_operator());

  EXPECT_FALSE(state.OnCheckResult(kFailure).is_shown_changed) << "a check that was under way";
  EXPECT_FALSE(state.SetHealth(OperatorHealth::kUp).is_shown_changed);

  change = state.SetAdmin(AdminState::kReady);
  EXPECT_EQ(change.transition, Transition::kLeaveMaint);
  EXPECT_EQ(state.status(), v1::SERVER_PENDING);
  EXPECT_EQ(state.status_text(), "UP 1/3");
  EXPECT_EQ(Feed(&state, "+"), Texts{"UP"});
}

TEST_F(ServerStateTest, MaintenanceOfADownServerIsNoTransitionDown) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "-");
  StateChange change = state.SetAdmin(AdminState::kMaint);
  EXPECT_FALSE(change.was_up);
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
}

TEST_F(ServerStateTest, RepeatedOrdersChangeNothing) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+");
  for (AdminState order : {AdminState::kMaint, AdminState::kDrain, AdminState::kReady}) {
    EXPECT_TRUE(state.SetAdmin(order).transition);
    StateChange again = state.SetAdmin(order);
    EXPECT_FALSE(again.transition);
    EXPECT_FALSE(again.is_status_changed);
  }
}

TEST_F(ServerStateTest, ADrainedServerIsStillChecked) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+");
  EXPECT_EQ(state.SetAdmin(AdminState::kDrain).transition, Transition::kEnterDrain);
  EXPECT_EQ(state.status(), v1::SERVER_DRAIN);
  EXPECT_FALSE(state.is_usable());
  EXPECT_EQ(Feed(&state, "---++"), (Texts{"DRAIN 2/3", "DRAIN 1/3", "DOWN", "DOWN 1/2", "DRAIN"}));
  StateChange change = state.SetAdmin(AdminState::kReady);
  EXPECT_EQ(change.transition, Transition::kLeaveDrain);
  EXPECT_TRUE(change.is_up);
  EXPECT_EQ(state.status(), v1::SERVER_UP);
}

TEST_F(ServerStateTest, MaintenanceCanBeLeftForDrain) {
  ServerState state(Checked(2, 3), clock_);
  state.SetAdmin(AdminState::kMaint);
  StateChange change = state.SetAdmin(AdminState::kDrain);
  EXPECT_EQ(change.transition, Transition::kLeaveMaint);
  EXPECT_TRUE(change.is_draining);
  EXPECT_EQ(state.status_text(), "DRAIN 1/3");
}

TEST_F(ServerStateTest, TheOperatorCanOverruleHealth) {
  ServerState state(Checked(3, 3), clock_);
  Feed(&state, "+");
  StateChange change = state.SetHealth(OperatorHealth::kDown);
  EXPECT_EQ(change.transition, Transition::kDown);
  EXPECT_TRUE(change.is_by_operator);
  EXPECT_EQ(Feed(&state, "++"), (Texts{"DOWN 1/3", "DOWN 2/3"}));
  EXPECT_EQ(state.SetHealth(OperatorHealth::kUp).transition, Transition::kUp);
  EXPECT_EQ(state.status_text(), "UP");
  EXPECT_FALSE(state.SetHealth(OperatorHealth::kUp).transition);

  EXPECT_EQ(state.SetHealth(OperatorHealth::kStopping).transition, Transition::kStopping);
  EXPECT_EQ(state.status_text(), "NOLB");
  EXPECT_EQ(state.status(), v1::SERVER_DRAIN);
  Feed(&state, "+");
  EXPECT_EQ(last_.transition, Transition::kUp) << "the next passed check ends it";
  EXPECT_EQ(state.status(), v1::SERVER_UP);
}

TEST_F(ServerStateTest, AnUncheckedServerIsUpWhateverComes) {
  ServerState state(ServerPolicy{}, clock_);
  EXPECT_EQ(state.status(), v1::SERVER_NO_CHECK);
  EXPECT_EQ(state.status_text(), "no check");
  EXPECT_EQ(state.ToProto().check_status(), "");
  Feed(&state, "---");
  EXPECT_EQ(state.status_text(), "no check");
  state.SetHealth(OperatorHealth::kDown);
  EXPECT_EQ(state.status_text(), "DOWN");
  state.SetHealth(OperatorHealth::kUp);
  state.SetAdmin(AdminState::kDrain);
  EXPECT_EQ(state.status_text(), "DRAIN");
}

TEST_F(ServerStateTest, ADisabledServerStartsInMaintenance) {
  ServerPolicy policy = Checked(2, 3);
  policy.is_disabled = true;
  ServerState state(policy, clock_);
  EXPECT_EQ(state.status(), v1::SERVER_MAINT);
  EXPECT_FALSE(state.next_tick());
  EXPECT_FALSE(state.is_set_by_operator());

  EXPECT_EQ(state.SetAdmin(AdminState::kReady).transition, Transition::kLeaveMaint);
  EXPECT_TRUE(state.is_set_by_operator());
  EXPECT_TRUE(state.next_tick());
  EXPECT_EQ(state.LiftAdmin().transition, Transition::kEnterMaint);
}

TEST_F(ServerStateTest, CountsDownTimeOfFailuresAndMaintenance) {
  ServerState state(Checked(1, 1), clock_);
  Feed(&state, "+");
  clock_.Advance(seconds(10));
  Feed(&state, "-");
  const int64_t went_down = state.ToProto().last_change_unix_ms();
  clock_.Advance(seconds(7));
  // Who reads it adds the time since the last change.
  EXPECT_EQ(state.ToProto().downtime_seconds(), 0u);
  state.SetAdmin(AdminState::kMaint);
  clock_.Advance(seconds(5));
  EXPECT_EQ(state.ToProto().downtime_seconds(), 7u);
  EXPECT_EQ(state.ToProto().down_transitions(), 1u);
  state.SetAdmin(AdminState::kReady);
  clock_.Advance(seconds(100));
  EXPECT_EQ(state.ToProto().downtime_seconds(), 12u);
  EXPECT_EQ(state.ToProto().last_change_unix_ms(), went_down + 12'000);
}

TEST_F(ServerStateTest, DownTimeGoesOnOverARestart) {
  ServerState state(Checked(1, 1), clock_);
  Feed(&state, "+");
  Feed(&state, "-");
  clock_.Advance(seconds(7));
  const v1::ServerState saved = state.ToProto();
  clock_.Advance(seconds(4));
  ServerState again(Checked(1, 1), clock_);
  again.Restore(saved);
  EXPECT_EQ(again.ToProto().downtime_seconds(), 0u);
  EXPECT_EQ(again.ToProto().last_change_unix_ms(), saved.last_change_unix_ms());
  clock_.Advance(seconds(2));
  Feed(&again, "+");
  EXPECT_EQ(again.ToProto().downtime_seconds(), 13u);
}

TEST_F(ServerStateTest, WeightIsTheOperatorsUntilLifted) {
  ServerPolicy policy = Checked(2, 3);
  policy.weight = 10;
  ServerState state(policy, clock_);
  EXPECT_TRUE(state.SetWeight(0).is_status_changed);
  EXPECT_FALSE(state.is_usable());
  policy.weight = 20;
  EXPECT_FALSE(state.Reconfigure(policy).is_status_changed);
  EXPECT_EQ(state.ToProto().weight(), 0u);
  EXPECT_TRUE(state.LiftWeight().is_status_changed);
  EXPECT_EQ(state.ToProto().weight(), 20u);
}

TEST_F(ServerStateTest, ANewConfigurationKeepsHealth) {
  struct Row {
    const char* results;
    uint32_t rise, fall;
    const char* text;
  };
  const Row rows[] = {{"+", 5, 7, "UP"},         {"+--", 2, 2, "UP 1/2"},   {"+-", 3, 2, "UP"},
                      {"-++", 2, 3, "DOWN 1/2"}, {"-++", 5, 3, "DOWN 2/5"}, {"-", 1, 1, "DOWN"}};
  for (const Row& row : rows) {
    ServerState state(Checked(3, 3), clock_);
    Feed(&state, row.results);
    StateChange change = state.Reconfigure(Checked(row.rise, row.fall));
    EXPECT_FALSE(change.transition) << row.results;
    EXPECT_FALSE(change.is_status_changed) << row.results;
    EXPECT_EQ(state.status_text(), row.text) << row.results;
  }
}

TEST_F(ServerStateTest, GainingACheckStartsAnewAndLosingItEndsIt) {
  ServerState state(ServerPolicy{}, clock_);
  EXPECT_TRUE(state.Reconfigure(Checked(2, 3)).is_status_changed);
  EXPECT_EQ(state.status(), v1::SERVER_PENDING);
  Feed(&state, "-");
  EXPECT_TRUE(state.Reconfigure(ServerPolicy{}).is_status_changed);
  EXPECT_EQ(state.status(), v1::SERVER_NO_CHECK);
}

TEST_F(ServerStateTest, ConfiguredDisableAndEnableTakeEffectOnPush) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+");
  ServerPolicy disabled = Checked(2, 3);
  disabled.is_disabled = true;
  EXPECT_EQ(state.Reconfigure(disabled).transition, Transition::kEnterMaint);
  EXPECT_EQ(state.Reconfigure(Checked(2, 3)).transition, Transition::kLeaveMaint);
}

TEST_F(ServerStateTest, GoesOnFromWhatAnEarlierRunSaid) {
  ServerState before(Checked(2, 3), clock_);
  Feed(&before, "+---+");
  clock_.Advance(seconds(30));
  const v1::ServerState saved = before.ToProto();

  ServerState after(Checked(2, 3), clock_);
  after.Restore(saved);
  EXPECT_EQ(after.status(), v1::SERVER_DOWN);
  EXPECT_FALSE(after.next_tick());
  EXPECT_EQ(after.ToProto().SerializeAsString(), saved.SerializeAsString());
  EXPECT_EQ(Feed(&after, "+"), Texts{"UP"});
}

TEST_F(ServerStateTest, RestoringWithoutAVerdictLeavesItPending) {
  ServerState before(Checked(2, 3), clock_);
  ServerState after(Checked(2, 3), clock_);
  after.Restore(before.ToProto());
  EXPECT_EQ(after.status(), v1::SERVER_PENDING);
}

TEST_F(ServerStateTest, RestoresMaintenanceWithoutCountingItAgain) {
  ServerState before(Checked(2, 3), clock_);
  Feed(&before, "+");
  before.SetAdmin(AdminState::kMaint);
  ServerState after(Checked(2, 3), clock_);
  after.SetAdmin(AdminState::kMaint);
  after.Restore(before.ToProto());
  EXPECT_EQ(after.status(), v1::SERVER_MAINT);
  EXPECT_EQ(after.ToProto().down_transitions(), 1u);
}

TEST_F(ServerStateTest, ClearsCounters) {
  ServerState state(Checked(2, 3), clock_);
  Feed(&state, "+---");
  state.ClearCounters();
  EXPECT_EQ(state.ToProto().failed_checks(), 0u);
  EXPECT_EQ(state.ToProto().down_transitions(), 0u);
}

TEST(ServerPolicy, IsReadFromASnapshotsServer) {
  v1::Server server;
  server.set_weight(7);
  EXPECT_FALSE(ServerPolicy::Of(server).is_checked);
  v1::HealthCheck* check = server.mutable_health_check();
  check->set_rise(4);
  check->set_fall(5);
  check->set_inter_ms(300);
  ServerPolicy policy = ServerPolicy::Of(server);
  EXPECT_TRUE(policy.is_checked);
  EXPECT_EQ(policy.rise, 4u);
  EXPECT_EQ(policy.fall, 5u);
  EXPECT_EQ(policy.weight, 7u);
  EXPECT_EQ(policy.pending_limit, Millis(300));
  check->set_check_timeout_ms(5000);
  EXPECT_EQ(ServerPolicy::Of(server).pending_limit, Millis(5000));
}

}  // namespace
}  // namespace lb::checks
