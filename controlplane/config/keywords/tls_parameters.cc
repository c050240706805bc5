// Parameters of "bind" and "server" lines that are about TLS, and which of them crt-lists and the
// defaults of the global section take.
// Source: HAProxy configuration manual, sections 5.1, 5.2 and 3.1 "ssl-default-bind-options".
#include <algorithm>
#include <charconv>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr int kSslv3 = TlsVersionWords::kSslv3;

template <PlacedText TlsWords::*kField>
void SetTlsText(LineScope& line) {
  if (line.Arg(0).empty()) return line.Error(0, "an empty value");
  line.tls().*kField = line.Placed(0);
}

template <int kVersion>
void DisableVersion(LineScope& line) {
  line.tls().versions.disabled |= 1u << kVersion;
  line.tls().versions.place = line.NamePlace();
}

template <int kVersion>
void ForceVersion(LineScope& line) {
  line.tls().versions.min = kVersion;
  line.tls().versions.max = kVersion;
  line.tls().versions.place = line.NamePlace();
}

std::optional<int> VersionOf(std::string_view name) {
  if (name == "SSLv3") return kSslv3;
  if (name == "TLSv1.0") return v1::TLS_1_0;
  if (name == "TLSv1.1") return v1::TLS_1_1;
  if (name == "TLSv1.2") return v1::TLS_1_2;
  if (name == "TLSv1.3") return v1::TLS_1_3;
  return std::nullopt;
}

template <std::optional<int> TlsVersionWords::*kField>
void SetVersion(LineScope& line) {
  const std::optional<int> version = VersionOf(line.Arg(0));
  if (!version) {
    return line.Error(0, absl::StrCat("unknown version '", line.Arg(0),
                                      "' (expected SSLv3, TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3)"));
  }
  line.tls().versions.*kField = version;
  line.tls().versions.place = line.Placed(0).place;
}

template <bool kValue>
void SetNoTickets(LineScope& line) {
  line.tls().no_tickets = kValue;
}

void SetVerify(LineScope& line, v1::TlsVerify mode) {
  line.tls().verify = mode;
  line.tls().verify_place = line.NamePlace();
}

void SetBindVerify(LineScope& line) {
  const std::string& word = line.Arg(0);
  if (word == "none") return SetVerify(line, v1::TLS_VERIFY_NONE);
  if (word == "optional") return SetVerify(line, v1::TLS_VERIFY_OPTIONAL);
  if (word == "required") return SetVerify(line, v1::TLS_VERIFY_REQUIRED);
  line.Error(
      0, absl::StrCat("unknown way to verify '", word, "' (expected none, optional or required)"));
}

void SetServerVerify(LineScope& line) {
  const std::string& word = line.Arg(0);
  if (word == "none") return SetVerify(line, v1::TLS_VERIFY_NONE);
  if (word == "required") return SetVerify(line, v1::TLS_VERIFY_REQUIRED);
  line.Error(0, absl::StrCat("unknown way to verify '", word, "' (expected none or required)"));
}

void TurnBindOn(LineScope& line) {
  line.bind_model().tls.is_on = true;
  line.bind_model().tls.place = line.NamePlace();
}

template <bool kIsList>
void AddCertificate(LineScope& line) {
  line.bind_model().tls.certificates.push_back({line.Placed(0), kIsList});
}

template <bool BindTlsWords::*kField>
void SetBindTlsFlag(LineScope& line) {
  line.bind_model().tls.*kField = true;
}

// "all", or numbers of X.509 errors apart by commas.
template <v1::TlsIgnoredErrors BindTlsWords::*kField>
void SetIgnoredErrors(LineScope& line) {
  constexpr uint32_t kMostError = 94;  // the last X509_V_ERR_ of OpenSSL 3.0
  v1::TlsIgnoredErrors& out = line.bind_model().tls.*kField;
  const std::vector<std::string> words = absl::StrSplit(line.Arg(0), ',');
  for (const std::string& word : words) {
    if (word == "all") {
      out.set_all(true);
      continue;
    }
    uint32_t code = 0;
    auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), code);
    if (ec != std::errc() || end != word.data() + word.size() || code < 1 || code > kMostError) {
      return line.Error(0, absl::StrCat("'", word,
                                        "' is neither 'all' nor the number of a "
                                        "verification error (1 to ",
                                        kMostError, ")"));
    }
    out.add_codes(code);
  }
}

