// Registry: every data plane this control plane has met, connected or lost, by name.
// Pure; lives on the loop's thread.
//
// A name belongs to the instance (a number random at the data plane's start) whose session is
// live. A second live session of the same name and another instance is refused; of the same
// instance it replaces the first, whose loss has just not been noticed yet.
#ifndef LB_CONTROLPLANE_FLEET_REGISTRY_H_
#define LB_CONTROLPLANE_FLEET_REGISTRY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/fleet/publisher.h"
#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {

struct Node {
  v1::Hello hello;  // its last one
  std::string peer;
  bool is_connected = false;
  WallTime since;       // connected or lost since
  MemberId member = 0;  // of the live session; 0: none
  uint64_t revision = 0;
  std::string stage;       // "serving", "preparing", "refused", ...
  std::string last_error;  // of the last refusal or loss; empty: none since it last served
  v1::Counters counters;   // of its last report
};

class Registry {
 public:
  struct Admission {
    bool is_admitted = false;
    MemberId replaced = 0;  // the session that this one replaces; 0: none
    std::string reason;     // why not admitted
  };

  // A session has said who it is.
  Admission Admit(MemberId member, const v1::Hello& hello, const std::string& peer, WallTime now);
  // The session has ended. No effect when it is not the live one of `node`.
  // Returns whether the node is lost by it.
  bool Lose(const std::string& node, MemberId member, const std::string& reason, WallTime now);
  // A node known from an earlier run; no effect when it has been met already.
  void Remember(const std::string& name, Node node);

  // nullptr when there is none.
  Node* Find(const std::string& name);
  const std::map<std::string, Node>& nodes() const { return nodes_; }

 private:
  std::map<std::string, Node> nodes_;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_REGISTRY_H_
