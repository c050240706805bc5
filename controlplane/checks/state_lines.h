// The log lines about servers' states and health checks, word for word as HAProxy writes them,
// since alert rules match on them. Pure; any thread.
#ifndef LB_CONTROLPLANE_CHECKS_STATE_LINES_H_
#define LB_CONTROLPLANE_CHECKS_STATE_LINES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/syslog.h"
#include "controlplane/checks/check_result.h"
#include "controlplane/checks/server_state.h"

namespace lb::checks {

struct StateLine {
  net::SyslogLevel level = net::SyslogLevel::kNotice;
  std::string text;
  friend bool operator==(const StateLine&, const StateLine&) = default;
};

// What the state of one server does not know.
struct LineFacts {
  std::string backend;
  std::string server;
  bool is_backup = false;
  bool logs_health_checks = false;  // "option log-health-checks" of the backend
  // After the change, in the backend: usable servers (see ServerState::is_usable).
  uint32_t active_servers = 0;
  uint32_t backup_servers = 0;
  // Of this server.
  uint32_t sessions = 0;  // still active
  uint32_t requeued = 0;  // moved from the server's queue to the backend's
  uint32_t in_queue = 0;  // left in the backend's queue
};

// The lines of one change; empty when it has no transition. `result` is the check that made the
// change (state.last_result()); it is not looked at when an operator made it.
std::vector<StateLine> StateLines(const StateChange& change, const CheckResult& result,
                                  const LineFacts& facts);

// "Health check for server b/s failed, reason: ..., status: 2/3 UP.": one line for every notable
// result (StateChange::is_check_notable) under "option log-health-checks". `after` has already
// taken the result in.
StateLine CheckLine(const CheckResult& result, const ServerState& after, const LineFacts& facts);

// "backend b has no server available!", "proxy l has no server available!" for a listen section.
// To be logged when a backend's last usable server goes.
StateLine NoServerLine(std::string_view backend, bool is_listen);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_STATE_LINES_H_
