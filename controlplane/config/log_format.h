// Log-format strings: "%ci:%cp [%tr] %{+Q}r %[req.hdr(host)]", split into items. Pure.
// Source: HAProxy configuration manual, section 8.2.4 "Custom log format".
#ifndef LB_CONTROLPLANE_CONFIG_LOG_FORMAT_H_
#define LB_CONTROLPLANE_CONFIG_LOG_FORMAT_H_

#include <string_view>

#include "absl/status/statusor.h"

#include "controlplane/config/expression.h"
#include "lb/v1/rule.pb.h"

namespace lb::config {

enum class TagScope { kAny, kTcpOnly };  // kTcpOnly: tags of HTTP are refused

// Splits `text`. A run of spaces counts as one, as in HAProxy. Errors: unknown tags, flags and
// fetches (with the closest known name), tags that need HTTP where there is none.
absl::StatusOr<v1::LogFormat> ParseLogFormat(std::string_view text, TagScope tags,
                                             const ExpressionSite& site);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_LOG_FORMAT_H_