template <bool kValue>
void TurnServer(LineScope& line) {
  line.server().tls.is_on = kValue;
  line.server().tls.place = line.NamePlace();
}

template <bool kValue>
void TurnCheck(LineScope& line) {
  ServerTlsWords& tls = line.server().tls;
  tls.check_is_on = kValue;
  if (tls.place.line == 0) tls.place = line.NamePlace();
}

template <bool kValue>
void SetNoReuse(LineScope& line) {
  line.server().tls.no_session_reuse = kValue;
}

// Of both sides.
constexpr Parameter kBothSides[] = {
    {{"ssl-min-ver", "<version>", "Least version: SSLv3 (as TLSv1.0), TLSv1.0 ... TLSv1.3.",
      "TLSv1.2", "5.1"},
     1,
     SetVersion<&TlsVersionWords::min>},
    {{"ssl-max-ver", "<version>", "Highest version.", "TLSv1.3", "5.1"},
     1,
     SetVersion<&TlsVersionWords::max>},
    {{"no-sslv3", "", "Rules SSLv3 out, which is never there.", "", "5.1"},
     0,
     DisableVersion<kSslv3>},
    {{"no-tlsv10", "", "Rules TLS 1.0 out.", "", "5.1"}, 0, DisableVersion<v1::TLS_1_0>},
    {{"no-tlsv11", "", "Rules TLS 1.1 out.", "", "5.1"}, 0, DisableVersion<v1::TLS_1_1>},
    {{"no-tlsv12", "", "Rules TLS 1.2 out.", "", "5.1"}, 0, DisableVersion<v1::TLS_1_2>},
    {{"no-tlsv13", "", "Rules TLS 1.3 out.", "", "5.1"}, 0, DisableVersion<v1::TLS_1_3>},
    {{"force-sslv3", "", "An error: there is no SSLv3.", "", "5.1"}, 0, ForceVersion<kSslv3>},
    {{"force-tlsv10", "", "TLS 1.0 alone.", "", "5.1"}, 0, ForceVersion<v1::TLS_1_0>},
    {{"force-tlsv11", "", "TLS 1.1 alone.", "", "5.1"}, 0, ForceVersion<v1::TLS_1_1>},
    {{"force-tlsv12", "", "TLS 1.2 alone.", "", "5.1"}, 0, ForceVersion<v1::TLS_1_2>},
    {{"force-tlsv13", "", "TLS 1.3 alone.", "", "5.1"}, 0, ForceVersion<v1::TLS_1_3>},
    {{"ciphers", "<list>", "Ciphers up to TLS 1.2, as OpenSSL writes them.", "OpenSSL's", "5.1"},
     1,
     SetTlsText<&TlsWords::ciphers>},
    {{"ciphersuites", "<list>", "Cipher suites of TLS 1.3.", "OpenSSL's", "5.1"},
     1,
     SetTlsText<&TlsWords::ciphersuites>},
    {{"curves", "<list>", "Curves for the key exchange: X25519:P-256.", "OpenSSL's", "5.1"},
     1,
     SetTlsText<&TlsWords::curves>},
    {{"sigalgs", "<list>", "Signature algorithms.", "OpenSSL's", "5.1"},
     1,
     SetTlsText<&TlsWords::sigalgs>},
    {{"client-sigalgs", "<list>", "Signature algorithms of client certificates.", "OpenSSL's",
      "5.1"},
     1,
     SetTlsText<&TlsWords::client_sigalgs>},
    {{"alpn", "<protocol>[,<protocol>...]", "Protocols offered: h2,http/1.1.", "none", "5.1"},
     1,
     SetTlsText<&TlsWords::alpn>},
    {{"ca-file", "<file>|<directory>|@system-ca",
      "Authorities that the peer's certificate may be "
      "signed by; below 'ca-base'.",
      "none", "5.1"},
     1,
     SetTlsText<&TlsWords::ca_file>},
    {{"crl-file", "<file>", "Revoked certificates; below 'ca-base'.", "none", "5.1"},
     1,
     SetTlsText<&TlsWords::crl_file>},
    {{"no-tls-tickets", "", "No session tickets.", "", "5.1"}, 0, SetNoTickets<true>},
    {{"npn", "<protocols>", "Accepted, of no effect.", "", "5.1", Support::kNotice,
      "NPN is gone from TLS; use 'alpn'"},
     1},
    {{"allow-0rtt", "", "Accepted, of no effect.", "", "5.1", Support::kNotice,
      "early data is never accepted or sent: it can be replayed"},
     0},
};

