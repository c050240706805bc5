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

// In access logs a run of spaces counts as one, and spaces at the front as none; elsewhere
// (header values, replies) they stay.
enum class SpaceRuns { kKeep, kMerge };

// Splits `text`. Errors: unknown tags, flags and fetches (with the closest known name), tags that
// need HTTP where there is none, fetches that give nothing at `site`.
absl::StatusOr<v1::LogFormat> ParseLogFormat(std::string_view text, TagScope tags,
                                             const ExpressionSite& site,
                                             SpaceRuns spaces = SpaceRuns::kKeep);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_LOG_FORMAT_H_
