// Engine: runs the health checks of every server of the configuration, each at its own pace.
//
// One EventLoop thread; every check is a coroutine on it. The engine decides when to check and
// how; what a result means is ServerState's business:
//
//   Engine engine(&loop, options, [&](ServerId id, const CheckResult& result) {
//     StateChange change = states.at(id).OnCheckResult(result);
//     engine.SetPace(id, states.at(id).pace());
//   });
//   engine.SetTargets(targets);
//
// The first checks of a batch start at once, a few milliseconds apart, and the next ones are
// placed so that each server's checks spread over its own interval. There is never more than one
// check of a server at a time. A check that outlives its interval delays the next one.
#ifndef LB_CONTROLPLANE_CHECKS_ENGINE_H_
#define LB_CONTROLPLANE_CHECKS_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event_loop.h"
#include "controlplane/checks/check_result.h"
#include "controlplane/checks/check_slots.h"
#include "controlplane/checks/child_process.h"
#include "controlplane/checks/server_state.h"
#include "controlplane/checks/target.h"

namespace lb::checks {

class Engine {
 public:
  struct Options {
    uint32_t spread_percent = 0;  // "spread-checks", 0 to 50
    uint64_t seed = 0;            // of the jitter
    size_t max_running = 1024;    // checks at one time, so that descriptors last; others queue
    // HAPROXY_SERVER_CURCONN of external checks; null: always 0.
    std::function<uint32_t(ServerId)> current_connections;
  };
  // Called on the loop's thread at the end of each check. May call SetTargets() and SetPace(),
  // but not destroy the engine.
  using Observer = std::function<void(ServerId, const CheckResult&)>;

  // `loop` outlives the engine.
  Engine(event::EventLoop* loop, Options options, Observer observer);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Makes `targets` the ones checked. Unchanged targets keep their schedule and a check under way;
  // one whose intervals alone changed is re-scheduled from its last check; one that is checked
  // differently is checked anew at once. New targets start at Pace::kUp.
  void SetTargets(std::vector<Target> targets);

  // Which interval counts from the last check's start on. kPaused ends a check under way, without
  // a result; leaving kPaused checks at once. Unknown servers are ignored.
  void SetPace(ServerId id, Pace pace);

  // "spread-checks" of a new configuration; counts from each server's next check on.
  void SetSpread(uint32_t percent) { options_.spread_percent = percent; }

  size_t running() const { return slots_.taken(); }

 private:
  class Probe;
  class Reaper;

  event::EventLoop* const loop_;
  Options options_;
  const Observer observer_;
  std::mt19937_64 random_;
  CheckSlots slots_;
  ChildGraveyard graveyard_;
  std::unordered_map<ServerId, std::unique_ptr<Probe>> probes_;
  std::unique_ptr<Reaper> reaper_;
};

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_ENGINE_H_
