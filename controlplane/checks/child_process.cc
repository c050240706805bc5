#include "controlplane/checks/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/event/waiter.h"

namespace lb::checks {
namespace {

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn does between the fork and the exec. It runs without locks of ours, so threads
// of the process do not matter.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Sockets handed to us by name (fd@N) are not close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // 0, or an errno.
  int Run(pid_t* pid, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment) const {
    return posix_spawn(pid, arguments[0].c_str(), &actions_, &attributes_,
                       PointersTo(arguments).data(), PointersTo(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// The child has ended or is about to: waits for it.
ChildExit WaitFor(pid_t pid) {
  siginfo_t ended{};
  while (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED) != 0) {
    if (errno != EINTR) return {};
  }
  if (ended.si_code == CLD_EXITED) return {ended.si_status, 0};
  return {0, ended.si_status};
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const std::vector<std::string>& arguments,
                                                 const std::vector<std::string>& environment,
                                                 ChildGraveyard* graveyard) {
  pid_t pid = 0;
  if (int error = SpawnPlan().Run(&pid, arguments, environment); error != 0) {
    return ErrnoStatus(error, arguments[0]);
  }
  // The child cannot be reaped by anyone else, so its number is still its own.
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    const int error = errno;
    kill(-pid, SIGKILL);
    WaitFor(pid);
    return ErrnoStatus(error, "pidfd_open");
  }
  return ChildProcess(pid, std::move(pidfd), graveyard);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      pidfd_(std::move(other.pidfd_)),
      graveyard_(other.graveyard_) {}

ChildProcess::~ChildProcess() {
  if (pid_ != 0) graveyard_->Bury(pid_, std::move(pidfd_));
}

ChildExit ChildProcess::Reap() {
  LB_CHECK(pid_ != 0);
  // Before reaping: until then the group's number cannot belong to anybody else.
  kill(-pid_, SIGKILL);
  return WaitFor(std::exchange(pid_, 0));
}

void ChildGraveyard::Bury(pid_t pid, UniqueFd pidfd) {
  kill(-pid, SIGKILL);
  Grave& grave = graves_.emplace_back();
  grave.pid = pid;
  grave.pidfd = std::move(pidfd);
  grave.waiting.Start(WaitForEnd(loop_, &grave), [this] { loop_->Queue(this); });
}

event::Task<void> ChildGraveyard::WaitForEnd(event::EventLoop* loop, Grave* grave) {
  event::Pollable ended(loop);
  ended.Watch(grave->pidfd.get());
  co_await event::Wait(loop, {&ended, event::kReadable}, SteadyTime::max());
  WaitFor(std::exchange(grave->pid, 0));
}

void ChildGraveyard::Run() {
  graves_.remove_if([](const Grave& grave) { return !grave.waiting.is_running(); });
}

ChildGraveyard::~ChildGraveyard() {
  int patience_ms = 1000;
  for (Grave& grave : graves_) {
    grave.waiting.Cancel();
    if (grave.pid == 0) continue;
    pollfd ended{grave.pidfd.get(), POLLIN, 0};
    // Killed, so this is a matter of a scheduling or two, unless a device holds it.
    if (poll(&ended, 1, patience_ms) == 1) {
      WaitFor(grave.pid);
    } else {
      patience_ms = 0;
    }
  }
}

}  // namespace lb::checks
