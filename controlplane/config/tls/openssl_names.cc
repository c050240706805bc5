#include "controlplane/config/tls/openssl_names.h"

#include <openssl/err.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "common/base/check.h"
#include "controlplane/config/tls/openssl_ptr.h"

namespace lb::config {
namespace {

constexpr size_t kMostAlpnName = 255;
constexpr size_t kMostAlpnBytes = 65535;

bool TakesList(SSL_CTX* context, OpensslList list, const char* text) {
  switch (list) {
    case OpensslList::kCiphers:
      return SSL_CTX_set_cipher_list(context, text) == 1;
    case OpensslList::kCiphersuites:
      return SSL_CTX_set_ciphersuites(context, text) == 1;
    case OpensslList::kCurves:
      return SSL_CTX_set1_groups_list(context, text) == 1;
    case OpensslList::kSigalgs:
      return SSL_CTX_set1_sigalgs_list(context, text) == 1;
    case OpensslList::kClientSigalgs:
      return SSL_CTX_set1_client_sigalgs_list(context, text) == 1;
  }
  return false;
}

}  // namespace

bool IsOpensslList(OpensslList list, const std::string& text) {
  const SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  LB_CHECK(context != nullptr);
  const bool is_taken = TakesList(context.get(), list, text.c_str());
  ERR_clear_error();
  return is_taken;
}

absl::StatusOr<std::vector<std::string>> SplitAlpn(std::string_view text) {
  std::vector<std::string> names = absl::StrSplit(absl::string_view(text.data(), text.size()), ',');
  size_t bytes = 0;
  for (const std::string& name : names) {
    if (name.empty()) return absl::InvalidArgumentError("an empty protocol name");
    if (name.size() > kMostAlpnName) {
      return absl::InvalidArgumentError(
          absl::StrCat("a protocol name of ", name.size(), " bytes (at most ", kMostAlpnName, ")"));
    }
    bytes += 1 + name.size();
  }
  if (bytes > kMostAlpnBytes) {
    return absl::InvalidArgumentError("more protocol names than an ALPN extension holds");
  }
  return names;
}

}  // namespace lb::config