constexpr std::string_view kNoGenerating = "certificates are not made while serving";

constexpr Parameter kBindSide[] = {
    {{"ssl", "", "TLS on this listener.", "", "5.1"}, 0, TurnBindOn},
    {{"crt", "<file>|<directory>",
      "A certificate with its chain and key, or all of a directory; below 'crt-base'. The first "
      "one "
      "is the default.",
      "", "5.1"},
     1,
     AddCertificate<false>},
    {{"crt-list", "<file>",
      "Lines of a certificate, settings of its own in brackets, and the server names it is for.",
      "", "5.1"},
     1,
     AddCertificate<true>},
    {{"verify", "none|optional|required", "Whether clients show a certificate.", "none", "5.1"},
     1,
     SetBindVerify},
    {{"ca-verify-file", "<file>|<directory>", "More authorities, which clients are not told of.",
      "none", "5.1"},
     1,
     SetTlsText<&TlsWords::ca_verify_file>},
    {{"no-ca-names", "", "Clients are not told which authorities are known.", "", "5.1"},
     0,
     [](LineScope& line) { line.tls().no_ca_names = true; }},
    {{"ca-ignore-err", "all|<number>[,<number>...]",
      "Errors of the chain of a client's certificate that do not end the handshake.", "none",
      "5.1"},
     1,
     SetIgnoredErrors<&BindTlsWords::ca_ignore_errors>},
    {{"crt-ignore-err", "all|<number>[,<number>...]",
      "The same for errors of the certificate itself.", "none", "5.1"},
     1,
     SetIgnoredErrors<&BindTlsWords::crt_ignore_errors>},
    {{"ecdhe", "<curve>", "One curve for the key exchange; 'curves' wins over it.", "", "5.1"},
     1,
     SetTlsText<&TlsWords::ecdhe>},
    {{"strict-sni", "", "A client whose server name no certificate has is turned away.", "", "5.1"},
     0,
     SetBindTlsFlag<&BindTlsWords::strict_sni>},
    {{"prefer-client-ciphers", "", "The client's order of ciphers counts.", "ours", "5.1"},
     0,
     SetBindTlsFlag<&BindTlsWords::prefer_client_ciphers>},
    {{"tls-ticket-keys", "<file>",
      "Keys of session tickets: at least three lines of base64, of 48 or 80 bytes.",
      "made and shared by the control plane", "5.1"},
     1,
     [](LineScope& line) { line.bind_model().tls.ticket_keys = line.Placed(0); }},
    {{"generate-certificates", "", "", "", "5.1", Support::kUnsupported, kNoGenerating}, 0},
    {{"ca-sign-file", "<file>", "", "", "5.1", Support::kUnsupported, kNoGenerating}, 1},
    {{"ca-sign-pass", "<text>", "", "", "5.1", Support::kUnsupported, kNoGenerating}, 1},
};

