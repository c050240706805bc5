// Replies made by the proxy: "return", "deny", "http-error", "errorfile", "errorloc".
// Source: HAProxy configuration manual, "http-request return", "http-error", "errorfile".
#ifndef LB_CONTROLPLANE_CONFIG_REPLY_H_
#define LB_CONTROLPLANE_CONFIG_REPLY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "controlplane/config/expression.h"
#include "controlplane/config/scope.h"

namespace lb::config {

// Whether error replies with this status exist and may be replaced.
bool IsErrorStatus(uint32_t status);

// Whether `text` is a whole HTTP response of at most `most` bytes; empty means "say nothing".
absl::Status CheckRawReply(std::string_view text, size_t most);

// The size a reply may have: "tune.bufsize" less "tune.maxrewrite".
size_t ReplyLimit(const v1::Global& global);

// "[status N] [content-type T] [file F|lf-file F|string S|lf-string S|errorfile F] [hdr N V]...".
// Reads arguments [first, last); `status` stands when none is written. Without a body the reply has
// none set.
std::optional<v1::Reply> ParseReply(const Statement& statement, size_t first, size_t last,
                                    uint32_t status, const ExpressionSite& site, Scope& scope);

// The same for "deny". Without a body it has none set, which means the status' page, when no
// argument, "deny_status N" alone or "default-errorfiles" ask for that, and else an empty literal.
// Source: HAProxy configuration manual, "http-request deny".
std::optional<v1::Reply> ParseDenyReply(const Statement& statement, size_t first, size_t last,
                                        uint32_t status, const ExpressionSite& site, Scope& scope);

// A whole HTTP message of a reply without log formats, for v1::ProxyCommon.error_files.
std::string RawReply(const v1::Reply& reply);

// What "errorloc" sends: a redirect with `code` to `location`, not to be cached since the error
// passes.
std::string RawRedirect(uint32_t code, std::string_view location);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_REPLY_H_
