// What server and client contexts share: building an SSL_CTX from Settings, and the state that a
// connection's verification leaves.
// Pure but for memory; any thread.
#ifndef LB_COMMON_TLS_CONTEXT_H_
#define LB_COMMON_TLS_CONTEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "common/tls/openssl_ptr.h"
#include "common/tls/settings.h"

namespace lb::tls {

// A context with everything of `settings` but verification's mode and ALPN. Errors say which of the
// settings OpenSSL refused.
absl::StatusOr<SslContextPtr> MakeContext(const SSL_METHOD* method, const Settings& settings);

// The certificates in `file`, the leaf first.
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const File& file);
absl::StatusOr<KeyPtr> ReadKey(const File& file);

// A certificate's file as OpenSSL's objects. Reading one takes a large part of a millisecond.
struct KeyedCertificate {
  std::vector<X509Ptr> chain;  // what is to be sent, the leaf first
  KeyPtr key;
};
absl::StatusOr<KeyedCertificate> ReadKeyedCertificate(const File& file);

// Adds a certificate with its chain and key. A context holds one of each kind of key. `name` is for
// errors.
absl::Status UseCertificate(SSL_CTX* context, const std::string& name,
                            const KeyedCertificate& certificate);
absl::Status UseCertificate(SSL_CTX* context, const File& file);

// Trusts the certificates of `file`.
absl::Status TrustAuthorities(SSL_CTX* context, const File& file);

// "\x02h2\x08http/1.1": the form of the wire (RFC 7301 section 3.1). Names are 1 to 255 bytes.
absl::StatusOr<std::string> EncodeAlpn(const std::vector<std::string>& names);

// DNS names of a certificate, lower case: its subjectAltNames, or its common name if it has none.
std::vector<std::string> NamesOf(X509* certificate);

// What verification of the peer found; kept with each connection, for ssl_c_err and its siblings.
struct VerifyOutcome {
  int certificate_error = 0;  // X509_V_*, first at depth 0
  int authority_error = 0;    // first at a depth above
  int authority_error_depth = 0;
};
// Of a connection of ours; valid while it lives.
VerifyOutcome& OutcomeOf(SSL* connection);

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_CONTEXT_H_
