// ServerState: what the control plane holds to be true of one server: its health by checks, what
// the operator has ordered, and the counters shown of both. Pure but for the clock; no I/O.
// Owned by the controller; lives on its loop's thread.
//
// Health is one counter, from 0 to rise + fall - 1; the server is up from `rise` on:
//
//   0 .......... rise-1 | rise ........... rise+fall-1
//   "DOWN" "DOWN 1/rise" | "UP 1/fall" .......... "UP"
//   success: +1; from `rise` on, straight to the top
//   failure: -1; below `rise`, straight to the bottom
//
// A server with a check starts at `rise`, as in HAProxy, but is PENDING: data planes send it
// nothing until the first verdict, or until the pending limit has passed without one. `init-state`
// replaces that rule. Leaving maintenance starts the server anew in the same way.
//
// Every input returns what changed. The caller pushes to data planes when `is_status_changed`,
// refreshes what is shown when `is_shown_changed`, and logs `transition` (see state_lines.h).
// After every input the caller asks pace() for the engine and next_tick() for a timer.
#ifndef LB_CONTROLPLANE_CHECKS_SERVER_STATE_H_
#define LB_CONTROLPLANE_CHECKS_SERVER_STATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "controlplane/checks/check_result.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::checks {

// Which of a server's intervals its next check follows.
enum class Pace : uint8_t {
  kUp,          // "inter"
  kTransition,  // "fastinter"
  kDown,        // "downinter"
  kPaused,      // no checks: maintenance, or none configured
};

enum class AdminState : uint8_t { kReady, kDrain, kMaint };

// "set server b/s health ...": put the server there as if checks had.
enum class OperatorHealth : uint8_t { kUp, kStopping, kDown };

// What the log and the history say has happened.
enum class Transition : uint8_t {
  kUp,          // by checks or health command
  kDown,        // by checks or health command
  kStopping,    // by health command: takes no new sessions until the next passed check
  kEnterMaint,  // from any state but maintenance
  kLeaveMaint,  // to ready or drain
  kEnterDrain,
  kLeaveDrain,
};

struct StateChange {
  bool is_status_changed = false;  // what data planes must know: status or weight
  bool is_shown_changed = false;   // anything ToProto() returns
  std::optional<Transition> transition;
  // "option log-health-checks" writes a line about this result (see CheckLine in state_lines.h).
  bool is_check_notable = false;

  // Facts of the moment of the transition, for its log line.
  bool was_up = false;          // by health, just before
  bool was_stopping = false;    // just before: drained, or stopping by a health command
  bool is_up = false;           // by health, just after
  bool is_draining = false;     // just after
  bool is_by_operator = false;  // "changed from CLI" instead of a check's reason
};

// The part of a server's configuration that its state depends on.
struct ServerPolicy {
  bool is_checked = false;
  uint32_t rise = 2;
  uint32_t fall = 3;
  v1::InitState init_state = v1::INIT_STATE_DEFAULT;
  Millis pending_limit{2000};  // "timeout check", or "inter" without it
  bool is_disabled = false;    // "disabled"
  uint32_t weight = 1;

  // From a snapshot's server, health check included.
  static ServerPolicy Of(const v1::Server& server);
  friend bool operator==(const ServerPolicy&, const ServerPolicy&) = default;
};

class ServerState {
 public:
  // `clock` outlives the state.
  ServerState(const ServerPolicy& policy, const Clock& clock);

  // --- Inputs.

  // One check has ended. Without effect in maintenance or when no check is configured (the check
  // was under way when that came about).
  StateChange OnCheckResult(const CheckResult& result);
  // The time of next_tick() has come; harmless when it has not.
  StateChange OnTick();
  // The operator's order; it holds until LiftAdmin(), whatever the configuration says.
  StateChange SetAdmin(AdminState state);
  // The configuration's word counts again.
  StateChange LiftAdmin();
  // Without effect in maintenance.
  StateChange SetHealth(OperatorHealth health);
  // 0 to 256; it holds until LiftWeight().
  StateChange SetWeight(uint32_t weight);
  StateChange LiftWeight();
  // A new configuration. Health is kept (its distance from the threshold at most that of the new
  // rise and fall); a server that gains a check starts anew.
  StateChange Reconfigure(const ServerPolicy& policy);
  // "clear counters all".
  StateChange ClearCounters();

  // --- Restart of the control plane: what ToProto() of an earlier run said. Health, counters and
  // last check go on from there; a verdict of then is a verdict now. Give back the operator's
  // orders first, by SetAdmin() and SetWeight(), and log nothing of it.
  void Restore(const v1::ServerState& saved);

  // --- What is.

  // Status, weight, status text, check fields and counters. The caller adds what it alone knows:
  // id, address, maxconn, shutdown_generation.
  v1::ServerState ToProto() const;

  v1::ServerStatus status() const;
  // "UP", "UP 1/3", "DOWN", "DOWN 1/2", "DRAIN", "DRAIN 2/3", "NOLB", "MAINT", "no check".
  std::string status_text() const;
  bool is_up() const;  // by health alone
  bool is_pending() const { return pending_until_.has_value(); }
  // Counted among a backend's active (or backup) servers: able to take a new session.
  bool is_usable() const;
  AdminState admin() const;
  bool is_set_by_operator() const { return ordered_admin_ || ordered_weight_; }
  uint32_t weight() const { return ordered_weight_.value_or(policy_.weight); }
  const ServerPolicy& policy() const { return policy_; }
  uint32_t health() const { return health_; }
  const CheckResult& last_result() const { return last_result_; }

  Pace pace() const;
  // When OnTick() wants to be called; nullopt: not at all.
  std::optional<SteadyTime> next_tick() const { return pending_until_; }

 private:
  // What a change is measured against.
  struct Before {
    v1::ServerStatus status;
    AdminState admin;
    uint32_t weight;
    bool is_up;
    bool is_stopping;
    bool is_down;  // counted as down time
  };

  uint32_t top() const { return policy_.rise + policy_.fall - 1; }
  bool is_out() const { return admin() == AdminState::kMaint || !is_up(); }
  Before Snapshot() const;
  void StartAnew();
  void Succeed();
  void Fail();
  // Puts what follows from a changed admin() in place; `before` is from before that.
  StateChange FollowAdmin(const Before& before);
  // Counts down times and transitions, and says what differs from `before`.
  StateChange Finish(const Before& before, std::optional<Transition> transition);

  ServerPolicy policy_;
  const Clock& clock_;

  uint32_t health_ = 0;
  bool is_stopping_ = false;
  std::optional<SteadyTime> pending_until_;
  std::optional<AdminState> ordered_admin_;
  std::optional<uint32_t> ordered_weight_;

  CheckResult last_result_;
  uint64_t failed_checks_ = 0;
  uint64_t down_transitions_ = 0;
  WallTime last_change_;
  Nanos ended_downtime_{0};
  SteadyTime down_since_;  // the moment of last_change_; counts while is_out()
};

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_SERVER_STATE_H_
