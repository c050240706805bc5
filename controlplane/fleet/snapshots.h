// Snapshots: the revisions the fleet still holds, and the Prepare that brings a node from what it
// has to one of them: the difference when we hold what the node has, else the whole. A revision
// comes in several contents when its certificates are replaced: the hash tells them apart.
// Pure; lives on the loop's thread.
#ifndef LB_CONTROLPLANE_FLEET_SNAPSHOTS_H_
#define LB_CONTROLPLANE_FLEET_SNAPSHOTS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/fleet/link.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::fleet {

using SnapshotPtr = std::shared_ptr<const v1::Snapshot>;
using DiffFunction = std::function<v1::SnapshotDelta(const v1::Snapshot&, const v1::Snapshot&)>;

class Snapshots {
 public:
  // Contents beyond this many are dropped, oldest first.
  static constexpr size_t kHeld = 8;

  explicit Snapshots(DiffFunction diff) : diff_(std::move(diff)) {}

  // Holds `snapshot`, so that nodes that have it can be sent differences.
  void Add(SnapshotPtr snapshot);

 private:
  friend class PrepareBuilder;
  SnapshotPtr Find(uint64_t revision, const std::string& hash) const;

  DiffFunction diff_;
  std::deque<SnapshotPtr> held_;
};

// Builds the Prepare messages of one target. Nodes with the same base share one message.
class PrepareBuilder {
 public:
  // `snapshots` must outlive the builder.
  PrepareBuilder(const Snapshots* snapshots, SnapshotPtr target,
                 std::vector<v1::ServerState> states, uint64_t state_version)
      : snapshots_(snapshots),
        target_(std::move(target)),
        states_(std::move(states)),
        state_version_(state_version) {}

  // For a node that serves `revision` with `hash` (0 and "": nothing).
  Outgoing For(uint64_t revision, const std::string& hash);
  Outgoing Full();

  const SnapshotPtr& target() const { return target_; }
  const std::vector<v1::ServerState>& states() const { return states_; }
  uint64_t state_version() const { return state_version_; }

 private:
  std::shared_ptr<v1::ToDataPlane> WithStates() const;

  const Snapshots* snapshots_;
  SnapshotPtr target_;
  std::vector<v1::ServerState> states_;
  uint64_t state_version_;
  Outgoing full_;
  std::map<std::string, Outgoing> from_;  // by the base's hash
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_SNAPSHOTS_H_
