// Diff: what turns one snapshot into another, for data planes (SnapshotDelta) and for people.
//
// Data planes never see health checks: hashes and deltas are over the stripped form.
// All functions are pure. The inverse of Diff() is common/snapshot/apply_delta.h.
#ifndef LB_CONTROLPLANE_CONFIG_DIFF_H_
#define LB_CONTROLPLANE_CONFIG_DIFF_H_

#include <string>
#include <vector>

#include "common/snapshot/hash.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::config {

// Shared with the data planes; declared in common/snapshot/hash.h.
using ::lb::SnapshotHash;
using ::lb::StripForDataPlane;

// The delta from `from` to `to` (both are stripped first); carries their revisions and the hash
// of `to`.
v1::SnapshotDelta Diff(const v1::Snapshot& from, const v1::Snapshot& to);

// One line for each change, for people: "+ backend api", "- frontend x",
// "~ server web/web1: weight 1 -> 2". Sees health checks as well. Empty: nothing changed.
std::vector<std::string> DescribeChanges(const v1::Snapshot& from, const v1::Snapshot& to);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_DIFF_H_
