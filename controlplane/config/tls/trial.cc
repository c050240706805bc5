#include "controlplane/config/tls/trial.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/snapshot/tls_files.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"

namespace lb::config {
namespace {

// A file as lines name it: one name may stand for a file of each kind.
struct NamedFile {
  v1::TlsFile::Kind kind;
  const std::string& name;

  bool IsIn(const v1::TlsSettings& settings) const {
    if (kind == v1::TlsFile::AUTHORITIES) return settings.ca_file() == name;
    return kind == v1::TlsFile::REVOCATIONS && settings.crl_file() == name;
  }
  bool IsIn(const v1::BindTls& bind) const {
    if (IsIn(bind.settings())) return true;
    if (kind == v1::TlsFile::AUTHORITIES && bind.ca_verify_file() == name) return true;
    return std::ranges::any_of(bind.certificates(), [this](const v1::BindCertificate& line) {
      return (kind == v1::TlsFile::CERTIFICATE && line.file() == name) || IsIn(line.settings()) ||
             (kind == v1::TlsFile::AUTHORITIES && line.ca_verify_file() == name);
    });
  }
  bool IsIn(const v1::ServerTls& server) const {
    return IsIn(server.settings()) ||
           (kind == v1::TlsFile::CERTIFICATE && server.certificate_file() == name);
  }
};

absl::Status TryBind(const v1::BindTls& bind, const v1::Snapshot& snapshot, const TlsFiles& files) {
  LB_ASSIGN_OR_RETURN(tls::ServerSettings settings, files.ServerOf(bind));
  LB_ASSIGN_OR_RETURN(settings.global, files.GlobalOf(snapshot.global().tls()));
  return tls::ServerContext::Make(std::move(settings)).status();
}

absl::Status TryServer(const v1::ServerTls& server, const TlsFiles& files) {
  LB_ASSIGN_OR_RETURN(tls::ClientSettings settings, files.ClientOf(server));
  return tls::ClientContext::Make(std::move(settings)).status();
}

}  // namespace

absl::Status TryTlsFile(const v1::Snapshot& snapshot, v1::TlsFile::Kind kind,
                        const std::string& name) {
  const NamedFile file{kind, name};
  const TlsFiles files(snapshot);
  for (const v1::Frontend& frontend : snapshot.frontends()) {
    for (const v1::Bind& bind : frontend.binds()) {
      if (!bind.has_tls() || !file.IsIn(bind.tls())) continue;
      absl::Status status = TryBind(bind.tls(), snapshot, files);
      if (!status.ok()) {
        return WithContext(status, absl::StrCat("frontend '", frontend.common().name(), "'"));
      }
    }
  }
  for (const v1::Backend& backend : snapshot.backends()) {
    for (const v1::Server& server : backend.servers()) {
      if (!server.has_tls() || !file.IsIn(server.tls())) continue;
      absl::Status status = TryServer(server.tls(), files);
      if (!status.ok()) {
        return WithContext(
            status, absl::StrCat("server '", backend.common().name(), "/", server.name(), "'"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace lb::config
