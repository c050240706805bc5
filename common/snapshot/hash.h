// SnapshotHash: the content identity of a snapshot. Pure; shared by both planes, so that a data
// plane can verify what it received and what it kept on disk.
#ifndef LB_COMMON_SNAPSHOT_HASH_H_
#define LB_COMMON_SNAPSHOT_HASH_H_

#include <string>

#include "lb/v1/snapshot.pb.h"

namespace lb {

// `snapshot` without what only the control plane uses (health checks); `revision` and `hash` kept.
v1::Snapshot StripForDataPlane(v1::Snapshot snapshot);

// Lower-case hex SHA-256 over the stripped sections; `revision` and `hash` themselves do not
// count. Equal snapshots have equal hashes on every machine and in every process.
std::string SnapshotHash(const v1::Snapshot& snapshot);

}  // namespace lb

#endif  // LB_COMMON_SNAPSHOT_HASH_H_
