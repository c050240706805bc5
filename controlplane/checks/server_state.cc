#include "controlplane/checks/server_state.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace lb::checks {
namespace {

int64_t UnixMillis(WallTime time) {
  return std::chrono::duration_cast<Millis>(time.time_since_epoch()).count();
}

}  // namespace

ServerPolicy ServerPolicy::Of(const v1::Server& server) {
  ServerPolicy policy;
  policy.is_disabled = server.disabled();
  policy.weight = server.weight();
  if (!server.has_health_check()) return policy;
  const v1::HealthCheck& check = server.health_check();
  policy.is_checked = true;
  // A snapshot always says; a rise or fall of 0 would make the counter meaningless.
  policy.rise = std::max(check.rise(), 1u);
  policy.fall = std::max(check.fall(), 1u);
  policy.init_state = check.init_state();
  policy.pending_limit =
      Millis(check.check_timeout_ms() != 0 ? check.check_timeout_ms() : check.inter_ms());
  return policy;
}

ServerState::ServerState(const ServerPolicy& policy, const Clock& clock)
    : policy_(policy), clock_(clock), last_change_(clock.WallNow()), down_since_(clock.Now()) {
  if (policy_.is_checked) last_result_.status = CheckStatus::kInitial;
  StartAnew();
}

// Source: HAProxy configuration manual (3.1), "init-state".
void ServerState::StartAnew() {
  is_stopping_ = false;
  pending_until_.reset();
  health_ = top();
  if (!policy_.is_checked) return;
  switch (policy_.init_state) {
    case v1::INIT_STATE_FULLY_UP:
      return;
    case v1::INIT_STATE_DOWN:
      health_ = policy_.rise - 1;
      return;
    case v1::INIT_STATE_FULLY_DOWN:
      health_ = 0;
      return;
    case v1::INIT_STATE_UP:
      health_ = policy_.rise;
      return;
    default:
      health_ = policy_.rise;
      if (admin() != AdminState::kMaint) pending_until_ = clock_.Now() + policy_.pending_limit;
      return;
  }
}

void ServerState::Succeed() {
  is_stopping_ = false;
  if (health_ < top()) ++health_;
  if (health_ >= policy_.rise) health_ = top();
}

void ServerState::Fail() { health_ = health_ > policy_.rise ? health_ - 1 : 0; }

StateChange ServerState::OnCheckResult(const CheckResult& result) {
  if (!policy_.is_checked || admin() == AdminState::kMaint) return {};
  const Before before = Snapshot();
  const uint32_t health_before = health_;
  pending_until_.reset();
  if (result.passed()) {
    Succeed();
  } else {
    if (is_up()) ++failed_checks_;
    Fail();
  }
  const bool is_new_status = result.status != last_result_.status;
  last_result_ = result;
  std::optional<Transition> transition;
  if (before.is_up != is_up()) transition = is_up() ? Transition::kUp : Transition::kDown;
  if (before.is_stopping && !is_stopping_ && is_up()) transition = Transition::kUp;
  StateChange change = Finish(before, transition);
  change.is_shown_changed = true;
  change.is_check_notable = is_new_status || health_ != health_before;
  return change;
}

StateChange ServerState::OnTick() {
  if (!pending_until_ || clock_.Now() < *pending_until_) return {};
  const Before before = Snapshot();
  pending_until_.reset();
  return Finish(before, std::nullopt);
}

StateChange ServerState::SetAdmin(AdminState state) {
  const Before before = Snapshot();
  ordered_admin_ = state;
  StateChange change = FollowAdmin(before);
  change.is_shown_changed = true;
  return change;
}

StateChange ServerState::LiftAdmin() {
  const Before before = Snapshot();
  ordered_admin_.reset();
  StateChange change = FollowAdmin(before);
  change.is_shown_changed = true;
  return change;
}