constexpr Parameter kServerSide[] = {
    {{"ssl", "", "TLS to this server.", "", "5.2"}, 0, TurnServer<true>},
    {{"no-ssl", "", "Undoes 'ssl' of a default-server line.", "", "5.2"}, 0, TurnServer<false>},
    {{"check-ssl", "", "TLS for the checks.", "as 'ssl', unless checks have an address or a port",
      "5.2"},
     0,
     TurnCheck<true>},
    {{"no-check-ssl", "", "No TLS for the checks.", "", "5.2"}, 0, TurnCheck<false>},
    {{"verify", "none|required", "Whether the server's certificate is verified.",
      "'ssl-server-verify'", "5.2"},
     1,
     SetServerVerify},
    {{"verifyhost", "<name>", "The name its certificate must have when no SNI is sent.", "any",
      "5.2"},
     1,
     [](LineScope& line) { line.server().tls.verify_host = line.Arg(0); }},
    {{"no-verifyhost", "", "Undoes 'verifyhost' of a default-server line.", "", "5.2"},
     0,
     [](LineScope& line) { line.server().tls.verify_host.clear(); }},
    {{"sni", "<expression>", "The server name sent, which its certificate must have.", "none",
      "5.2"},
     1,
     [](LineScope& line) { line.server().tls.sni = line.Placed(0); }},
    {{"check-sni", "<name>", "The same of checks.", "none", "5.2"},
     1,
     [](LineScope& line) { line.server().tls.check_sni = line.Arg(0); }},
    {{"check-alpn", "<protocol>[,<protocol>...]", "Protocols that checks offer.", "'alpn'", "5.2"},
     1,
     [](LineScope& line) { line.server().tls.check_alpn = line.Placed(0); }},
    {{"crt", "<file>", "Our certificate, with its chain and key; below 'crt-base'.", "none", "5.2"},
     1,
     [](LineScope& line) { line.server().tls.certificate = line.Placed(0); }},
    {{"ssl-reuse", "", "Undoes 'no-ssl-reuse' of a default-server line.", "", "5.2"},
     0,
     SetNoReuse<false>},
    {{"no-ssl-reuse", "", "A full handshake for every connection.", "", "5.2"},
     0,
     SetNoReuse<true>},
    {{"tls-tickets", "", "Undoes 'no-tls-tickets' of a default-server line.", "", "5.2"},
     0,
     SetNoTickets<false>},
};

using ParameterList = const std::vector<Parameter>*;

ParameterList Joined(std::span<const Parameter> own) {
  auto* made = new std::vector<Parameter>(own.begin(), own.end());
  made->insert(made->end(), std::begin(kBothSides), std::end(kBothSides));
  return made;
}

ParameterList Chosen(std::span<const Parameter> rows, std::span<const std::string_view> names) {
  auto* made = new std::vector<Parameter>;
  for (const Parameter& row : rows) {
    if (std::ranges::find(names, row.text.name) != names.end()) made->push_back(row);
  }
  return made;
}

constexpr std::string_view kInCrtLists[] = {
    "allow-0rtt",  "alpn",           "ca-file",     "ca-verify-file", "ciphers", "ciphersuites",
    "crl-file",    "curves",         "ecdhe",       "no-ca-names",    "npn",     "sigalgs",
    "ssl-max-ver", "client-sigalgs", "ssl-min-ver", "verify"};
constexpr std::string_view kInDefaultOptions[] = {"force-sslv3",    "force-tlsv10",
                                                  "force-tlsv11",   "force-tlsv12",
                                                  "force-tlsv13",   "no-sslv3",
                                                  "no-tlsv10",      "no-tlsv11",
                                                  "no-tlsv12",      "no-tlsv13",
                                                  "no-tls-tickets", "ssl-min-ver",
                                                  "ssl-max-ver",    "prefer-client-ciphers"};

}  // namespace

std::span<const Parameter> BindTlsParameters() {
  static const ParameterList all = Joined(kBindSide);
  return *all;
}

std::span<const Parameter> ServerTlsParameters() {
  static const ParameterList all = Joined(kServerSide);
  return *all;
}

std::span<const Parameter> CrtListParameters() {
  static const ParameterList all = Chosen(BindTlsParameters(), kInCrtLists);
  return *all;
}

std::span<const Parameter> DefaultBindOptions() {
  static const ParameterList all = Chosen(BindTlsParameters(), kInDefaultOptions);
  return *all;
}

std::span<const Parameter> DefaultServerOptions() {
  static const ParameterList all = Chosen(ServerTlsParameters(), kInDefaultOptions);
  return *all;
}

}  // namespace lb::config
