// "proto" and "check-proto": names of what a connection speaks.
// Source: HAProxy configuration manual, sections 5.1 and 5.2.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_PROTOCOL_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_PROTOCOL_H_

#include <string_view>

#include "lb/v1/snapshot.pb.h"

namespace lb::config {

inline constexpr std::string_view kProtocolNames = "h1 or h2";

// "h1" and "h2"; UNSPECIFIED for any other name.
inline v1::ConnectionProtocol ProtocolOf(std::string_view name) {
  if (name == "h1") return v1::CONNECTION_PROTOCOL_H1;
  if (name == "h2") return v1::CONNECTION_PROTOCOL_H2;
  return v1::CONNECTION_PROTOCOL_UNSPECIFIED;
}

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_PROTOCOL_H_
