// TicketKeys: what session tickets are sealed with (RFC 5077). Contexts that share one resume each
// other's sessions: those of all workers, and of all data planes that were given the same keys.
//
// Any thread. Replace() takes effect with the next handshake.
// Source: HAProxy configuration manual, "tls-ticket-keys".
#ifndef LB_COMMON_TLS_TICKET_KEYS_H_
#define LB_COMMON_TLS_TICKET_KEYS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/tls/openssl_ptr.h"
#include "common/tls/settings.h"

namespace lb::tls {

// 48 bytes: name, HMAC key, AES-128 key of 16 each. 80 bytes: name of 16, the others of 32.
struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::vector<unsigned char> hmac_key;
  std::vector<unsigned char> aes_key;  // 16 or 32 bytes

  static constexpr size_t kShortBytes = 48;
  static constexpr size_t kBytes = 80;
  // Errors: another length than those two.
  static absl::StatusOr<TicketKey> Parse(std::string_view bytes);
  // The bytes of a new key, as Parse() takes them.
  static std::string Random();
};

class TicketKeys {
 public:
  // One random key.
  TicketKeys();
  // `seals_with`: index of the key for new tickets; all of them open tickets.
  TicketKeys(std::vector<TicketKey> keys, size_t seals_with);

  // A "tls-ticket-keys" file: a key in base64 a line. New tickets are sealed with the last but one,
  // so that nodes that already have a newer file and those that do not understand each other.
  static absl::StatusOr<std::shared_ptr<TicketKeys>> FromFile(const File& file);

  void Replace(std::vector<TicketKey> keys, size_t seals_with);

  // Has `context` use these keys, which must outlive it.
  void Install(SSL_CTX* context) const;

 private:
  struct Ring {
    std::vector<TicketKey> keys;
    size_t seals_with = 0;
  };

  static int OnTicket(SSL* connection, unsigned char* name, unsigned char* iv,
                      EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int is_sealing);
  std::shared_ptr<const Ring> ring() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Ring> ring_;  // guarded by mutex_
};

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_TICKET_KEYS_H_
