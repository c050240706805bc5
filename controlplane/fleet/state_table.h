// StateTable: the dynamic state of every server of the current snapshot, with what has changed
// since the data planes were last told. Pure; lives on the loop's thread.
//
// Every flush has a version. A data plane that says it has applied version N uses everything up
// to it.
#ifndef LB_CONTROLPLANE_FLEET_STATE_TABLE_H_
#define LB_CONTROLPLANE_FLEET_STATE_TABLE_H_

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/ids.h"
#include "lb/v1/state.pb.h"

namespace lb::fleet {

class StateTable {
 public:
  // Sets the state of one server; a state equal to the present one is not a change.
  // Returns whether it was a change.
  bool Set(const v1::ServerState& state);

  // Makes the table exactly `states`: those that differ become changes, those missing are dropped.
  void Replace(const std::vector<v1::ServerState>& states);

  bool has_changes() const { return !changed_.empty(); }
  // Takes the changes, in no order, and gives them the next version.
  std::vector<v1::ServerState> TakeChanges();

  // Everything, in order of id.
  std::vector<v1::ServerState> All() const;
  // What was flushed after `version`, in order of id.
  std::vector<v1::ServerState> Since(uint64_t version) const;
  // Those whose state is not the one in `known`, in order of id.
  std::vector<v1::ServerState> DifferentFrom(const std::vector<v1::ServerState>& known) const;

  // nullptr when there is no such server.
  const v1::ServerState* Find(ServerId id) const;

  // Of the last flush; 0 before the first.
  uint64_t version() const { return version_; }

 private:
  struct Entry {
    v1::ServerState state;
    uint64_t version = 0;
  };

  uint64_t version_ = 0;
  std::unordered_map<ServerId, Entry> entries_;
  std::unordered_set<ServerId> changed_;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_STATE_TABLE_H_
