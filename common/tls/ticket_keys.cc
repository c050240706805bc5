#include "common/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "common/base/check.h"
#include "common/base/status.h"

namespace lb::tls {
namespace {

int KeysIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool InitMac(EVP_MAC_CTX* mac, const TicketKey& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(
          OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.hmac_key.data()), key.hmac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

const EVP_CIPHER* CipherOf(const TicketKey& key) {
  return key.aes_key.size() == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
}

}  // namespace

absl::StatusOr<TicketKey> TicketKey::Parse(std::string_view bytes) {
  if (bytes.size() != kShortBytes && bytes.size() != kBytes) {
    return InvalidArgument(absl::StrCat("a ticket key has ", kShortBytes, " or ", kBytes,
                                        " bytes, not ", bytes.size()));
  }
  TicketKey key;
  std::copy_n(bytes.begin(), key.name.size(), key.name.begin());
  bytes.remove_prefix(key.name.size());
  const size_t half = bytes.size() / 2;
  key.hmac_key.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(half));
  key.aes_key.assign(bytes.begin() + static_cast<ptrdiff_t>(half), bytes.end());
  return key;
}

std::string TicketKey::Random() {
  std::string bytes(kBytes, '\0');
  LB_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size())) == 1);
  return bytes;
}

TicketKeys::TicketKeys() { Replace({*TicketKey::Parse(TicketKey::Random())}, 0); }

TicketKeys::TicketKeys(std::vector<TicketKey> keys, size_t seals_with) {
  Replace(std::move(keys), seals_with);
}

absl::StatusOr<std::shared_ptr<TicketKeys>> TicketKeys::FromFile(const File& file) {
  std::vector<TicketKey> keys;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(file.pem, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    std::string bytes;
    if (!absl::Base64Unescape(line, &bytes)) {
      return InvalidArgument(absl::StrCat(file.name, ":", number, ": is not base64"));
    }
    absl::StatusOr<TicketKey> key = TicketKey::Parse(bytes);
    if (!key.ok()) return WithContext(key.status(), absl::StrCat(file.name, ":", number));
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return InvalidArgument(absl::StrCat(file.name, ": holds no ticket key"));
  const size_t seals_with = keys.size() >= 2 ? keys.size() - 2 : 0;
  return std::make_shared<TicketKeys>(std::move(keys), seals_with);
}

void TicketKeys::Replace(std::vector<TicketKey> keys, size_t seals_with) {
  LB_CHECK(seals_with < keys.size());
  auto ring = std::make_shared<const Ring>(Ring{std::move(keys), seals_with});
  std::lock_guard lock(mutex_);
  ring_ = std::move(ring);
}

std::shared_ptr<const TicketKeys::Ring> TicketKeys::ring() const {
  std::lock_guard lock(mutex_);
  return ring_;
}

void TicketKeys::Install(SSL_CTX* context) const {
  LB_CHECK(SSL_CTX_set_ex_data(context, KeysIndex(), const_cast<TicketKeys*>(this)) == 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, OnTicket);
}

// Source: OpenSSL manual, SSL_CTX_set_tlsext_ticket_key_evp_cb(3). Returns 1: use it; 2: use it,
// and give a new ticket; 0: unknown key, do a full handshake; -1: failure.
int TicketKeys::OnTicket(SSL* connection, unsigned char* name, unsigned char* iv,
                         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int is_sealing) {
  const auto* keys =
      static_cast<const TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), KeysIndex()));
  const std::shared_ptr<const Ring> ring = keys->ring();
  if (is_sealing == 1) {
    const TicketKey& key = ring->keys[ring->seals_with];
    const EVP_CIPHER* kind = CipherOf(key);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(kind)) != 1) return -1;
    std::ranges::copy(key.name, name);
    if (EVP_EncryptInit_ex(cipher, kind, nullptr, key.aes_key.data(), iv) != 1) return -1;
    return InitMac(mac, key) ? 1 : -1;
  }
  for (size_t i = 0; i < ring->keys.size(); ++i) {
    const TicketKey& key = ring->keys[i];
    if (!std::equal(key.name.begin(), key.name.end(), name)) continue;
    if (!InitMac(mac, key)) return -1;
    if (EVP_DecryptInit_ex(cipher, CipherOf(key), nullptr, key.aes_key.data(), iv) != 1) return -1;
    // TLS 1.3 gives a new ticket with every resumption anyway.
    return i == ring->seals_with || SSL_version(connection) == TLS1_3_VERSION ? 1 : 2;
  }
  return 0;
}

}  // namespace lb::tls
