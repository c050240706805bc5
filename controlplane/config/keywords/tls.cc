// Keywords of the global section about TLS and HTTP/2.
// Source: HAProxy configuration manual, sections 3.1 and 3.2; "tune.h2.be.*", "tune.h2.fe.*" and
// the defaults of signature algorithms are of later versions.
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

// What a default is for: bind lines or server lines.
template <TlsWords TlsDefaults::*kSide, PlacedText TlsWords::*kField>
void SetDefaultText(const Statement& statement, Scope& scope) {
  if (statement.args[0].text.empty()) return scope.Error(statement, 0, "an empty value");
  scope.model().tls_defaults.*kSide.*kField = {statement.args[0].text, statement.Place(0)};
}

void SetDefaultBindOptions(const Statement& statement, Scope& scope) {
  TlsDefaults& defaults = scope.model().tls_defaults;
  Bind line;
  line.tls.common = defaults.bind;
  ApplyParameters({DefaultBindOptions()}, scope, statement, 0, &line, nullptr);
  defaults.bind = line.tls.common;
  defaults.prefer_client_ciphers |= line.tls.prefer_client_ciphers;
}

void SetDefaultServerOptions(const Statement& statement, Scope& scope) {
  TlsDefaults& defaults = scope.model().tls_defaults;
  ServerSettings line;
  line.tls.common = defaults.server;
  ApplyParameters({DefaultServerOptions()}, scope, statement, 0, nullptr, &line);
  defaults.server = line.tls.common;
}

void SetServerVerifyDefault(const Statement& statement, Scope& scope) {
  const std::string& word = statement.args[0].text;
  v1::TlsVerify& verify = scope.model().tls_defaults.server_verify;
  if (word == "none") {
    verify = v1::TLS_VERIFY_NONE;
  } else if (word == "required") {
    verify = v1::TLS_VERIFY_REQUIRED;
  } else {
    scope.Error(statement, 0,
                absl::StrCat("unknown way to verify '", word, "' (expected none or required)"));
  }
}

template <std::string TlsDefaults::*kField>
void SetBase(const Statement& statement, Scope& scope) {
  scope.model().tls_defaults.*kField = statement.args[0].text;
}

struct ExtraFile {
  std::string_view name;
  bool TlsDefaults::*field;
};
constexpr ExtraFile kExtraFiles[] = {{"bundle", &TlsDefaults::loads_bundles},
                                     {"key", &TlsDefaults::loads_keys},
                                     {"ocsp", &TlsDefaults::loads_ocsp},
                                     {"issuer", &TlsDefaults::loads_issuers},
                                     {"sctl", &TlsDefaults::loads_sct_lists}};

void SetExtraFiles(const Statement& statement, Scope& scope) {
  TlsDefaults& defaults = scope.model().tls_defaults;
  const bool is_all = statement.args[0].text == "all";
  for (const ExtraFile& extra : kExtraFiles) defaults.*extra.field = is_all;
  if (is_all || statement.args[0].text == "none") {
    if (statement.args.size() > 1) scope.Error(statement, 1, "'all' and 'none' stand alone");
    return;
  }
  for (size_t i = 0; i < statement.args.size(); ++i) {
    const std::string& word = statement.args[i].text;
    bool is_known = false;
    for (const ExtraFile& extra : kExtraFiles) {
      if (extra.name != word) continue;
      defaults.*extra.field = true;
      is_known = true;
    }
    if (!is_known) {
      scope.Error(statement, i,
                  absl::StrCat("unknown kind of file '", word,
                               "' (expected all, none, bundle, key, ocsp, issuer or sctl)"));
    }
  }
}

void SetCacheSize(const Statement& statement, Scope& scope) {
  const auto size = scope.Number(statement, 0);
  if (!size) return;
  scope.global().mutable_tls()->set_cache_size(*size);
  scope.global().mutable_tls()->set_no_cache(*size == 0);
}

void SetLifetime(const Statement& statement, Scope& scope) {
  const auto value = scope.Duration(statement, 0, Millis(1000));
  if (!value) return;
  if (*value < Millis(1000)) {
    return scope.Error(statement, 0, "sessions live at least 1s",
                       "use 'tune.ssl.cachesize 0' and 'no-tls-tickets' for none");
  }
  scope.global().mutable_tls()->set_session_lifetime_ms(static_cast<uint64_t>(value->count()));
}

