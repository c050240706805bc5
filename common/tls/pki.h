// A small authority for the channel between the planes: makes itself, and certificates for the
// control plane, its data planes and its operators. ECDSA P-256, SHA-256. Pure.
#ifndef LB_COMMON_TLS_PKI_H_
#define LB_COMMON_TLS_PKI_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::tls {

// A certificate and its key, in PEM.
struct Issued {
  std::string certificate;
  std::string key;
};

// What a certificate's owner may do; written as its organizational unit.
enum class ChannelRole { kControl, kNode, kOperator };
std::string_view NameOf(ChannelRole role);  // "control", "node", "operator"

// A certificate authority called `name`.
absl::StatusOr<Issued> MakeAuthority(const std::string& name, int days);

// A certificate of `authority` for `name`, valid for the names and addresses of `hosts`.
absl::StatusOr<Issued> Issue(const Issued& authority, ChannelRole role, const std::string& name,
                             const std::vector<std::string>& hosts, int days);

// Whose a certificate in PEM is. Empty texts where the certificate does not say, as those of
// another authority's making.
struct ChannelPeer {
  std::string role;
  std::string name;
};
ChannelPeer PeerOf(std::string_view certificate_pem);

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_PKI_H_
