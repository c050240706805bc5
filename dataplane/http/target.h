// The request target's forms, and its agreement with Host. Pure; thread-safe.
// Source: RFC 9112 section 3.2; RFC 3986 section 3.2. What is refused, as HAProxy 2.6, and besides:
// schemes but http and https, "*" of methods but OPTIONS, an "@" in user information.
#ifndef LB_DATAPLANE_HTTP_TARGET_H_
#define LB_DATAPLANE_HTTP_TARGET_H_

#include <string_view>

#include "dataplane/http/h1_error.h"

namespace lb::http {

// The host and the port of "host[:port]"; a host in brackets keeps them.
struct Authority {
  std::string_view host;
  std::string_view port;  // digits, or empty
};
// False when it is not of that form. An empty text is an empty host.
bool ParseAuthority(std::string_view text, Authority* authority);

// Whether the target is one of the four forms that its method may have, and the Host value is valid
// and names the same authority as the target where that has one (a port that is the scheme's
// default equals none).
ParseError CheckTargetAndHost(std::string_view method, std::string_view target,
                              std::string_view host, bool has_host);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_TARGET_H_
