// lbproxyd: the data plane's program.
//
// SIGTERM, SIGINT: stop accepting, let sessions end for --drain-timeout, then end them.
// SIGUSR1: the same without a limit. A second SIGTERM or SIGINT: end at once.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/unique_fd.h"
#include "common/event/task.h"
#include "common/event/waiter.h"
#include "dataplane/server/data_plane_process.h"
#include "dataplane/server/options.h"

namespace lb::server {
namespace {

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

// Reads signals as they come and passes them on.
event::Task<void> WatchSignals(event::Pollable* signals, DataPlaneProcess* process,
                               Millis drain_timeout) {
  bool was_told_to_end = false;
  for (;;) {
    event::WakeReason why =
        co_await event::Wait(signals->loop(), {signals, event::kReadable}, SteadyTime::max());
    (void)why;  // there is no deadline
    signals->Clear(event::kReadable);
    signalfd_siginfo signal{};
    while (::read(signals->fd(), &signal, sizeof(signal)) == sizeof(signal)) {
      if (signal.ssi_signo == SIGUSR1) {
        LB_LOG(kNotice) << "stopping when the last session has ended";
        process->Drain(std::nullopt);
      } else if (!was_told_to_end) {
        was_told_to_end = true;
        LB_LOG(kNotice) << "stopping";
        process->Drain(drain_timeout);
      } else {
        process->StopNow();
      }
    }
  }
}

int Main(int argc, char** argv) {
  ParsedOptions parsed = ParseOptions(argc, argv);
  if (!parsed.should_run) {
    std::fputs(parsed.text.c_str(), parsed.exit_status == 0 ? stdout : stderr);
    return parsed.exit_status;
  }
  SetLogProgram("lbproxyd");
  // Before any thread starts: all inherit it.
  const sigset_t watched = WatchedSignals();
  LB_CHECK(pthread_sigmask(SIG_BLOCK, &watched, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);

  const Options& options = parsed.options;
  const auto identity = tls::LoadIdentity(options.tls);
  if (!identity.ok()) {
    LB_LOG(kError) << identity.status().message();
    return 1;
  }
  DataPlaneProcess process(options.data_plane, DialControlPlane(options.control, *identity));
  if (absl::Status status = process.Start(); !status.ok()) {
    LB_LOG(kError) << status.message();
    return 1;
  }
  UniqueFd signal_fd(signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC));
  LB_CHECK(signal_fd.valid());
  event::Pollable signals(process.loop());
  signals.Watch(signal_fd.get());
  event::Root watcher;
  watcher.Start(WatchSignals(&signals, &process, options.drain_timeout));
  process.Run();
  watcher.Cancel();
  return 0;
}

}  // namespace
}  // namespace lb::server

int main(int argc, char** argv) { return lb::server::Main(argc, argv); }