void SetKeylog(const Statement& statement, Scope& scope) {
  const std::string& word = statement.args[0].text;
  if (word != "on" && word != "off") {
    return scope.Error(statement, 0, absl::StrCat("'", word, "' is neither 'on' nor 'off'"));
  }
  if (word == "off") return;
  scope.Warning(
      statement, 0,
      "'tune.ssl.keylog on' is of no effect: the fetches that show a connection's secrets "
      "are not supported");
}

template <void (v1::Global::*kSet)(uint32_t)>
void SetGlobalNumber(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0)) (scope.global().*kSet)(*value);
}

// Stores a number in a field of v1::TlsGlobal or v1::Http2Global through its generated setter.
template <void (v1::TlsGlobal::*kSet)(uint32_t), uint32_t kLeast, uint32_t kMost>
void SetTlsNumber(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0, kLeast, kMost)) {
    (scope.global().mutable_tls()->*kSet)(*value);
  }
}
template <void (v1::Http2Global::*kSet)(uint32_t), uint32_t kLeast, uint32_t kMost>
void SetHttp2Number(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0, kLeast, kMost)) {
    (scope.global().mutable_http2()->*kSet)(*value);
  }
}
template <uint32_t Http2Words::*kField, uint32_t kMost>
void SetHttp2Both(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0, 1, kMost)) scope.model().http2.*kField = *value;
}

constexpr uint32_t kMostDhBits = 16384;
constexpr uint32_t kMostRecord = 16384;       // RFC 8446, section 5.1
constexpr uint32_t kMostWindow = 0x7fffffff;  // RFC 9113, section 6.9.1
constexpr uint32_t kMostStreams = 0x7fffffff;
constexpr uint32_t kLeastFrame = 16384;  // RFC 9113, section 4.2
constexpr uint32_t kMostFrame = 16777215;

// A keyword of the global section with one argument.
constexpr Keyword One(KeywordText text, void (*apply)(const Statement&, Scope&)) {
  Keyword keyword;
  keyword.text = text;
  keyword.sections = kInGlobal;
  keyword.min_args = 1;
  keyword.max_args = 1;
  keyword.apply = apply;
  return keyword;
}

constexpr Keyword Many(KeywordText text, void (*apply)(const Statement&, Scope&)) {
  Keyword keyword = One(text, apply);
  keyword.max_args = kAnyNumber;
  return keyword;
}

constexpr Keyword Without(KeywordText text, void (*apply)(const Statement&, Scope&)) {
  Keyword keyword = One(text, apply);
  keyword.min_args = 0;
  keyword.max_args = 0;
  return keyword;
}

constexpr Keyword Idle(std::string_view name, std::string_view arguments, std::string_view reason) {
  Keyword keyword;
  keyword.text = {name, arguments, "Accepted, of no effect.", "", "3.2", Support::kNotice, reason};
  keyword.sections = kInGlobal;
  keyword.max_args = kAnyNumber;
  return keyword;
}

void SetDhBits(const Statement& statement, Scope& scope) {
  const auto bits = scope.Number(statement, 0, 1024, kMostDhBits);
  if (!bits) return;
  if (*bits < 2048) {
    scope.Warning(statement, 0,
                  "2048 bits are used: OpenSSL takes no smaller Diffie-Hellman group here");
  }
  scope.global().mutable_tls()->set_default_dh_bits(*bits);
}

