#include "dataplane/proxy/upstream_identity.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <vector>

#include "common/net/proxy_protocol.h"
#include "common/tls/facts.h"
#include "dataplane/http/field_list.h"

namespace lb::proxy {
namespace {

// The texts that `TlsOf` views.
struct TlsTexts {
  std::string common_name;
  std::string key;
};

// What the client's TLS connection, when it has one, tells.
net::ProxyTls TlsOf(const SSL* connection, TlsTexts* texts) {
  net::ProxyTls told;
  if (connection == nullptr) return told;
  told.is_tls = true;
  told.version = tls::VersionName(connection);
  told.cipher = tls::CipherName(connection);
  if (const tls::X509Ptr certificate = tls::PeerCertificate(connection); certificate != nullptr) {
    told.has_session_certificate = true;
    told.has_connection_certificate = SSL_session_reused(connection) == 0;
    told.verify = static_cast<uint32_t>(SSL_get_verify_result(connection));
    texts->common_name =
        tls::NamePart(certificate.get(), tls::NameField::kSubject, "CN", /*occurrence=*/1)
            .value_or("");
    told.common_name = texts->common_name;
  }
  if (const tls::X509Ptr own = tls::OwnCertificate(connection); own != nullptr) {
    told.signature_algorithm = tls::SignatureAlgorithmOf(own.get());
    texts->key = tls::KeyNameOf(own.get());
    told.key_algorithm = texts->key;
  }
  return told;
}

// The address in one of the comma-separated values of a field; unset: there is none.
Address HeaderAddress(const http::HeaderList& headers, std::string_view name, int occurrence) {
  std::vector<std::string_view> values;
  for (const http::Header& field : headers) {
    if (!http::EqualsIgnoreCase(field.name, name)) continue;
    for (std::string_view value : http::ListMembers(field.value)) values.push_back(value);
  }
  const auto count = static_cast<int>(values.size());
  const int index = occurrence > 0 ? occurrence - 1 : count + occurrence;
  if (index < 0 || index >= count) return Address();
  absl::StatusOr<Address> address = Address::FromIp(values[static_cast<size_t>(index)], 0);
  return address.ok() ? *std::move(address) : Address();
}

}  // namespace

std::string MakeProxyHeader(const upstream::ServerConfig& server, const Session& session,
                            const rules::TxnContext& txn) {
  std::string header;
  if (server.send_proxy == 1) {
    net::AppendProxyV1(session.client_address, session.local_address, &header);
  }
  if (server.send_proxy != 2) return header;
  TlsTexts texts;
  net::ProxyHeaderFacts facts;
  facts.source = &session.client_address;
  facts.destination = &session.local_address;
  facts.unique_id = txn.unique_id;
  if (session.proxy_texts != nullptr) facts.authority = session.proxy_texts->authority;
  if (txn.client_tls != nullptr) {
    facts.alpn = tls::AlpnOf(txn.client_tls);
    if (facts.authority.empty()) facts.authority = tls::SniOf(txn.client_tls);
    if (server.proxy_options.ssl) facts.tls = TlsOf(txn.client_tls, &texts);
  }
  net::AppendProxyV2(facts, server.proxy_options, &header);
  return header;
}

Address MakeSource(const upstream::ServerConfig& server, const Address& target,
                   const Session& session, const rules::TxnContext& txn) {
  Address source;
  switch (server.source_use) {
    case upstream::SourceUse::kOwn:
    case upstream::SourceUse::kForeign:
      return server.source;
    case upstream::SourceUse::kClient:
    case upstream::SourceUse::kClientIp:
      source = session.client_address;
      break;
    case upstream::SourceUse::kHeaderIp:
      if (txn.request != nullptr) {
        source =
            HeaderAddress(txn.request->headers, server.source_header, server.source_occurrence);
      }
      break;
  }
  // An address that the server cannot be reached from is no help.
  if (source.family() != target.family()) return server.source;
  if (server.source_use != upstream::SourceUse::kClient) source.set_port(0);
  return source;
}

}  // namespace lb::proxy