StateChange ServerState::FollowAdmin(const Before& before) {
  if (before.admin == admin()) return Finish(before, std::nullopt);
  if (admin() == AdminState::kMaint) {
    pending_until_.reset();
    is_stopping_ = false;
    return Finish(before, Transition::kEnterMaint);
  }
  if (before.admin == AdminState::kMaint) {
    StartAnew();
    return Finish(before, Transition::kLeaveMaint);
  }
  return Finish(before,
                admin() == AdminState::kDrain ? Transition::kEnterDrain : Transition::kLeaveDrain);
}

StateChange ServerState::SetHealth(OperatorHealth health) {
  if (admin() == AdminState::kMaint) return {};
  const Before before = Snapshot();
  pending_until_.reset();
  is_stopping_ = health == OperatorHealth::kStopping;
  health_ = health == OperatorHealth::kDown ? 0 : top();
  std::optional<Transition> transition;
  if (!is_up()) {
    if (before.is_up) transition = Transition::kDown;
  } else if (is_stopping_) {
    if (!before.is_stopping) transition = Transition::kStopping;
  } else if (!before.is_up || before.is_stopping) {
    transition = Transition::kUp;
  }
  StateChange change = Finish(before, transition);
  change.is_shown_changed = true;
  change.is_by_operator = true;
  return change;
}

StateChange ServerState::SetWeight(uint32_t weight) {
  const Before before = Snapshot();
  ordered_weight_ = weight;
  StateChange change = Finish(before, std::nullopt);
  change.is_shown_changed = true;
  return change;
}

StateChange ServerState::LiftWeight() {
  const Before before = Snapshot();
  ordered_weight_.reset();
  StateChange change = Finish(before, std::nullopt);
  change.is_shown_changed = true;
  return change;
}

StateChange ServerState::Reconfigure(const ServerPolicy& policy) {
  if (policy == policy_) return {};
  const Before before = Snapshot();
  const bool was_top = health_ == top();
  const uint32_t above_rise = health_ >= policy_.rise ? health_ - policy_.rise : 0;
  const bool starts_anew = policy.is_checked != policy_.is_checked;
  policy_ = policy;
  if (starts_anew) {
    last_result_ = CheckResult{};
    if (policy_.is_checked) last_result_.status = CheckStatus::kInitial;
    StartAnew();
  } else if (was_top) {
    health_ = top();
  } else if (before.is_up) {
    health_ = std::min(policy_.rise + above_rise, top());
  } else {
    health_ = std::min(health_, policy_.rise - 1);
  }
  StateChange change = FollowAdmin(before);
  change.is_shown_changed = true;
  return change;
}

StateChange ServerState::ClearCounters() {
  failed_checks_ = 0;
  down_transitions_ = 0;
  StateChange change;
  change.is_shown_changed = true;
  return change;
}

ServerState::Before ServerState::Snapshot() const {
  return {status(), admin(), weight(), is_up(), is_stopping_, is_out()};
}

StateChange ServerState::Finish(const Before& before, std::optional<Transition> transition) {
  if (transition || before.is_down != is_out()) {
    // Down time is told up to the last change, also when that goes from down to maintenance.
    if (before.is_down) ended_downtime_ += clock_.Now() - down_since_;
    if (!before.is_down && is_out()) ++down_transitions_;
    last_change_ = clock_.WallNow();
    down_since_ = clock_.Now();
  }
  StateChange change;
  change.is_status_changed = status() != before.status || weight() != before.weight;
  change.is_shown_changed = change.is_status_changed || transition.has_value();
  change.transition = transition;
  change.was_up = before.is_up;
  change.was_stopping = before.is_stopping || before.admin == AdminState::kDrain;
  change.is_up = is_up();
  change.is_draining = admin() == AdminState::kDrain;
  return change;
}

