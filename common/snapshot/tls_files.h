// TlsFiles: the TLS messages of a snapshot as what common/tls takes, with the files they name put
// in. Both planes use it: data planes for traffic, the control plane for checks.
// Pure. Errors are InvalidArgument and name the file.
#ifndef LB_COMMON_SNAPSHOT_TLS_FILES_H_
#define LB_COMMON_SNAPSHOT_TLS_FILES_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "common/tls/settings.h"
#include "lb/v1/snapshot.pb.h"

namespace lb {

class TlsFiles {
 public:
  explicit TlsFiles(const v1::Snapshot& snapshot);

  // Null when `name` is empty.
  absl::StatusOr<tls::FilePtr> Find(v1::TlsFile::Kind kind, const std::string& name) const;
  // Of "ca-verify-file": a file, or the operating system's.
  absl::StatusOr<tls::FilePtr> FindAuthorities(const std::string& name) const;
  absl::StatusOr<tls::Settings> SettingsOf(const v1::TlsSettings& message) const;
  absl::StatusOr<tls::ServerSettings> ServerOf(const v1::BindTls& message) const;
  absl::StatusOr<tls::ClientSettings> ClientOf(const v1::ServerTls& message) const;
  absl::StatusOr<tls::GlobalSettings> GlobalOf(const v1::TlsGlobal& message) const;

 private:
  std::map<std::pair<v1::TlsFile::Kind, std::string>, tls::FilePtr> files_;
};

}  // namespace lb

#endif  // LB_COMMON_SNAPSHOT_TLS_FILES_H_
