// Which control plane lbctl talks to.
#ifndef LB_CLI_ADDRESS_H_
#define LB_CLI_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::cli {

// The admin sockets below `root` ("<root>/<configuration>/admin.sock") that a process listens on.
std::vector<std::string> FindAdminSockets(const std::string& root);

// The address of the one daemon that runs below `root`. Errors: NOT_FOUND when none runs,
// INVALID_ARGUMENT when several do; the message names them.
absl::StatusOr<std::string> DefaultAddress(const std::string& root);

// Checks the form "unix:PATH" or "HOST:PORT" and gives gRPC's target.
absl::StatusOr<std::string> ParseAddress(const std::string& address);

// Whether a target of ParseAddress() cannot leave this machine: a unix socket or a loopback
// address. A name is not asked for.
bool IsOfThisHost(const std::string& target);

}  // namespace lb::cli

#endif  // LB_CLI_ADDRESS_H_
