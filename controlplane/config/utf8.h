// IsUtf8: whether bytes are well-formed UTF-8, which text on the wire must be. Pure.
// Source: RFC 3629, section 4.
#ifndef LB_CONTROLPLANE_CONFIG_UTF8_H_
#define LB_CONTROLPLANE_CONFIG_UTF8_H_

#include <string_view>

namespace lb::config {

bool IsUtf8(std::string_view bytes);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_UTF8_H_
