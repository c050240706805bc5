// Texts that go to OpenSSL as they are, tried on it first. Pure; usable from any thread.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_NAMES_H_
#define LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::config {

enum class OpensslList { kCiphers, kCiphersuites, kCurves, kSigalgs, kClientSigalgs };

// Whether OpenSSL takes `text` as such a list.
bool IsOpensslList(OpensslList list, const std::string& text);

// "h2,http/1.1" apart. Errors: an empty name, one of more than 255 bytes, more in all than an
// extension holds. Source: RFC 7301, section 3.1.
absl::StatusOr<std::vector<std::string>> SplitAlpn(std::string_view text);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_NAMES_H_
