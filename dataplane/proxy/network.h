// Network: an IPv4 or IPv6 network, "10.0.0.0/8", "::1"; a plain address is a network of one.
#ifndef LB_DATAPLANE_PROXY_NETWORK_H_
#define LB_DATAPLANE_PROXY_NETWORK_H_

#include <string_view>

#include "absl/status/statusor.h"

#include "common/base/address.h"
#include "dataplane/rules/sample.h"

namespace lb::proxy {

class Network {
 public:
  // Errors: not an address, or a prefix longer than one.
  static absl::StatusOr<Network> Parse(std::string_view text);
  // False for unix addresses and those of the other family.
  bool Contains(const Address& address) const;

 private:
  rules::IpAddress base_;
  unsigned prefix_bits_ = 0;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_NETWORK_H_
