// ServerContext: TLS as a bind line wants it: certificates by server name, client certificates,
// tickets. Immutable; connections keep it alive. Any thread.
#ifndef LB_COMMON_TLS_SERVER_CONTEXT_H_
#define LB_COMMON_TLS_SERVER_CONTEXT_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

#include "common/tls/openssl_ptr.h"
#include "common/tls/settings.h"

namespace lb::tls {

class ServerContext {
 public:
  // Errors name the file or the setting that OpenSSL refuses.
  static absl::StatusOr<std::shared_ptr<const ServerContext>> Make(ServerSettings settings);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // A connection that waits for a ClientHello; the context must outlive it.
  SslPtr NewConnection() const;

  // The certificate (name of its file) that a client asking for `name` is given first; empty: none,
  // the handshake is refused.
  std::string_view CertificateFor(std::string_view name) const;

 private:
  // One SSL_CTX: the certificates, of different kinds of key, that stand for the same name.
  struct Identity {
    SslContextPtr context;
    std::vector<size_t> entries;
    const Settings* settings = nullptr;
    bool has_own_settings = false;
    std::string alpn;  // as on the wire
    std::string ocsp;
  };
  using Entries = std::vector<size_t>;  // in the order of the configuration
  // What stands for one name: more than one when its kinds of keys are to be handled differently.
  using Choice = std::vector<const Identity*>;

  explicit ServerContext(ServerSettings settings) : settings_(std::move(settings)) {}

  // What is needed only while the context is made.
  struct Draft;

  absl::Status Build();
  absl::Status ReadEntries(Draft* draft);
  absl::StatusOr<Choice> ChoiceOf(Entries candidates, Draft* draft);
  absl::StatusOr<const Identity*> IdentityOf(const Entries& candidates, Draft* draft);
  bool HasKeyOf(const Identity& identity, int kind) const;
  absl::Status SetUp(Identity* identity, const Draft& draft) const;
  absl::Status SetUpVerification(SSL_CTX* context, const Settings& settings,
                                 const FilePtr& verify_authorities,
                                 bool tells_no_authorities) const;
  // Null: the handshake is refused.
  const Choice* Find(std::string_view name) const;
  const Identity* Among(const Choice& choice, SSL* connection) const;

  static int OnClientHello(SSL* connection, int* alert, void* self);
  static int OnName(SSL* connection, int* alert, void* unused);
  static int OnAlpn(SSL* connection, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned int offered_bytes, void* identity);
  static int OnStatusRequest(SSL* connection, void* identity);
  static int OnVerify(int is_good, X509_STORE_CTX* store);

  const ServerSettings settings_;
  std::shared_ptr<const TicketKeys> ticket_keys_;
  std::vector<int> key_kinds_;  // of the entries: EVP_PKEY_*
  std::vector<std::unique_ptr<Identity>> identities_;
  Choice default_;
  const Identity* initial_ = nullptr;  // what a connection has before its ClientHello
  // By lower-case name; empty: none stands for it, although a wildcard would.
  std::unordered_map<std::string, Choice> exact_;
  std::unordered_map<std::string, Choice> wildcards_;  // ".example.com"
};

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_SERVER_CONTEXT_H_
