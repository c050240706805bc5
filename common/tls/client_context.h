// ClientContext: TLS to a server as a server line wants it: trust, name check, client certificate,
// sessions to resume. Any thread.
#ifndef LB_COMMON_TLS_CLIENT_CONTEXT_H_
#define LB_COMMON_TLS_CLIENT_CONTEXT_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "common/tls/openssl_ptr.h"
#include "common/tls/settings.h"

namespace lb::tls {

class ClientContext {
 public:
  // Errors name the file or the setting that OpenSSL refuses.
  static absl::StatusOr<std::shared_ptr<ClientContext>> Make(ClientSettings settings);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // A connection that will say hello; the context must outlive it. `name`: the SNI, and what the
  // certificate must stand for; empty: none is sent, and the certificate must stand for
  // "verifyhost" when that is set.
  SslPtr NewConnection(const std::string& name);

  // Whether all connections are the same but for their SNI: what allows them to be shared.
  const ClientSettings& settings() const { return settings_; }

 private:
  explicit ClientContext(ClientSettings settings) : settings_(std::move(settings)) {}

  static int OnNewSession(SSL* connection, SSL_SESSION* session);

  // Names whose sessions are kept; further ones push out any.
  static constexpr size_t kMaxSessions = 64;

  const ClientSettings settings_;
  SslContextPtr context_;
  std::mutex mutex_;
  std::map<std::string, SslSessionPtr, std::less<>> sessions_;  // by SNI; guarded by mutex_
};

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_CLIENT_CONTEXT_H_
