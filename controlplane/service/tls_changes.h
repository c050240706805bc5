// TlsChanges: certificates, authorities and revocations that an operator replaces while serving,
// without a new revision. The new content serves on every data plane once it is committed, and
// until the next configuration is applied, which reads the files again.
//
//   changes.Set(v1::TlsFile::CERTIFICATE, "site.pem", pem);      // into a transaction
//   changes.Commit(v1::TlsFile::CERTIFICATE, origin, done);      // or Abort()
//   changes.Replace(request, done);                              // at once
//
// One transaction for each kind of file, whoever opened it. No message holds a byte of a key.
// Lives on the controller's loop thread.
// Source: HAProxy management guide, "set ssl cert", "set ssl ca-file", "set ssl crl-file".
#ifndef LB_CONTROLPLANE_SERVICE_TLS_CHANGES_H_
#define LB_CONTROLPLANE_SERVICE_TLS_CHANGES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "controlplane/config/tls/certificates.h"
#include "controlplane/service/revisions.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

class TlsChanges {
 public:
  using Kind = v1::TlsFile::Kind;
  using Done = std::function<void(absl::StatusOr<v1::SetTlsFileReply>)>;

  // Both are borrowed.
  TlsChanges(const Clock& clock, Revisions* revisions) : clock_(clock), revisions_(*revisions) {}

  // Puts `payload` into the open transaction, or opens one: true. Besides its own name, a
  // certificate's key, stapled response and issuer can be set by NAME.key, NAME.ocsp (base64) and
  // NAME.issuer.
  // NOT_FOUND: the configuration names no such file. FAILED_PRECONDITION: the open transaction is
  // about another. INVALID_ARGUMENT: the payload. On an error nothing has changed.
  absl::StatusOr<bool> Set(Kind kind, const std::string& name, const std::string& payload);

  // The open transaction's file, as far as it has been given; null: none is open.
  const v1::TlsFile* Pending(Kind kind) const;
  void Abort(Kind kind) { open_.erase(kind); }

  // Serves what the open transaction holds; requires Pending(). INVALID_ARGUMENT: its parts do not
  // make a certificate; it stays open. Any other error: it could not be served (another file serves
  // by now, OpenSSL or a data plane refuses it), nothing has changed, and the transaction is
  // closed.
  void Commit(Kind kind, const v1::Origin& origin, Done done);

  // Both in one step, whatever transaction is open.
  void Replace(const v1::SetTlsFileRequest& request, Done done);

 private:
  struct Transaction {
    config::CertificateParts parts;  // of a certificate
    v1::TlsFile file;                // its name and kind; of other kinds, whole
    std::string base;                // the serving file when it was opened, in bytes
  };

  const v1::TlsFile* Find(Kind kind, const std::string& name) const;
  absl::Status Put(const std::string& part, const std::string& payload, Transaction* into) const;
  absl::StatusOr<config::LoadedTlsFile> Finish(const Transaction& transaction) const;
  void Serve(config::LoadedTlsFile loaded, const v1::Origin& origin, Done done);

  const Clock& clock_;
  Revisions& revisions_;
  std::map<Kind, Transaction> open_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_TLS_CHANGES_H_
