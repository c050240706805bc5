// Builders of data-plane session messages, for tests of the fleet and of what stands on it.
#ifndef LB_TESTS_TESTING_FLEET_MESSAGES_H_
#define LB_TESTS_TESTING_FLEET_MESSAGES_H_

#include <cstdint>
#include <string>

#include "lb/v1/dataplane.pb.h"

namespace lb::testing {

inline v1::FromDataPlane HelloOf(const std::string& node, uint64_t instance, uint64_t revision = 0,
                                 const std::string& hash = "") {
  v1::FromDataPlane message;
  v1::Hello* hello = message.mutable_hello();
  hello->set_node(node);
  hello->set_instance(instance);
  hello->set_revision(revision);
  hello->set_hash(hash);
  hello->set_pid(4242);
  return message;
}

inline v1::FromDataPlane AckOf(uint64_t revision, v1::Ack::Stage stage) {
  v1::FromDataPlane message;
  message.mutable_ack()->set_revision(revision);
  message.mutable_ack()->set_stage(stage);
  return message;
}

inline v1::FromDataPlane NackOf(uint64_t revision, const std::string& resource,
                                const std::string& reason, bool needs_full = false) {
  v1::FromDataPlane message;
  message.mutable_nack()->set_revision(revision);
  message.mutable_nack()->set_resource(resource);
  message.mutable_nack()->set_reason(reason);
  message.mutable_nack()->set_needs_full(needs_full);
  return message;
}

inline v1::FromDataPlane StatesAppliedOf(uint64_t version) {
  v1::FromDataPlane message;
  message.mutable_states_applied()->set_version(version);
  return message;
}

inline v1::FromDataPlane CommandDoneOf(uint64_t id, uint64_t affected) {
  v1::FromDataPlane message;
  message.mutable_command_done()->set_id(id);
  message.mutable_command_done()->set_affected(affected);
  return message;
}

// A difference that names its two ends and changes nothing.
inline v1::SnapshotDelta FakeDiff(const v1::Snapshot& from, const v1::Snapshot& to) {
  v1::SnapshotDelta delta;
  delta.set_base_revision(from.revision());
  delta.set_revision(to.revision());
  delta.set_hash(to.hash());
  return delta;
}

inline v1::Snapshot SnapshotOf(uint64_t revision, const std::string& hash) {
  v1::Snapshot snapshot;
  snapshot.set_revision(revision);
  snapshot.set_hash(hash);
  return snapshot;
}

inline v1::ServerState StateOf(uint64_t id, v1::ServerStatus status) {
  v1::ServerState state;
  state.set_id(id);
  state.set_status(status);
  return state;
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_FLEET_MESSAGES_H_