constexpr Keyword kTlsKeywords[] = {
    One({"crt-base", "<directory>", "Where 'crt' looks for files without a path from the root.", "",
         "3.1"},
        SetBase<&TlsDefaults::crt_base>),
    One({"ca-base", "<directory>", "The same for 'ca-file', 'ca-verify-file' and 'crl-file'.", "",
         "3.1"},
        SetBase<&TlsDefaults::ca_base>),
    Many({"ssl-default-bind-options", "<option>...",
          "Versions, no-tls-tickets and prefer-client-ciphers for all 'bind' lines with 'ssl'.", "",
          "3.1"},
         SetDefaultBindOptions),
    One({"ssl-default-bind-ciphers", "<list>", "'ciphers' of all 'bind' lines.", "OpenSSL's",
         "3.1"},
        SetDefaultText<&TlsDefaults::bind, &TlsWords::ciphers>),
    One({"ssl-default-bind-ciphersuites", "<list>", "'ciphersuites' of all 'bind' lines.",
         "OpenSSL's", "3.1"},
        SetDefaultText<&TlsDefaults::bind, &TlsWords::ciphersuites>),
    One({"ssl-default-bind-curves", "<list>", "'curves' of all 'bind' lines.", "OpenSSL's", "3.1"},
        SetDefaultText<&TlsDefaults::bind, &TlsWords::curves>),
    One({"ssl-default-bind-sigalgs", "<list>", "'sigalgs' of all 'bind' lines.", "OpenSSL's",
         "3.1"},
        SetDefaultText<&TlsDefaults::bind, &TlsWords::sigalgs>),
    One({"ssl-default-bind-client-sigalgs", "<list>", "'client-sigalgs' of all 'bind' lines.",
         "OpenSSL's", "3.1"},
        SetDefaultText<&TlsDefaults::bind, &TlsWords::client_sigalgs>),
    Many({"ssl-default-server-options", "<option>...",
          "Versions and no-tls-tickets for all 'server' lines with 'ssl'.", "", "3.1"},
         SetDefaultServerOptions),
    One({"ssl-default-server-ciphers", "<list>", "'ciphers' of all 'server' lines.", "OpenSSL's",
         "3.1"},
        SetDefaultText<&TlsDefaults::server, &TlsWords::ciphers>),
    One({"ssl-default-server-ciphersuites", "<list>", "'ciphersuites' of all 'server' lines.",
         "OpenSSL's", "3.1"},
        SetDefaultText<&TlsDefaults::server, &TlsWords::ciphersuites>),
    One({"ssl-default-server-curves", "<list>", "'curves' of all 'server' lines.", "OpenSSL's",
         "3.1"},
        SetDefaultText<&TlsDefaults::server, &TlsWords::curves>),
    One({"ssl-default-server-sigalgs", "<list>", "'sigalgs' of all 'server' lines.", "OpenSSL's",
         "3.1"},
        SetDefaultText<&TlsDefaults::server, &TlsWords::sigalgs>),
    One({"ssl-default-server-client-sigalgs", "<list>", "'client-sigalgs' of all 'server' lines.",
         "OpenSSL's", "3.1"},
        SetDefaultText<&TlsDefaults::server, &TlsWords::client_sigalgs>),
    One({"ssl-server-verify", "none|required", "'verify' of all 'server' lines.", "required",
         "3.1"},
        SetServerVerifyDefault),
    One({"ssl-dh-param-file", "<file>",
         "Diffie-Hellman parameters for certificates whose file has none.", "", "3.1"},
        [](const Statement& s, Scope& scope) {
          scope.model().tls_defaults.dh_param_file = {s.args[0].text, s.Place(0)};
        }),
    One({"issuers-chain-path", "<directory>",
         "Chains for certificates whose file has none: by their first certificate, the issuer.", "",
         "3.1"},
        [](const Statement& s, Scope& scope) {
          scope.model().tls_defaults.issuers = {s.args[0].text, s.Place(0)};
        }),
    Many({"ssl-load-extra-files", "all|none|bundle|key|ocsp|issuer|sctl...",
          "What is looked for beside the file of a certificate.", "all", "3.1"},
         SetExtraFiles),
    Without(
        {"ssl-load-extra-del-ext", "", "Those files are named after 'site' instead of 'site.crt'.",
         "", "3.1"},
        [](const Statement&, Scope& scope) { scope.model().tls_defaults.drops_extension = true; }),
    Without({"ssl-skip-self-issued-ca", "",
             "Self-issued authorities in a certificate's file are not sent.", "", "3.1"},
            [](const Statement&, Scope& scope) {
              scope.global().mutable_tls()->set_skip_self_issued_ca(true);
            }),
    One({"tune.ssl.cachesize", "<number>", "Sessions kept for clients that resume; 0: none.",
         "20000", "3.2"},
        SetCacheSize),
    One({"tune.ssl.lifetime", "<duration>", "How long a session can be resumed; in seconds.", "300",
         "3.2"},
        SetLifetime),
    One({"tune.ssl.maxrecord", "<bytes>", "Most bytes in one record.", "the protocol's", "3.2"},
        SetTlsNumber<&v1::TlsGlobal::set_max_record, 0, kMostRecord>),
    One({"tune.ssl.default-dh-param", "<bits>",
         "The Diffie-Hellman group where no file gives one: of 2048, 3072 or 4096 bits, the "
         "largest that is not above.",
         "by the certificate's key", "3.2"},
        SetDhBits),
    One({"tune.ssl.keylog", "on|off",
         "Accepted, with a warning when on: no secret of a connection is kept.", "off", "3.2"},
        SetKeylog),
    One({"maxsslconn", "<number>",
         "TLS connections of clients at one time, on each data plane; one more is closed.",
         "no limit", "3.2"},
        SetGlobalNumber<&v1::Global::set_max_tls_connections>),
    One({"maxsslrate", "<number>",
         "TLS handshakes with clients in a second, on each data plane; others wait their turn.",
         "no limit", "3.2"},
        SetGlobalNumber<&v1::Global::set_max_tls_rate>),
    One({"tune.h2.header-table-size", "<bytes>", "The table of header fields that a peer may use.",
         "4096", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_header_table_size, 4096, 65536>),
    One({"tune.h2.max-frame-size", "<bytes>", "Largest frame taken.", "16384", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_max_frame_size, kLeastFrame, kMostFrame>),
    One({"tune.h2.max-concurrent-streams", "<number>",
         "Streams on one connection, of clients and to servers.", "100", "3.2"},
        SetHttp2Both<&Http2Words::max_concurrent_streams, kMostStreams>),
    One({"tune.h2.fe.max-concurrent-streams", "<number>", "The same, of clients.",
         "'tune.h2.max-concurrent-streams'", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_frontend_max_concurrent_streams, 1, kMostStreams>),
    One({"tune.h2.be.max-concurrent-streams", "<number>", "The same, to servers.",
         "'tune.h2.max-concurrent-streams'", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_backend_max_concurrent_streams, 1, kMostStreams>),
    One({"tune.h2.initial-window-size", "<bytes>",
         "Bytes of a body that a peer may send ahead, of clients and servers.", "65535", "3.2"},
        SetHttp2Both<&Http2Words::initial_window_size, kMostWindow>),
    One({"tune.h2.fe.initial-window-size", "<bytes>", "The same, of clients.",
         "'tune.h2.initial-window-size'", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_frontend_initial_window_size, 1, kMostWindow>),
    One({"tune.h2.be.initial-window-size", "<bytes>", "The same, of servers.",
         "'tune.h2.initial-window-size'", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_backend_initial_window_size, 1, kMostWindow>),
    One({"tune.h2.fe.glitches-threshold", "<number>",
         "Oddities of a client's connection after which it is closed; 0: no limit.", "0", "3.2"},
        SetHttp2Number<&v1::Http2Global::set_frontend_glitches_threshold, 0, UINT32_MAX>),
    One({"tune.h2.be.glitches-threshold", "<number>", "The same of a server's connection.", "0",
         "3.2"},
        SetHttp2Number<&v1::Http2Global::set_backend_glitches_threshold, 0, UINT32_MAX>),
    Idle("ssl-mode-async", "", "there is no engine that would work on its own"),
    Idle("tune.ssl.force-private-cache", "", "all threads of a data plane share their sessions"),
    Idle("tune.ssl.hard-maxrecord", "<bytes>", "use 'tune.ssl.maxrecord'"),
    Idle("tune.ssl.ssl-ctx-cache-size", "<number>", "certificates are not made while serving"),
    Idle("tune.ssl.capture-buffer-size", "<bytes>", "no fetch reads the bytes it would keep"),
    Idle("tune.ssl.capture-cipherlist-size", "<bytes>", "no fetch reads the bytes it would keep"),
};

}  // namespace

std::span<const Keyword> TlsKeywords() { return kTlsKeywords; }

}  // namespace lb::config
