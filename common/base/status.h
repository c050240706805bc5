// Early-return macros for absl::Status and absl::StatusOr (Debian 12's Abseil has none).
//
//   LB_RETURN_IF_ERROR(Open(path));
//   LB_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
//
// WithContext() adds one layer of context to a message, keeping the code.
#ifndef LB_COMMON_BASE_STATUS_H_
#define LB_COMMON_BASE_STATUS_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define LB_RETURN_IF_ERROR(expr)                                               \
  do {                                                                         \
    if (absl::Status lb_status_ = (expr); !lb_status_.ok()) return lb_status_; \
  } while (false)

#define LB_STATUS_CONCAT_INNER_(a, b) a##b
#define LB_STATUS_CONCAT_(a, b) LB_STATUS_CONCAT_INNER_(a, b)
#define LB_ASSIGN_OR_RETURN(lhs, expr) \
  LB_ASSIGN_OR_RETURN_IMPL_(LB_STATUS_CONCAT_(lb_statusor_, __LINE__), lhs, expr)
#define LB_ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = std::move(tmp).value()

namespace lb {

// "<context>: <message>" with the code of `status`; `status` itself when it is ok.
absl::Status WithContext(const absl::Status& status, std::string_view context);

// An INVALID_ARGUMENT status.
inline absl::Status InvalidArgument(std::string_view message) {
  return absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
}

// A status for a failed system call: "<what>: <strerror(error)>".
absl::Status ErrnoStatus(int error, std::string_view what);

}  // namespace lb

#endif  // LB_COMMON_BASE_STATUS_H_
