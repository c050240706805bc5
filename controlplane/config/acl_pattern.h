// ACL patterns: text checked for its match method and brought to the form that the wire carries.
// Pure. Source: HAProxy configuration manual, sections 7.1.2 to 7.1.6.
#ifndef LB_CONTROLPLANE_CONFIG_ACL_PATTERN_H_
#define LB_CONTROLPLANE_CONFIG_ACL_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/catalog/catalog.h"
#include "lb/v1/rule.pb.h"

namespace lb::config {

v1::MatchMethod ToWire(catalog::Match match);

// "eq", "ge", "gt", "le", "lt".
bool IsOperator(std::string_view word);

// `text` for `match`, `comparison` being the operator before it (empty: none, same as "eq").
// Integers: "80", "1024:65535", "10:" (at least), ":10" (at most); with an operator "ge:80".
// Bytes: "160301". Addresses: "10.0.0.0/8", "10.1", "::1/128" as "ADDRESS/BITS" or "ADDRESS".
absl::StatusOr<std::string> NormalizePattern(catalog::Match match, std::string_view comparison,
                                             std::string_view text);

// The same for versions "MAJOR[.MINOR]" and ranges of them, as integers: MAJOR * 65536 + MINOR.
// Source: HAProxy configuration manual, "req.ssl_ver".
absl::StatusOr<std::string> NormalizeVersion(std::string_view comparison, std::string_view text);

// The patterns of a "-f" file: one a line, leading blanks dropped, "#" lines and empty ones
// skipped.
std::vector<std::string> SplitPatternFile(std::string_view text);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_ACL_PATTERN_H_