void ServerState::Restore(const v1::ServerState& saved) {
  failed_checks_ = saved.failed_checks();
  down_transitions_ = saved.down_transitions();
  ended_downtime_ = std::chrono::seconds(saved.downtime_seconds());
  if (saved.last_change_unix_ms() != 0) {
    last_change_ = WallTime(Millis(saved.last_change_unix_ms()));
    // A clock that was set back in between makes no negative time.
    down_since_ -= std::max<Nanos>(clock_.WallNow() - last_change_, Nanos(0));
  }
  const std::optional<CheckStatus> status = ParseCheckStatus(saved.check_status());
  const bool has_verdict = status && *status != CheckStatus::kInitial &&
                           *status != CheckStatus::kUnknown && saved.status() != v1::SERVER_PENDING;
  if (!policy_.is_checked || !has_verdict || admin() == AdminState::kMaint) return;
  pending_until_.reset();
  last_result_ = {*status, static_cast<int>(saved.check_code()), Millis(saved.check_duration_ms()),
                  saved.last_check()};
  const bool was_up = saved.check_health() >= saved.check_rise();
  health_ = was_up ? std::clamp(saved.check_health(), policy_.rise, top())
                   : std::min(saved.check_health(), policy_.rise - 1);
}

v1::ServerState ServerState::ToProto() const {
  v1::ServerState out;
  out.set_status(status());
  out.set_weight(weight());
  out.set_set_by_operator(is_set_by_operator());
  out.set_status_text(status_text());
  out.set_failed_checks(failed_checks_);
  out.set_down_transitions(down_transitions_);
  out.set_last_change_unix_ms(UnixMillis(last_change_));
  out.set_downtime_seconds(static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(ended_downtime_).count()));
  if (!policy_.is_checked) return out;
  out.set_check_status(std::string(CodeOf(last_result_.status)));
  out.set_check_code(static_cast<uint32_t>(last_result_.code));
  out.set_check_duration_ms(static_cast<uint64_t>(last_result_.duration.count()));
  out.set_last_check(last_result_.info);
  out.set_check_rise(policy_.rise);
  out.set_check_fall(policy_.fall);
  out.set_check_health(health_);
  return out;
}

bool ServerState::is_up() const { return health_ >= policy_.rise; }

AdminState ServerState::admin() const {
  return ordered_admin_.value_or(policy_.is_disabled ? AdminState::kMaint : AdminState::kReady);
}

v1::ServerStatus ServerState::status() const {
  if (admin() == AdminState::kMaint) return v1::SERVER_MAINT;
  if (!is_up()) return v1::SERVER_DOWN;
  if (admin() == AdminState::kDrain || is_stopping_) return v1::SERVER_DRAIN;
  if (is_pending()) return v1::SERVER_PENDING;
  return policy_.is_checked ? v1::SERVER_UP : v1::SERVER_NO_CHECK;
}

bool ServerState::is_usable() const {
  const v1::ServerStatus now = status();
  return weight() > 0 &&
         (now == v1::SERVER_UP || now == v1::SERVER_NO_CHECK || now == v1::SERVER_PENDING);
}

std::string ServerState::status_text() const {
  if (admin() == AdminState::kMaint) return "MAINT";
  if (!is_up()) return health_ == 0 ? "DOWN" : absl::StrCat("DOWN ", health_, "/", policy_.rise);
  std::string text = "UP";
  if (is_stopping_) {
    text = "NOLB";
  } else if (admin() == AdminState::kDrain) {
    text = "DRAIN";
  } else if (!policy_.is_checked) {
    return "no check";
  }
  if (health_ < top()) absl::StrAppend(&text, " ", health_ - policy_.rise + 1, "/", policy_.fall);
  return text;
}

Pace ServerState::pace() const {
  if (!policy_.is_checked || admin() == AdminState::kMaint) return Pace::kPaused;
  if (health_ == top()) return Pace::kUp;
  return health_ == 0 ? Pace::kDown : Pace::kTransition;
}

}  // namespace lb::checks
