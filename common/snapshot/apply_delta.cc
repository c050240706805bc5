#include "common/snapshot/apply_delta.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb {
namespace {

using google::protobuf::RepeatedPtrField;

// The sections of `base` changed by the lists of a delta, in the order of `order`.
template <typename Section>
absl::StatusOr<RepeatedPtrField<Section>> Merge(const RepeatedPtrField<Section>& base,
                                                const RepeatedPtrField<Section>& changed,
                                                const RepeatedPtrField<std::string>& removed,
                                                const RepeatedPtrField<std::string>& order) {
  std::map<std::string, const Section*> sections;
  for (const Section& section : base) sections[section.common().name()] = &section;
  for (const std::string& name : removed) {
    if (sections.erase(name) == 0) {
      return absl::InvalidArgumentError(absl::StrCat("removes '", name, "', which is not there"));
    }
  }
  for (const Section& section : changed) sections[section.common().name()] = &section;
  RepeatedPtrField<Section> merged;
  for (const std::string& name : order) {
    auto it = sections.find(name);
    if (it == sections.end()) {
      return absl::InvalidArgumentError(absl::StrCat("orders '", name, "', which is not there"));
    }
    *merged.Add() = *it->second;
    sections.erase(it);
  }
  if (!sections.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("leaves '", sections.begin()->first, "' out of the order"));
  }
  return merged;
}

// The same for files of TLS, which are known by name and kind and sorted by them.
absl::StatusOr<RepeatedPtrField<v1::TlsFile>> MergeFiles(
    const RepeatedPtrField<v1::TlsFile>& base, const RepeatedPtrField<v1::TlsFile>& changed,
    const RepeatedPtrField<v1::TlsFile>& removed) {
  std::map<std::pair<std::string, v1::TlsFile::Kind>, const v1::TlsFile*> files;
  for (const v1::TlsFile& file : base) files[{file.name(), file.kind()}] = &file;
  for (const v1::TlsFile& file : removed) {
    if (files.erase({file.name(), file.kind()}) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("removes '", file.name(), "', which is not there"));
    }
  }
  for (const v1::TlsFile& file : changed) files[{file.name(), file.kind()}] = &file;
  RepeatedPtrField<v1::TlsFile> merged;
  for (const auto& [key, file] : files) *merged.Add() = *file;
  return merged;
}

}  // namespace

absl::StatusOr<v1::Snapshot> ApplyDelta(const v1::Snapshot& base, const v1::SnapshotDelta& delta) {
  if (base.revision() != delta.base_revision()) {
    return absl::FailedPreconditionError(
        absl::StrCat("delta is over revision ", delta.base_revision(), ", not ", base.revision()));
  }
  v1::Snapshot result;
  result.set_revision(delta.revision());
  result.set_hash(delta.hash());
  *result.mutable_global() = delta.has_global() ? delta.global() : base.global();
  auto frontends =
      Merge(base.frontends(), delta.frontends(), delta.removed_frontends(), delta.frontend_order());
  if (!frontends.ok()) return WithContext(frontends.status(), "delta of frontends");
  auto backends =
      Merge(base.backends(), delta.backends(), delta.removed_backends(), delta.backend_order());
  if (!backends.ok()) return WithContext(backends.status(), "delta of backends");
  auto files = MergeFiles(base.tls_files(), delta.tls_files(), delta.removed_tls_files());
  if (!files.ok()) return WithContext(files.status(), "delta of TLS files");
  *result.mutable_tls_files() = *std::move(files);
  *result.mutable_frontends() = *std::move(frontends);
  *result.mutable_backends() = *std::move(backends);
  return result;
}

}  // namespace lb
