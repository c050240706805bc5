// AppliedWaits: who waits until every data plane uses a version of the server states.
// Pure: time is passed in.
#ifndef LB_CONTROLPLANE_FLEET_APPLIED_WAITS_H_
#define LB_CONTROLPLANE_FLEET_APPLIED_WAITS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/fleet/publisher.h"

namespace lb::fleet {

class AppliedWaits {
 public:
  // One outcome a node, by name: "applied", "lagging" or "lost".
  using Done = std::function<void(std::vector<NodeOutcome>)>;

  // Waits until each of `members` reports at least `version`. With nobody to wait for, `done`
  // runs at once.
  void Start(uint64_t version, std::map<MemberId, std::string> members, SteadyTime now,
             Millis limit, Done done);

  void OnApplied(MemberId member, uint64_t version, SteadyTime now);
  void OnLost(MemberId member, SteadyTime now);
  void OnTime(SteadyTime now);
  SteadyTime deadline() const;

 private:
  struct Wait {
    uint64_t version = 0;
    std::map<MemberId, std::string> waiting;
    SteadyTime started;
    SteadyTime deadline;
    std::vector<NodeOutcome> outcomes;
    Done done;
  };

  static void Settle(Wait* wait, MemberId member, const char* stage, const char* reason,
                     SteadyTime now);
  void FinishComplete();

  std::list<Wait> waits_;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_APPLIED_WAITS_H_
