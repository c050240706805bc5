// The range of TLS versions that a line asks for. Pure.
// Source: HAProxy configuration manual, section 5.1 "ssl-min-ver", "ssl-max-ver", "force-*",
// "no-*"; what they do together was observed on HAProxy 2.6.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_VERSIONS_H_
#define LB_CONTROLPLANE_CONFIG_TLS_VERSIONS_H_

#include <string>

#include "controlplane/config/tls/words.h"

namespace lb::config {

struct TlsVersionRange {
  v1::TlsVersion min = v1::TLS_1_2;
  v1::TlsVersion max = v1::TLS_1_3;
  bool is_empty = false;  // every version is ruled out
  std::string warning;    // empty: none
};

// TLS 1.2 is the least unless the words say otherwise. "no-*" words count only without a least and
// a highest version. A highest version below TLS 1.2 alone is the least as well.
TlsVersionRange ResolveVersions(const TlsVersionWords& words);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_VERSIONS_H_
