// Address forms of the configuration language, resolved to canonical text. Pure but for names,
// which go through Environment::resolve. Environment variables ("$NAME", "${NAME}") are expanded in
// every address, whether it was quoted or not; one that is not set is empty.
// Source: HAProxy configuration manual, section 11 "Address formats", "bind", "server".
#ifndef LB_CONTROLPLANE_CONFIG_ADDRESS_SPEC_H_
#define LB_CONTROLPLANE_CONFIG_ADDRESS_SPEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "controlplane/config/compile.h"
#include "controlplane/config/model.h"

namespace lb::config {

// One listening address of a "bind" line: ":80", "*:80-90", "[::]:80", "::1:80", "ipv4@...",
// "ipv6@...", "unix@/path", "/path", "abns@name", "fd@3", "name:80". A port range gives one
// address for each port. Results are as v1::Bind.address: "0.0.0.0:80", "unix:/path", "fd:3".
absl::StatusOr<std::vector<std::string>> ParseBindAddress(std::string_view text,
                                                          const Environment& env);

// A server's address: an IP or a name, then optionally ":port", ":+offset" or ":-offset"; or a
// unix socket. A bare IPv6 address without brackets takes its last part as the port, as in
// HAProxy. Names resolve to their first address; "ipv4@" and "ipv6@" choose the family.
absl::StatusOr<ServerAddress> ParseServerAddress(std::string_view text, const Environment& env);

// Where log lines go: "127.0.0.1[:514]", a path, "unix@/dev/log", "stdout", "stderr", "fd@3".
// Results are as v1::LogTarget.address.
absl::StatusOr<std::string> ParseLogAddress(std::string_view text, const Environment& env);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_ADDRESS_SPEC_H_
