// FreePort: for tests of programs that must be told a port before they listen on it.
#ifndef LB_TESTS_TESTING_FREE_PORT_H_
#define LB_TESTS_TESTING_FREE_PORT_H_

#include <cstdint>

#include "absl/status/statusor.h"

#include "common/base/address.h"
#include "common/base/check.h"
#include "common/base/unique_fd.h"
#include "common/net/socket.h"

namespace lb::testing {

// A loopback port that is free right now: one the kernel has just given and taken back.
inline uint16_t FreePort() {
  absl::StatusOr<UniqueFd> fd = net::Listen(*Address::Parse("127.0.0.1:0"), {});
  LB_CHECK(fd.ok());
  return Address::LocalOf(fd->get()).port();
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_FREE_PORT_H_
