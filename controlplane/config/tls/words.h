// What lines say about TLS, as written: names of files, versions, lists for OpenSSL. Keyword
// handlers fill these; ResolveTls() (resolve.h) lays them over the defaults of the global section,
// checks them and makes the messages of the snapshot.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_WORDS_H_
#define LB_CONTROLPLANE_CONFIG_TLS_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/diagnostics.h"
#include "lb/v1/tls.pb.h"

namespace lb::config {

// A word that is looked up later, with its place for messages. Empty: not written.
struct PlacedText {
  std::string text;
  SourcePlace place;

  bool empty() const { return text.empty(); }
};

// "ssl-min-ver", "ssl-max-ver", "force-*", "no-*". Versions are numbers of v1::TlsVersion; kSslv3
// is the one below them.
struct TlsVersionWords {
  static constexpr int kSslv3 = 0;

  std::optional<int> min;
  std::optional<int> max;
  uint32_t disabled = 0;  // bits 1 << version
  SourcePlace place;      // of the last such word
};

// What bind lines, server lines and lines of a crt-list have in common.
struct TlsWords {
  TlsVersionWords versions;
  PlacedText ciphers;
  PlacedText ciphersuites;
  PlacedText curves;
  PlacedText ecdhe;  // one curve; "curves" wins over it
  PlacedText sigalgs;
  PlacedText client_sigalgs;
  PlacedText alpn;  // apart by commas
  PlacedText ca_file;
  PlacedText crl_file;
  PlacedText ca_verify_file;  // not of servers
  std::optional<v1::TlsVerify> verify;
  SourcePlace verify_place;
  std::optional<bool> no_tickets;
  bool no_ca_names = false;  // not of servers
};

// "crt" or "crt-list" of a bind line.
struct CertificateWord {
  PlacedText file;
  bool is_list = false;
};

struct BindTlsWords {
  bool is_on = false;  // "ssl"
  SourcePlace place;   // of "ssl"
  TlsWords common;
  std::vector<CertificateWord> certificates;  // in the order of the line
  PlacedText ticket_keys;
  v1::TlsIgnoredErrors ca_ignore_errors;
  v1::TlsIgnoredErrors crt_ignore_errors;
  bool strict_sni = false;
  bool prefer_client_ciphers = false;
};

struct ServerTlsWords {
  bool is_on = false;  // "ssl"
  SourcePlace place;   // of "ssl" or "check-ssl"
  TlsWords common;
  PlacedText certificate;
  PlacedText sni;  // an expression
  std::string verify_host;
  bool no_session_reuse = false;
  std::optional<bool> check_is_on;  // "check-ssl", "no-check-ssl"
  std::string check_sni;
  PlacedText check_alpn;
};

// Of the global section.
struct TlsDefaults {
  TlsWords bind;    // "ssl-default-bind-*"
  TlsWords server;  // "ssl-default-server-*"
  bool prefer_client_ciphers = false;
  v1::TlsVerify server_verify = v1::TLS_VERIFY_REQUIRED;  // "ssl-server-verify"
  std::string crt_base;
  std::string ca_base;
  PlacedText dh_param_file;
  PlacedText issuers;  // "issuers-chain-path"

  // "ssl-load-extra-files": what is looked for beside a certificate's file.
  bool loads_bundles = true;
  bool loads_keys = true;
  bool loads_ocsp = true;
  bool loads_issuers = true;
  bool loads_sct_lists = true;
  bool drops_extension = false;  // "ssl-load-extra-del-ext": "site.crt" has its key in "site.key"
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_WORDS_H_
