// The certificates of tests/testing/certs as tls::File objects. Tests run from the source root.
#ifndef LB_TESTS_TESTING_CERTS_H_
#define LB_TESTS_TESTING_CERTS_H_

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "common/tls/settings.h"

namespace lb::testing {

// "site.pem": a leaf with its key in one file; or authorities, revocations, ticket keys.
inline tls::FilePtr TestCertificate(const std::string& name) {
  std::ifstream in("tests/testing/certs/" + name);
  std::stringstream text;
  text << in.rdbuf();
  auto file = std::make_shared<tls::File>();
  file->name = name;
  file->pem = text.str();
  file->key_pem = text.str();
  return file;
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_CERTS_H_
