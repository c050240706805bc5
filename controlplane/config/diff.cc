#include "controlplane/config/diff.h"

#include <map>
#include <set>
#include <string_view>

#include "google/protobuf/util/message_differencer.h"

namespace lb::config {
namespace {

using google::protobuf::RepeatedPtrField;
using google::protobuf::util::MessageDifferencer;

// Fills the lists of a delta for one kind of section.
template <typename Section>
void DiffSections(const RepeatedPtrField<Section>& from, const RepeatedPtrField<Section>& to,
                  RepeatedPtrField<Section>* changed, RepeatedPtrField<std::string>* removed,
                  RepeatedPtrField<std::string>* order) {
  std::map<std::string_view, const Section*> old;
  for (const Section& section : from) old[section.common().name()] = &section;
  std::set<std::string_view> kept;
  for (const Section& section : to) {
    const std::string& name = section.common().name();
    *order->Add() = name;
    kept.insert(name);
    auto it = old.find(name);
    if (it == old.end() || !MessageDifferencer::Equals(*it->second, section)) {
      *changed->Add() = section;
    }
  }
  for (const Section& section : from) {
    if (!kept.contains(section.common().name())) *removed->Add() = section.common().name();
  }
}

}  // namespace

v1::SnapshotDelta Diff(const v1::Snapshot& from, const v1::Snapshot& to) {
  const v1::Snapshot before = StripForDataPlane(from);
  const v1::Snapshot after = StripForDataPlane(to);
  v1::SnapshotDelta delta;
  delta.set_base_revision(from.revision());
  delta.set_revision(to.revision());
  delta.set_hash(SnapshotHash(after));
  if (!MessageDifferencer::Equals(before.global(), after.global())) {
    *delta.mutable_global() = after.global();
  }
  DiffSections(before.frontends(), after.frontends(), delta.mutable_frontends(),
               delta.mutable_removed_frontends(), delta.mutable_frontend_order());
  DiffSections(before.backends(), after.backends(), delta.mutable_backends(),
               delta.mutable_removed_backends(), delta.mutable_backend_order());
  return delta;
}

}  // namespace lb::config
