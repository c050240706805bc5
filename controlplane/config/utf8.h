// UTF-8: text on the wire must be well-formed, or its reader refuses the whole message. Pure.
// Source: RFC 3629, section 4.
#ifndef LB_CONTROLPLANE_CONFIG_UTF8_H_
#define LB_CONTROLPLANE_CONFIG_UTF8_H_

#include <string>
#include <string_view>

namespace lb::config {

bool IsUtf8(std::string_view bytes);

// `bytes` with a '?' for each byte that is not part of a well-formed sequence; as long as before,
// so that columns stay.
std::string ReplaceNonUtf8(std::string bytes);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_UTF8_H_
