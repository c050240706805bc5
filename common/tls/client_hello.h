// What a ClientHello says, read while OpenSSL holds it: for use in its client_hello callback only.
#ifndef LB_COMMON_TLS_CLIENT_HELLO_H_
#define LB_COMMON_TLS_CLIENT_HELLO_H_

#include <string>

#include "common/tls/openssl_ptr.h"

namespace lb::tls {

// The host name that a client asks for, lower case, without a final dot; empty: none.
// Source: RFC 6066 section 3.
std::string RequestedName(SSL* connection);

// Whether a client can be served with a key of `kind` (EVP_PKEY_*), in TLS up to `max_version`
// (TLS1_2_VERSION; 0: the newest): by the signatures that it takes and the suites that it offers.
// True for kinds other than RSA and EC, of which nothing is looked up.
// Source: RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1.
bool CanUseKey(SSL* connection, int kind, int max_version);

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_CLIENT_HELLO_H_
