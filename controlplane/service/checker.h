// Checker: what the controller needs of the health-check engine, so that tests can be the engine.
// Lives on the controller's loop thread.
#ifndef LB_CONTROLPLANE_SERVICE_CHECKER_H_
#define LB_CONTROLPLANE_SERVICE_CHECKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event_loop.h"
#include "controlplane/checks/check_result.h"
#include "controlplane/checks/server_state.h"
#include "controlplane/checks/target.h"

namespace lb::service {

class Checker {
 public:
  using Observer = std::function<void(ServerId, const checks::CheckResult&)>;

  virtual ~Checker() = default;
  // Before the first targets.
  virtual void SetObserver(Observer observer) = 0;
  // Checks exactly `targets` from now on; unchanged ones keep their schedule.
  virtual void SetTargets(std::vector<checks::Target> targets, uint32_t spread_percent) = 0;
  virtual void SetPace(ServerId id, checks::Pace pace) = 0;
};

// The engine of controlplane/checks. `current_sessions` is told to external checks.
std::unique_ptr<Checker> MakeEngineChecker(event::EventLoop* loop, uint64_t seed,
                                           std::function<uint32_t(ServerId)> current_sessions);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_CHECKER_H_
