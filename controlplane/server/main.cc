// lbcontrold: the control plane's program.
//
// SIGTERM, SIGINT, SIGUSR1: end; data planes keep serving what they have.
// SIGHUP: read the files again and apply them.
#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/logger.h"
#include "controlplane/server/control_plane.h"
#include "controlplane/server/daemon.h"
#include "controlplane/server/options.h"
#include "controlplane/server/signals.h"
#include "controlplane/server/start_up.h"

namespace lb::control {
namespace {

ProgramFacts Facts() {
  ProgramFacts program;
  program.name = "lbcontrold";
  program.description = "the control plane of lb; data planes (lbproxyd) connect to it";
  program.version = LB_VERSION;
  program.default_listen = "127.0.0.1:9901";
  return program;
}

int Fail(const absl::Status& status) {
  LB_LOG(kError) << status.message();
  return 1;
}

int Main(const std::vector<std::string>& arguments) {
  const ProgramFacts program = Facts();
  StartUp start = PrepareStart(program, arguments);
  if (start.exit_status.has_value()) return *start.exit_status;
  const ControlOptions& options = start.options;
  ControlPlane control(program, options);
  if (absl::Status status = control.Start(); !status.ok()) return Fail(status);
  const std::string pid_file =
      options.pid_file.empty() ? control.settings().pidfile : options.pid_file;
  if (!pid_file.empty()) {
    if (absl::Status status = WritePidFile(pid_file); !status.ok()) {
      LB_LOG(kWarning) << status.message();
    }
  }
  bool is_ending = false;
  SignalWatch signals(control.loop(), [&](int signal) {
    if (signal == SIGHUP) {
      control.Reload();
    } else if (!std::exchange(is_ending, true)) {
      LB_LOG(kNotice) << "stopping";
      if (options.notifies_systemd) NotifySystemd("STOPPING=1");
      control.ShutDown([&] { control.loop()->Stop(); });
    }
  });
  if (options.notifies_systemd) NotifySystemd("READY=1");
  start.daemon.ReportReady();
  control.loop()->Run();
  return 0;
}

}  // namespace
}  // namespace lb::control

int main(int argc, char** argv) {
  return lb::control::Main(std::vector<std::string>(argv + 1, argv + argc));
}
