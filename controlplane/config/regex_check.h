// CheckRegex: whether a pattern compiles, so that a bad one is refused with the file and not by a
// data plane. Pure.
#ifndef LB_CONTROLPLANE_CONFIG_REGEX_CHECK_H_
#define LB_CONTROLPLANE_CONFIG_REGEX_CHECK_H_

#include <string_view>

#include "absl/status/status.h"

namespace lb::config {

// Ok, or what PCRE2 says is wrong and where.
absl::Status CheckRegex(std::string_view pattern);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_REGEX_CHECK_H_
