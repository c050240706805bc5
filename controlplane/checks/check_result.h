// CheckResult: the outcome of one health check of one server, in HAProxy's terms.
// Plain values; any thread.
// Source: HAProxy management guide, section 9.1 "CSV format", field "check_status".
#ifndef LB_CONTROLPLANE_CHECKS_CHECK_RESULT_H_
#define LB_CONTROLPLANE_CHECKS_CHECK_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace lb::checks {

enum class CheckStatus : uint8_t {
  kUnknown,      // never checked, and no check is configured
  kInitial,      // a check is configured, and none has ended
  kSocketError,  // our side could not even try
  kL4Ok,
  kL4Timeout,
  kL4Connection,
  kL6Ok,
  kL6Timeout,
  kL6Response,
  kL7Ok,
  kL7Timeout,
  kL7Response,
  kL7Status,
  kProcessOk,
  kProcessError,
  kProcessTimeout,
};

// "L4OK", "L7STS", "PROCOK", ...: the code of statistics.
std::string_view CodeOf(CheckStatus status);
// "Layer4 check passed", "Layer7 wrong status", ...: the words of log lines.
std::string_view DescriptionOf(CheckStatus status);
// Whether a check that ends so has passed.
bool IsPassed(CheckStatus status);
// Whether statistics show CheckResult::code with it (an HTTP status, an exit code, ...).
bool HasCode(CheckStatus status);
// The inverse of CodeOf(); nullopt for any other text.
std::optional<CheckStatus> ParseCheckStatus(std::string_view code);

struct CheckResult {
  CheckStatus status = CheckStatus::kUnknown;
  int code = 0;       // HTTP status, exit code of an external check, MySQL error; 0: none
  Millis duration{};  // from the start of the check to its end
  std::string info;   // "Connection refused", "HTTP status check returned code <503>"; may be empty

  bool passed() const { return IsPassed(status); }
  friend bool operator==(const CheckResult&, const CheckResult&) = default;
};

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_CHECK_RESULT_H_
