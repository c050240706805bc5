// Redirect: "http-request redirect location|prefix|scheme".
// Source: HAProxy configuration manual, "redirect location".
#ifndef LB_DATAPLANE_RULES_REDIRECT_H_
#define LB_DATAPLANE_RULES_REDIRECT_H_

#include <cstdint>
#include <string>

#include "dataplane/rules/log_format.h"
#include "dataplane/rules/reply.h"

namespace lb::rules {

struct Redirect {
  enum class Kind : uint8_t { kLocation, kPrefix, kScheme };
  Kind kind = Kind::kLocation;
  LogFormat target;
  uint16_t code = 302;
  bool drop_query = false;
  bool append_slash = false;
  std::string set_cookie;  // the whole field value; empty: none

  LocalReply Make(TxnContext& context) const;
};

// The Set-Cookie value of "set-cookie NAME[=VALUE]" and of "clear-cookie NAME[=]".
std::string SetCookieValue(std::string_view cookie);
std::string ClearCookieValue(std::string_view cookie);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_REDIRECT_H_
