// lbd: both planes in one process, joined by an in-process gRPC channel. The main thread is the
// control plane's; the data plane has a thread of its own, and its workers.
//
// SIGTERM, SIGINT: stop accepting, let sessions end for --drain-timeout, then end them; a second
// one does not wait. SIGUSR1: stop when the last session has ended. SIGHUP: read the files again
// and apply them.
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/logger.h"
#include "controlplane/server/control_plane.h"
#include "controlplane/server/daemon.h"
#include "controlplane/server/options.h"
#include "controlplane/server/signals.h"
#include "controlplane/server/start_up.h"
#include "standalone/traffic_thread.h"

namespace lb::standalone {
namespace {

control::ProgramFacts Facts() {
  control::ProgramFacts program;
  program.name = "lbd";
  program.description = "a load balancer: both planes of lb in one process";
  program.version = LB_VERSION;
  program.carries_traffic = true;
  return program;
}

// "frontend www, bind *:80: Address already in use" as HAProxy words it.
std::string StartFailure(const std::string& why) {
  const size_t bind = why.find(", bind ");
  const size_t colon = bind == std::string::npos ? bind : why.find(": ", bind);
  if (colon == std::string::npos) return absl::StrCat("cannot start: ", why);
  const size_t address = bind + sizeof(", bind ") - 1;
  return absl::StrCat("Starting ", why.substr(0, bind), ": cannot bind socket (",
                      why.substr(colon + 2), ") [", why.substr(address, colon - address), "]");
}

// The program's life: starting, serving, ending.
class Program {
 public:
  Program(const control::ProgramFacts& facts, const control::ControlOptions& options,
          control::Daemon daemon)
      : options_(options), daemon_(std::move(daemon)), control_(facts, options) {}

  int Run() {
    if (absl::Status status = control_.Start(); !status.ok()) return Fail(status);
    service::Controller& controller = control_.controller();
    controller.SetServingObserver([this](const std::string&) { OnServing(); });
    controller.SetRefusalObserver(
        [this](const std::string&, const std::string& why) { OnRefused(why); });
    absl::StatusOr<std::unique_ptr<TrafficThread>> traffic =
        TrafficThread::Start(control_.InProcessChannel(), control_.loop(), [this] { OnEnded(); });
    if (!traffic.ok()) {
      control_.ShutDown([this] { control_.loop()->Stop(); });
      control_.loop()->Run();
      return Fail(traffic.status());
    }
    traffic_ = *std::move(traffic);
    control::SignalWatch signals(control_.loop(), [this](int signal) { OnSignal(signal); });
    control_.loop()->Run();
    return exit_status_;
  }

 private:
  static int Fail(const absl::Status& status) {
    LB_LOG(kError) << status.message();
    return 1;
  }

  // The first revision serves on every worker: the program is up.
  void OnServing() {
    if (std::exchange(is_up_, true)) return;
    const std::string& from_file = control_.settings().pidfile;
    const std::string& pid_file = options_.pid_file.empty() ? from_file : options_.pid_file;
    if (!pid_file.empty()) {
      if (absl::Status status = control::WritePidFile(pid_file); !status.ok()) {
        LB_LOG(kWarning) << status.message();
      }
    }
    if (options_.notifies_systemd) control::NotifySystemd("READY=1");
    daemon_.ReportReady();
  }

  // A configuration that cannot be served ends a start; later the one before goes on serving.
  void OnRefused(const std::string& why) {
    if (is_up_ || is_ending_) return;
    LB_LOG(kError) << StartFailure(why);
    control_.controller().revisions().RefuseStart(why);
    control_.controller().ExpectLosses();
    exit_status_ = 1;
    is_ending_ = true;
    traffic_->StopNow();
  }

  void OnSignal(int signal) {
    if (signal == SIGHUP) {
      control_.Reload();
      return;
    }
    if (options_.notifies_systemd) control::NotifySystemd("STOPPING=1");
    control_.controller().ExpectLosses();
    if (signal == SIGUSR1) {
      LB_LOG(kNotice) << "stopping when the last session has ended";
      traffic_->Drain(std::nullopt);
    } else if (!std::exchange(is_ending_, true)) {
      LB_LOG(kNotice) << "stopping";
      traffic_->Drain(options_.drain_timeout);
    } else {
      traffic_->StopNow();
    }
  }

  // The data plane has ended; the control plane has nothing left to do.
  void OnEnded() {
    control_.ShutDown([this] { control_.loop()->Stop(); });
  }

  const control::ControlOptions& options_;
  control::Daemon daemon_;
  control::ControlPlane control_;
  std::unique_ptr<TrafficThread> traffic_;
  bool is_up_ = false;
  bool is_ending_ = false;
  int exit_status_ = 0;
};

int Main(const std::vector<std::string>& arguments) {
  const control::ProgramFacts facts = Facts();
  control::StartUp start = control::PrepareStart(facts, arguments);
  if (start.exit_status.has_value()) return *start.exit_status;
  return Program(facts, start.options, std::move(start.daemon)).Run();
}

}  // namespace
}  // namespace lb::standalone

int main(int argc, char** argv) {
  return lb::standalone::Main(std::vector<std::string>(argv + 1, argv + argc));
}
