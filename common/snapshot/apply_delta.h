// ApplyDelta: the receiving end of a push. Pure; shared by both planes.
#ifndef LB_COMMON_SNAPSHOT_APPLY_DELTA_H_
#define LB_COMMON_SNAPSHOT_APPLY_DELTA_H_

#include "absl/status/statusor.h"

#include "lb/v1/snapshot.pb.h"

namespace lb {

// `base` changed by `delta`. The result carries the delta's revision and hash; the caller compares
// the hash with SnapshotHash() of the result.
// Errors: `delta` is not over `base`'s revision (FailedPrecondition); its order lists name a
// section that does not exist, or leave one out (InvalidArgument).
absl::StatusOr<v1::Snapshot> ApplyDelta(const v1::Snapshot& base, const v1::SnapshotDelta& delta);

}  // namespace lb

#endif  // LB_COMMON_SNAPSHOT_APPLY_DELTA_H_
