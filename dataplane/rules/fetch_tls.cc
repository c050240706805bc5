// Fetches of TLS: of the connections, and of the certificates that were presented on them.
// Source: HAProxy configuration manual, section 7.3.4.
#include <openssl/err.h>

#include <optional>
#include <string>

#include "common/tls/context.h"
#include "common/tls/facts.h"
#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

// Which connection a fetch asks about.
enum class TlsSide : uint8_t { kClient, kServer };

template <TlsSide side>
SSL* TlsOf(const TxnContext& context) {
  return side == TlsSide::kClient ? context.client_tls : context.server_tls;
}

Sample CopiedText(std::string_view text, TxnContext& context) {
  return text.empty() ? Sample() : Sample::Text(context.arena->Copy(text));
}
Sample CopiedBytes(std::string_view bytes, TxnContext& context) {
  return bytes.empty() ? Sample() : Sample::Bytes(context.arena->Copy(bytes));
}

Sample IsClientTls(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Bool(context.is_ssl);
}
Sample IsServerTls(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Bool(context.server_tls != nullptr);
}
template <TlsSide side>
Sample IsResumed(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = TlsOf<side>(context);
  return Sample::Bool(tls != nullptr && SSL_session_reused(tls) == 1);
}
template <TlsSide side, std::string_view (*Fact)(const SSL*)>
Sample TextFact(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = TlsOf<side>(context);
  return tls != nullptr ? CopiedText(Fact(tls), context) : Sample();
}
template <TlsSide side>
Sample SessionId(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = TlsOf<side>(context);
  return tls != nullptr ? CopiedBytes(tls::SessionIdOf(tls), context) : Sample();
}
template <TlsSide side, int tls::CipherBits::*Bits>
Sample KeySize(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = TlsOf<side>(context);
  if (tls == nullptr) return Sample();
  const int bits = tls::BitsOf(tls).*Bits;
  return bits > 0 ? Sample::Int(bits) : Sample();
}
Sample HasSni(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = context.client_tls;
  return Sample::Bool(tls != nullptr && !tls::SniOf(tls).empty());
}

// Presented during this connection's handshake: a resumed session only remembers it.
Sample HasClientCertificate(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = context.client_tls;
  return Sample::Bool(tls != nullptr && SSL_session_reused(tls) == 0 &&
                      tls::PeerCertificate(tls) != nullptr);
}
Sample ClientCertificateIsUsed(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = context.client_tls;
  return Sample::Bool(tls != nullptr && tls::PeerCertificate(tls) != nullptr);
}
Sample VerifyResult(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = context.client_tls;
  return tls != nullptr ? Sample::Int(SSL_get_verify_result(tls)) : Sample();
}
template <int tls::VerifyOutcome::*Field>
Sample Outcome(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  SSL* tls = context.client_tls;
  return tls != nullptr ? Sample::Int(tls::OutcomeOf(tls).*Field) : Sample();
}

// A client's connection that failed has no session, and so nobody who asks.
Sample NoError(const ProgramArgs&, TxnContext&, FetchCursor*) { return Sample::Int(0); }
Sample NoErrorText(const ProgramArgs&, TxnContext&, FetchCursor*) { return Sample(); }
Sample ServerError(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Int(static_cast<int64_t>(context.server_tls_error));
}
Sample ServerErrorText(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.server_tls_error == 0) return Sample();
  char text[256];
  ERR_error_string_n(context.server_tls_error, text, sizeof(text));
  return CopiedText(text, context);
}

// Whose certificate a fetch asks about: the client's, the one we presented to it, or the server's.
enum class CertificateOf : uint8_t { kClient, kFrontend, kServer };

template <CertificateOf which>
tls::X509Ptr FindCertificate(const TxnContext& context) {
  SSL* tls = which == CertificateOf::kServer ? context.server_tls : context.client_tls;
  if (tls == nullptr) return nullptr;
  return which == CertificateOf::kFrontend ? tls::OwnCertificate(tls) : tls::PeerCertificate(tls);
}

