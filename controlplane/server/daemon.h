// The program's place among the operating system's others: background, pid file, systemd.
#ifndef LB_CONTROLPLANE_SERVER_DAEMON_H_
#define LB_CONTROLPLANE_SERVER_DAEMON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "common/base/unique_fd.h"

namespace lb::control {

// The child's way to let its parent go.
class Daemon {
 public:
  // Forks. The parent never returns: it exits with 0 once the child has called ReportReady(), or
  // with the child's status when that ends before. Call before any thread is started.
  static Daemon Fork();

  Daemon() = default;  // in the foreground: ReportReady() does nothing

  // Leaves the terminal's descriptors, and lets the parent exit.
  void ReportReady();

 private:
  explicit Daemon(UniqueFd parent) : parent_(std::move(parent)) {}

  UniqueFd parent_;
};

// Errors name the file.
absl::Status WritePidFile(const std::string& path);

// Sends `state` ("READY=1") to the service manager named by $NOTIFY_SOCKET; without one, nothing.
// Source: sd_notify(3).
void NotifySystemd(std::string_view state);

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_DAEMON_H_
