#include "controlplane/fleet/snapshots.h"

#include <algorithm>
#include <utility>

namespace lb::fleet {

void Snapshots::Add(SnapshotPtr snapshot) {
  std::erase_if(held_, [&](const SnapshotPtr& s) {
    return s->revision() == snapshot->revision() && s->hash() == snapshot->hash();
  });
  held_.push_back(std::move(snapshot));
  if (held_.size() > kHeld) held_.pop_front();
}

SnapshotPtr Snapshots::Find(uint64_t revision, const std::string& hash) const {
  auto it = std::find_if(held_.begin(), held_.end(), [&](const SnapshotPtr& s) {
    return s->revision() == revision && s->hash() == hash;
  });
  return it == held_.end() ? nullptr : *it;
}

Outgoing PrepareBuilder::For(uint64_t revision, const std::string& hash) {
  SnapshotPtr base = revision == 0 ? nullptr : snapshots_->Find(revision, hash);
  if (base == nullptr) return Full();
  Outgoing& message = from_[hash];
  if (message == nullptr) {
    std::shared_ptr<v1::ToDataPlane> made = WithStates();
    *made->mutable_prepare()->mutable_delta() = snapshots_->diff_(*base, *target_);
    message = std::move(made);
  }
  return message;
}

Outgoing PrepareBuilder::Full() {
  if (full_ == nullptr) {
    std::shared_ptr<v1::ToDataPlane> made = WithStates();
    *made->mutable_prepare()->mutable_full() = *target_;
    full_ = std::move(made);
  }
  return full_;
}

std::shared_ptr<v1::ToDataPlane> PrepareBuilder::WithStates() const {
  auto message = std::make_shared<v1::ToDataPlane>();
  v1::Prepare* prepare = message->mutable_prepare();
  for (const v1::ServerState& state : states_) *prepare->add_states() = state;
  prepare->set_state_version(state_version_);
  return message;
}

}  // namespace lb::fleet