// [part[,occurrence[,format]]]
template <CertificateOf which, tls::NameField name>
Sample DistinguishedName(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  tls::X509Ptr certificate = FindCertificate<which>(context);
  if (certificate == nullptr) return Sample();
  if (!args.has(0)) {
    return CopiedText(args.has(2) ? tls::NameTextRfc2253(certificate.get(), name)
                                  : tls::NameText(certificate.get(), name),
                      context);
  }
  const int occurrence = args.has(1) ? static_cast<int>(args.number[1]) : 1;
  std::optional<std::string> part =
      tls::NamePart(certificate.get(), name, args.text[0], occurrence);
  return part.has_value() ? CopiedText(*part, context) : Sample();
}
template <CertificateOf which, std::string (*Fact)(const X509*)>
Sample CertificateBytes(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  tls::X509Ptr certificate = FindCertificate<which>(context);
  return certificate != nullptr ? CopiedBytes(Fact(certificate.get()), context) : Sample();
}
template <CertificateOf which, std::string (*Fact)(const X509*)>
Sample CertificateText(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  tls::X509Ptr certificate = FindCertificate<which>(context);
  return certificate != nullptr ? CopiedText(Fact(certificate.get()), context) : Sample();
}
template <CertificateOf which, std::string_view (*Fact)(const X509*)>
Sample CertificateAlgorithm(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  tls::X509Ptr certificate = FindCertificate<which>(context);
  return certificate != nullptr ? CopiedText(Fact(certificate.get()), context) : Sample();
}
template <CertificateOf which>
Sample CertificateVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  tls::X509Ptr certificate = FindCertificate<which>(context);
  return certificate != nullptr ? Sample::Int(tls::CertificateVersionOf(certificate.get()))
                                : Sample();
}

constexpr TlsSide kC = TlsSide::kClient;
constexpr TlsSide kS = TlsSide::kServer;

constexpr NamedFetch kTlsFetches[] = {
    {"fc_err", NoError},
    {"fc_err_str", NoErrorText},
    {"ssl_bc", IsServerTls},
    {"ssl_bc_alg_keysize", KeySize<kS, &tls::CipherBits::algorithm>},
    {"ssl_bc_alpn", TextFact<kS, tls::AlpnOf>},
    {"ssl_bc_cipher", TextFact<kS, tls::CipherName>},
    {"ssl_bc_err", ServerError},
    {"ssl_bc_err_str", ServerErrorText},
    {"ssl_bc_is_resumed", IsResumed<kS>},
    {"ssl_bc_protocol", TextFact<kS, tls::VersionName>},
    {"ssl_bc_session_id", SessionId<kS>},
    {"ssl_bc_use_keysize", KeySize<kS, &tls::CipherBits::used>},
    {"ssl_fc", IsClientTls},
    {"ssl_fc_alg_keysize", KeySize<kC, &tls::CipherBits::algorithm>},
    {"ssl_fc_alpn", TextFact<kC, tls::AlpnOf>},
    {"ssl_fc_cipher", TextFact<kC, tls::CipherName>},
    {"ssl_fc_err", NoError},
    {"ssl_fc_err_str", NoErrorText},
    {"ssl_fc_has_crt", HasClientCertificate},
    {"ssl_fc_has_sni", HasSni},
    {"ssl_fc_is_resumed", IsResumed<kC>},
    {"ssl_fc_protocol", TextFact<kC, tls::VersionName>},
    {"ssl_fc_session_id", SessionId<kC>},
    {"ssl_fc_sni", TextFact<kC, tls::SniOf>},
    {"ssl_fc_use_keysize", KeySize<kC, &tls::CipherBits::used>},
    {"ssl_c_ca_err", Outcome<&tls::VerifyOutcome::authority_error>},
    {"ssl_c_ca_err_depth", Outcome<&tls::VerifyOutcome::authority_error_depth>},
    {"ssl_c_err", Outcome<&tls::VerifyOutcome::certificate_error>},
    {"ssl_c_used", ClientCertificateIsUsed},
    {"ssl_c_verify", VerifyResult},
#define LB_CERTIFICATE_FETCHES(prefix, which)                                        \
  {prefix "_der", CertificateBytes<which, tls::DerOf>},                              \
      {prefix "_i_dn", DistinguishedName<which, tls::NameField::kIssuer>},           \
      {prefix "_key_alg", CertificateAlgorithm<which, tls::KeyAlgorithmOf>},         \
      {prefix "_notafter", CertificateText<which, tls::NotAfterOf>},                 \
      {prefix "_notbefore", CertificateText<which, tls::NotBeforeOf>},               \
      {prefix "_s_dn", DistinguishedName<which, tls::NameField::kSubject>},          \
      {prefix "_serial", CertificateBytes<which, tls::SerialOf>},                    \
      {prefix "_sha1", CertificateBytes<which, tls::Sha1Of>},                        \
      {prefix "_sig_alg", CertificateAlgorithm<which, tls::SignatureAlgorithmOf>}, { \
    prefix "_version", CertificateVersion<which>                                     \
  }
    LB_CERTIFICATE_FETCHES("ssl_c", CertificateOf::kClient),
    LB_CERTIFICATE_FETCHES("ssl_f", CertificateOf::kFrontend),
    LB_CERTIFICATE_FETCHES("ssl_s", CertificateOf::kServer),
#undef LB_CERTIFICATE_FETCHES
};

}  // namespace

std::span<const NamedFetch> TlsFetches() { return kTlsFetches; }

}  // namespace lb::rules
