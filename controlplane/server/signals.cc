#include "controlplane/server/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

#include "common/base/check.h"
#include "common/event/waiter.h"

namespace lb::control {
namespace {

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

int OpenSignalFd() {
  const sigset_t watched = WatchedSignals();
  return signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

void BlockSignals() {
  const sigset_t watched = WatchedSignals();
  LB_CHECK(pthread_sigmask(SIG_BLOCK, &watched, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
}

SignalWatch::SignalWatch(event::EventLoop* loop, std::function<void(int)> observer)
    : fd_(OpenSignalFd()), pollable_(loop), observer_(std::move(observer)) {
  LB_CHECK(fd_.valid());
  pollable_.Watch(fd_.get());
  root_.Start(Watch(this));
}

event::Task<void> SignalWatch::Watch(SignalWatch* self) {
  for (;;) {
    event::WakeReason why = co_await event::Wait(
        self->pollable_.loop(), {&self->pollable_, event::kReadable}, SteadyTime::max());
    (void)why;  // there is no deadline
    self->pollable_.Clear(event::kReadable);
    signalfd_siginfo signal{};
    while (::read(self->fd_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
      self->observer_(static_cast<int>(signal.ssi_signo));
    }
  }
}

}  // namespace lb::control
