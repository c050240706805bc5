// PEM: a file's blocks, apart. Pure; usable from any thread.
// Source: RFC 7468.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_PEM_H_
#define LB_CONTROLPLANE_CONFIG_TLS_PEM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "controlplane/config/tls/openssl_ptr.h"

namespace lb::config {

struct PemBlock {
  enum class Kind { kCertificate, kRevocations, kKey, kDhParameters, kOther };
  Kind kind = Kind::kOther;
  bool is_encrypted = false;  // a key with a passphrase
  std::string text;           // the block alone, encoded anew
};

// The blocks of `contents` in order; what stands between them is left out. Errors: a block that
// begins and does not end, or is not base64.
absl::StatusOr<std::vector<PemBlock>> SplitPem(std::string_view contents);

// The first certificate, list of revocations or key in `pem`; null when it cannot be read. A key is
// never asked a passphrase for.
X509Ptr ReadCertificate(std::string_view pem);
X509CrlPtr ReadRevocations(std::string_view pem);
KeyPtr ReadKey(std::string_view pem);
// What messages say of a certificate: "/C=XX/CN=name", and when it expires, in seconds since 1970.
std::string SubjectOf(const X509* certificate);
int64_t NotAfterOf(const X509* certificate);

// Whether `pem` holds Diffie-Hellman parameters that can be read.
bool HasDhParameters(std::string_view pem);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_PEM_H_
