#include "common/tls/client_hello.h"

#include "absl/strings/ascii.h"

namespace lb::tls {
namespace {

bool IsSignatureOf(int kind, unsigned char high, unsigned char low) {
  // A hash and an algorithm up to TLS 1.2; in TLS 1.3 a number, whose values for ECDSA are the
  // same, and for RSA those with PSS padding (rsa_pss_rsae_*) as well.
  constexpr unsigned char kRsa = 1;
  constexpr unsigned char kEcdsa = 3;
  constexpr unsigned char kLastHash = 6;
  if (high <= kLastHash) return low == (kind == EVP_PKEY_EC ? kEcdsa : kRsa);
  return kind == EVP_PKEY_RSA && high == 8 && low >= 4 && low <= 6;
}

bool TakesSignature(SSL* connection, int kind) {
  const unsigned char* at = nullptr;
  size_t bytes = 0;
  if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_signature_algorithms, &at, &bytes) != 1) {
    return true;  // before TLS 1.2: the suites alone tell
  }
  for (size_t i = 2; i + 1 < bytes; i += 2) {
    if (IsSignatureOf(kind, at[i], at[i + 1])) return true;
  }
  return false;
}

bool OffersSuite(SSL* connection, int kind, int max_version) {
  const unsigned char* at = nullptr;
  const size_t bytes = SSL_client_hello_get0_ciphers(connection, &at);
  for (size_t i = 0; i + 1 < bytes; i += 2) {
    const SSL_CIPHER* cipher = SSL_CIPHER_find(connection, at + i);
    if (cipher == nullptr) continue;
    const int nid = SSL_CIPHER_get_auth_nid(cipher);
    if (nid == (kind == EVP_PKEY_EC ? NID_auth_ecdsa : NID_auth_rsa)) return true;
    // Those of TLS 1.3 leave the key open. OpenSSL says the same of signalling values.
    const bool is_tls13 = at[i] == 0x13;
    if (is_tls13 && (max_version == 0 || max_version >= TLS1_3_VERSION)) return true;
  }
  return false;
}

}  // namespace

std::string RequestedName(SSL* connection) {
  const unsigned char* at = nullptr;
  size_t bytes = 0;
  if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_server_name, &at, &bytes) != 1) return {};
  // A list's length of 2, a type of 1 (0: host name), a name's length of 2, the name.
  if (bytes < 5 || at[2] != TLSEXT_NAMETYPE_host_name) return {};
  const size_t name_bytes = static_cast<size_t>(at[3]) << 8 | at[4];
  if (name_bytes + 5 > bytes) return {};
  std::string name(reinterpret_cast<const char*>(at + 5), name_bytes);
  absl::AsciiStrToLower(&name);
  if (!name.empty() && name.back() == '.') name.pop_back();
  return name;
}

bool CanUseKey(SSL* connection, int kind, int max_version) {
  if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA) return true;
  return TakesSignature(connection, kind) && OffersSuite(connection, kind, max_version);
}

}  // namespace lb::tls
