#include "common/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lb {
namespace {

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}
absl::StatusOr<int> Quarter(int n) {
  LB_ASSIGN_OR_RETURN(int half, Half(n));
  LB_ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}
absl::Status CheckHalf(int n) {
  LB_RETURN_IF_ERROR(Half(n).status());
  return absl::OkStatus();
}

TEST(StatusMacros, GoOnOrReturnTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_TRUE(CheckHalf(2).ok());
  EXPECT_EQ(CheckHalf(3).code(), absl::StatusCode::kInvalidArgument);
}

TEST(WithContext, AddsOneLayerAndKeepsTheCode) {
  const absl::Status status = WithContext(absl::NotFoundError("no such file"), "web.cfg");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "web.cfg: no such file");
  EXPECT_TRUE(WithContext(absl::OkStatus(), "x").ok());
}

TEST(ErrnoStatus, SaysWhatFailedAndSortsTheCause) {
  const struct {
    int error;
    absl::StatusCode code;
  } rows[] = {{ENOENT, absl::StatusCode::kNotFound},
              {EADDRINUSE, absl::StatusCode::kAlreadyExists},
              {EACCES, absl::StatusCode::kPermissionDenied},
              {EMFILE, absl::StatusCode::kResourceExhausted},
              {ECONNREFUSED, absl::StatusCode::kUnavailable},
              {EIO, absl::StatusCode::kInternal}};
  for (const auto& row : rows) EXPECT_EQ(ErrnoStatus(row.error, "x").code(), row.code);
  EXPECT_EQ(ErrnoStatus(ENOENT, "/a").message(), "/a: No such file or directory");
}

}  // namespace
}  // namespace lb
