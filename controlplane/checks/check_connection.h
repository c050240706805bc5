// CheckConnection: one connection of one check, with everything that has arrived on it.
// Lives in a check's coroutine; loop thread only.
#ifndef LB_CONTROLPLANE_CHECKS_CHECK_CONNECTION_H_
#define LB_CONTROLPLANE_CHECKS_CHECK_CONNECTION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/event/event_loop.h"
#include "common/event/task.h"
#include "common/net/stream.h"
#include "controlplane/checks/check_result.h"
#include "controlplane/checks/child_process.h"
#include "controlplane/checks/target.h"

namespace lb::checks {

// What every kind of check is given. The target outlives the check.
struct CheckContext {
  event::EventLoop* loop = nullptr;
  const Target* target = nullptr;
  SteadyTime start;
  ChildGraveyard* graveyard = nullptr;
  uint32_t current_connections = 0;
};

// How much of an answer is looked at, head and body together.
// Source: HAProxy configuration manual, "http-check expect" ("tune.bufsize").
inline constexpr size_t kMaxAnswerBytes = 16384;

struct CheckConnection {
  explicit CheckConnection(event::EventLoop* l) : loop(l) {}

  event::EventLoop* loop;
  std::optional<net::Stream> stream;
  std::string received;
  bool is_closed = false;  // by the server
  SteadyTime answer_deadline;

  bool is_full() const { return received.size() >= kMaxAnswerBytes; }
};

enum class Arrival : uint8_t { kMore, kClosed, kTimeout, kError };

// Connects to `address` within the check's connect deadline and sends the PROXY line if the
// target has one, then does the TLS handshake if it is to. Returns a result with status L4OK, L6OK,
// L4CON, L4TOUT, L6RSP, L6TOUT or SOCKERR.
event::Task<CheckResult> Connect(CheckConnection* connection, const CheckContext* context,
                                 std::string address);

// Sends all of `bytes` before the answer deadline. False: timed out or failed; what the server
// said before it closed may still be read.
event::Task<bool> Send(CheckConnection* connection, std::string_view bytes);

// Waits for bytes and adds them to `received`, at most up to kMaxAnswerBytes in all. kError: the
// connection broke; `info` gets the reason.
event::Task<Arrival> Receive(CheckConnection* connection, std::string* info);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_CHECK_CONNECTION_H_
