// Who a program is on the channel between the planes: its certificate, its key, and the authority
// that the other side's certificate must come from (mutual TLS).
#ifndef LB_COMMON_TLS_CHANNEL_IDENTITY_H_
#define LB_COMMON_TLS_CHANNEL_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace lb::tls {

// Paths as the command line gives them: all three, or none.
struct ChannelFiles {
  std::string certificate;  // --tls-cert
  std::string key;          // --tls-key
  std::string authority;    // --tls-ca
  bool is_set() const { return !certificate.empty() || !key.empty() || !authority.empty(); }
};

// What the files hold, in PEM.
struct ChannelIdentity {
  std::string certificate;
  std::string key;
  std::string authority;
};

// nullopt when none is given. Errors: some are missing, cannot be read, do not belong together.
absl::StatusOr<std::optional<ChannelIdentity>> LoadIdentity(const ChannelFiles& files);

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_CHANNEL_IDENTITY_H_
