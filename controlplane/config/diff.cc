#include "controlplane/config/diff.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

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

void DiffFiles(const RepeatedPtrField<v1::TlsFile>& from, const RepeatedPtrField<v1::TlsFile>& to,
               v1::SnapshotDelta* delta) {
  std::map<std::pair<std::string_view, v1::TlsFile::Kind>, const v1::TlsFile*> old;
  for (const v1::TlsFile& file : from) old[{file.name(), file.kind()}] = &file;
  for (const v1::TlsFile& file : to) {
    auto it = old.find({file.name(), file.kind()});
    if (it == old.end() || !MessageDifferencer::Equals(*it->second, file)) {
      *delta->add_tls_files() = file;
    }
    if (it != old.end()) old.erase(it);
  }
  for (const auto& [key, file] : old) {
    v1::TlsFile* removed = delta->add_removed_tls_files();
    removed->set_name(file->name());
    removed->set_kind(file->kind());
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
  DiffFiles(before.tls_files(), after.tls_files(), &delta);
  return delta;
}

}  // namespace lb::config
