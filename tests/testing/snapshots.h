// Snapshots written as protobuf text, for tests of data planes.
#ifndef LB_TESTS_TESTING_SNAPSHOTS_H_
#define LB_TESTS_TESTING_SNAPSHOTS_H_

#include <memory>
#include <string>

#include "google/protobuf/text_format.h"

#include "common/base/check.h"
#include "common/base/ids.h"
#include "common/snapshot/hash.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::testing {

// The snapshot of `text`, with its hash.
inline v1::Snapshot SnapshotOf(const std::string& text) {
  v1::Snapshot snapshot;
  LB_CHECK(google::protobuf::TextFormat::ParseFromString(text, &snapshot));
  snapshot.set_hash(SnapshotHash(snapshot));
  return snapshot;
}

inline std::shared_ptr<const v1::Snapshot> SharedSnapshotOf(const std::string& text) {
  return std::make_shared<const v1::Snapshot>(SnapshotOf(text));
}

inline v1::ServerState StateOf(const std::string& backend, const std::string& server,
                               v1::ServerStatus status, uint32_t weight = 1) {
  v1::ServerState state;
  state.set_id(ServerIdOf(backend, server));
  state.set_status(status);
  state.set_weight(weight);
  return state;
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_SNAPSHOTS_H_
