// Signals: the program's signals as calls on the loop's thread, by signalfd(2).
#ifndef LB_CONTROLPLANE_SERVER_SIGNALS_H_
#define LB_CONTROLPLANE_SERVER_SIGNALS_H_

#include <functional>

#include "common/base/unique_fd.h"
#include "common/event/event_loop.h"
#include "common/event/task.h"

namespace lb::control {

// Blocks SIGTERM, SIGINT, SIGUSR1 and SIGHUP, and ignores SIGPIPE. Call before any thread starts:
// all inherit it.
void BlockSignals();

// From its making to its end, calls `observer` with the number of each signal that comes.
class SignalWatch {
 public:
  SignalWatch(event::EventLoop* loop, std::function<void(int)> observer);

 private:
  static event::Task<void> Watch(SignalWatch* self);

  UniqueFd fd_;
  event::Pollable pollable_;
  const std::function<void(int)> observer_;
  event::Root root_;
};

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_SIGNALS_H_
