// SnapshotFile: the last good snapshot and the last known server states, in the state directory, so
// that a data plane serves again after its own restart without the control plane.
//
// Two files, "snapshot" and "states", each of one header line and a serialized message:
//
//   lb snapshot 1 <SHA-256 of the rest, lower-case hex> <bytes of the rest>\n
//
// They are written under a temporary name, synced and renamed (mode 0600), so that a reader finds
// the old file or the new one, whole. One thread; the calls block on the disk.
#ifndef LB_DATAPLANE_SERVER_SNAPSHOT_FILE_H_
#define LB_DATAPLANE_SERVER_SNAPSHOT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lb/v1/dataplane.pb.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::server {

class SnapshotFile {
 public:
  explicit SnapshotFile(std::string directory) : directory_(std::move(directory)) {}

  absl::Status WriteSnapshot(const v1::Snapshot& snapshot) const;
  absl::Status WriteStates(const v1::States& states) const;

  // NOT_FOUND: there is none. DATA_LOSS: it is torn, foreign, or not what its hash says; the
  // message names the file and what is wrong with it.
  absl::StatusOr<v1::Snapshot> ReadSnapshot() const;
  absl::StatusOr<v1::States> ReadStates() const;

 private:
  const std::string directory_;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_SNAPSHOT_FILE_H_
