#include "common/tls/openssl_ptr.h"

#include <openssl/err.h>

#include <climits>

#include "common/base/check.h"

namespace lb::tls {

BioPtr ReadFrom(std::string_view text) {
  LB_CHECK(text.size() <= INT_MAX);
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  LB_CHECK(bio != nullptr);
  return bio;
}

std::string TakeError() {
  const unsigned long code = ERR_get_error();  // NOLINT: OpenSSL's type
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (const char* reason = ERR_reason_error_string(code); reason != nullptr) return reason;
  char text[128];
  ERR_error_string_n(code, text, sizeof(text));
  return text;
}

}  // namespace lb::tls
