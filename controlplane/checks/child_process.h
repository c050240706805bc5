// ChildProcess: a program run for an external check, in a process group of its own, and
// ChildGraveyard: who waits for those that were killed, so that none stays a zombie.
//
// No shell, no signal handler, no SIGCHLD: the end of a child is a readable pidfd in the event
// loop. Whatever a child started dies with it: its group is killed when it ends, and when it is
// given up. One loop's thread. The process must not ignore SIGCHLD.
#ifndef LB_CONTROLPLANE_CHECKS_CHILD_PROCESS_H_
#define LB_CONTROLPLANE_CHECKS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/unique_fd.h"
#include "common/event/event_loop.h"
#include "common/event/task.h"

namespace lb::checks {

struct ChildExit {
  int code = 0;    // exit status; valid when `signal` is 0
  int signal = 0;  // that killed it
};

class ChildGraveyard;

class ChildProcess {
 public:
  // Runs `arguments[0]` (a path: no search) with exactly `environment` ("NAME=value"), standard
  // input, output and error on /dev/null, default signals and no other descriptor of ours.
  // Errors: the program cannot be run, no more processes. `graveyard` outlives the child.
  static absl::StatusOr<ChildProcess> Start(const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& environment,
                                            ChildGraveyard* graveyard);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  // Kills the group of a child that was not reaped, and leaves the rest to the graveyard.
  ~ChildProcess();

  // Readable once the child has ended.
  int pidfd() const { return pidfd_.get(); }
  pid_t pid() const { return pid_; }

  // Takes the exit status of an ended child, and kills what is left of its group.
  ChildExit Reap();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd, ChildGraveyard* graveyard)
      : pid_(pid), pidfd_(std::move(pidfd)), graveyard_(graveyard) {}

  pid_t pid_;  // 0: reaped, or moved from
  UniqueFd pidfd_;
  ChildGraveyard* graveyard_;
};

class ChildGraveyard : private event::Runnable {
 public:
  explicit ChildGraveyard(event::EventLoop* loop) : loop_(loop) {}
  // Waits for the killed ones, a second at most in all.
  ~ChildGraveyard() override;

  // Kills the group of `pid` and reaps it when it has ended.
  void Bury(pid_t pid, UniqueFd pidfd);
  bool is_empty() const { return graves_.empty(); }

 private:
  struct Grave {
    pid_t pid;
    UniqueFd pidfd;
    event::Root waiting;
  };

  static event::Task<void> WaitForEnd(event::EventLoop* loop, Grave* grave);
  void Run() override;  // drops the graves that are done with

  event::EventLoop* const loop_;
  std::list<Grave> graves_;
};

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_CHILD_PROCESS_H_
