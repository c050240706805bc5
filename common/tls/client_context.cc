#include "common/tls/client_context.h"

#include <openssl/x509v3.h>

#include <utility>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/tls/context.h"

namespace lb::tls {
namespace {

int ClientIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Whether the name is an address, for which no SNI may be sent (RFC 6066 section 3).
bool IsAddress(const std::string& name) {
  ASN1_OCTET_STRING* octets = a2i_IPADDRESS(name.c_str());
  ASN1_OCTET_STRING_free(octets);
  return octets != nullptr;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ClientContext>> ClientContext::Make(ClientSettings settings) {
  std::shared_ptr<ClientContext> made(new ClientContext(std::move(settings)));
  const ClientSettings& own = made->settings_;
  LB_ASSIGN_OR_RETURN(made->context_, MakeContext(TLS_client_method(), own.settings));
  SSL_CTX* context = made->context_.get();
  if (own.certificate != nullptr) LB_RETURN_IF_ERROR(UseCertificate(context, *own.certificate));
  SSL_CTX_set_verify(
      context, own.settings.verify == Verify::kNone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  LB_ASSIGN_OR_RETURN(std::string alpn, EncodeAlpn(own.settings.alpn));
  if (!alpn.empty() &&
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned int>(alpn.size())) != 0) {
    return InvalidArgument("ALPN: " + TakeError());
  }
  if (own.reuses_sessions) {
    LB_CHECK(SSL_CTX_set_ex_data(context, ClientIndex(), made.get()) == 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, OnNewSession);
  }
  return made;
}

SslPtr ClientContext::NewConnection(const std::string& name) {
  SslPtr connection(SSL_new(context_.get()));
  if (connection == nullptr) return nullptr;
  SSL* c = connection.get();
  SSL_set_connect_state(c);
  const bool is_address = !name.empty() && IsAddress(name);
  if (!name.empty() && !is_address) SSL_set_tlsext_host_name(c, name.c_str());
  const std::string& expected = name.empty() ? settings_.verify_host : name;
  if (settings_.settings.verify != Verify::kNone && !expected.empty()) {
    if (IsAddress(expected)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c), expected.c_str());
    } else {
      SSL_set_hostflags(c, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      SSL_set1_host(c, expected.c_str());
    }
  }
  if (settings_.reuses_sessions) {
    std::lock_guard lock(mutex_);
    if (auto found = sessions_.find(name); found != sessions_.end()) {
      SSL_set_session(c, found->second.get());
    }
  }
  return connection;
}

// Returns 1 when it keeps the reference that OpenSSL offers.
int ClientContext::OnNewSession(SSL* connection, SSL_SESSION* session) {
  auto* self =
      static_cast<ClientContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), ClientIndex()));
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  std::string key = name != nullptr ? name : "";
  std::lock_guard lock(self->mutex_);
  if (self->sessions_.size() >= kMaxSessions && !self->sessions_.contains(key)) {
    self->sessions_.erase(self->sessions_.begin());
  }
  self->sessions_[std::move(key)] = SslSessionPtr(session);
  return 1;
}

}  // namespace lb::tls
