// The files of tests/testing/certs, for tests that run in the source tree.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_CONFIG_TLS_TEST_FILES_H_
#define LB_TESTS_UNIT_CONTROLPLANE_CONFIG_TLS_TEST_FILES_H_

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

#include "common/base/clock.h"

namespace lb::config {

inline std::string CertFile(const std::string& name) {
  std::ifstream in("tests/testing/certs/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// In March 2030: the certificates are valid, but for expired.pem.
inline WallTime TestNow() { return WallTime(std::chrono::days(22'000)); }

}  // namespace lb::config

#endif  // LB_TESTS_UNIT_CONTROLPLANE_CONFIG_TLS_TEST_FILES_H_
