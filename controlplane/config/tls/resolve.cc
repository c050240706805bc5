#include "controlplane/config/tls/resolve.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/snapshot/tls_files.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"
#include "controlplane/config/expression.h"
#include "controlplane/config/keywords/tables.h"
#include "controlplane/config/scope.h"
#include "controlplane/config/tls/crt_list.h"
#include "controlplane/config/tls/file_loader.h"
#include "controlplane/config/tls/openssl_names.h"
#include "controlplane/config/tls/versions.h"
#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

// Versions of a line over those of the defaults: words that rule one out add up.
TlsVersionWords OverVersions(TlsVersionWords words, const TlsVersionWords& defaults) {
  if (!words.min) words.min = defaults.min;
  if (!words.max) words.max = defaults.max;
  words.disabled |= defaults.disabled;
  if (words.place.line == 0) words.place = defaults.place;
  return words;
}

void OverText(const PlacedText& otherwise, PlacedText* text) {
  if (text->empty()) *text = otherwise;
}

// `words`, and `defaults` where they say nothing.
TlsWords Over(TlsWords words, const TlsWords& defaults) {
  words.versions = OverVersions(words.versions, defaults.versions);
  OverText(defaults.ciphers, &words.ciphers);
  OverText(defaults.ciphersuites, &words.ciphersuites);
  OverText(defaults.curves, &words.curves);
  OverText(defaults.ecdhe, &words.ecdhe);
  OverText(defaults.sigalgs, &words.sigalgs);
  OverText(defaults.client_sigalgs, &words.client_sigalgs);
  OverText(defaults.alpn, &words.alpn);
  OverText(defaults.ca_file, &words.ca_file);
  OverText(defaults.crl_file, &words.crl_file);
  OverText(defaults.ca_verify_file, &words.ca_verify_file);
  if (!words.verify) {
    words.verify = defaults.verify;
    words.verify_place = defaults.verify_place;
  }
  if (!words.no_tickets) words.no_tickets = defaults.no_tickets;
  words.no_ca_names = words.no_ca_names || defaults.no_ca_names;
  return words;
}

class TlsResolver {
 public:
  TlsResolver(const Environment& env, Model* model, Diagnostics* diagnostics)
      : env_(env),
        model_(*model),
        defaults_(model->tls_defaults),
        diagnostics_(diagnostics),
        files_(env, defaults_) {}

  void Run() {
    if (!defaults_.dh_param_file.empty()) {
      model_.global.mutable_tls()->set_dh_param_file(
          One(defaults_.dh_param_file, files_.DhParameters(defaults_.dh_param_file.text)));
    }
    if (!defaults_.issuers.empty()) {
      All(defaults_.issuers.place, files_.LoadIssuers(defaults_.issuers.text));
    }
    for (Proxy& proxy : model_.proxies) {
      for (Bind& bind : proxy.binds) ResolveBind(&proxy, &bind);
      for (Server& server : proxy.servers) ResolveServer(&server);
    }
    model_.tls_files = files_.Take();
    if (!has_errors_) TryAll();
  }

 private:
  // A line's words are resolved once for each listener and server they hold for; people are told
  // once.
  bool IsNew(const SourcePlace& place, const std::string& message) {
    return told_.emplace(place.file, place.line, place.column, message).second;
  }
  void Error(const SourcePlace& place, const std::string& message, const std::string& fix = "") {
    has_errors_ = true;
    if (IsNew(place, message)) diagnostics_->Error(place, message, fix);
  }
  void Warning(const SourcePlace& place, const std::string& message, const std::string& fix = "") {
    if (IsNew(place, message)) diagnostics_->Warning(place, message, fix);
  }

  // The names of what was found, after telling what is odd about it.
  std::vector<std::string> All(const SourcePlace& place,
                               const absl::StatusOr<TlsFileLoader::Found>& found) {
    if (!found.ok()) {
      Error(place, std::string(found.status().message()));
      return {};
    }
    for (const std::string& warning : found->warnings) Warning(place, warning);
    return found->names;
  }
  // The name of the one file found; empty after an error.
  std::string One(const PlacedText& word, const absl::StatusOr<TlsFileLoader::Found>& found) {
    const std::vector<std::string> names = All(word.place, found);
    return names.empty() ? "" : names[0];
  }

  std::string Checked(OpensslList list, const PlacedText& word, std::string_view what) {
    if (word.empty()) return "";
    auto [it, is_new] = lists_.emplace(std::pair(list, word.text), false);
    if (is_new) it->second = IsOpensslList(list, word.text);
    if (!it->second) {
      Error(word.place,
            absl::StrCat("OpenSSL does not take '", word.text, "' as ", std::string(what)));
    }
    return word.text;
  }

  void Versions(const TlsVersionWords& words, const SourcePlace& otherwise, v1::TlsSettings* out) {
    const SourcePlace& place = words.place.line == 0 ? otherwise : words.place;
    const TlsVersionRange range = ResolveVersions(words);
    if (range.is_empty) return Error(place, "all versions of TLS are ruled out");
    if (!range.warning.empty()) Warning(place, range.warning);
    out->set_min_version(range.min);
    out->set_max_version(range.max);
  }

  void Alpn(const PlacedText& word, v1::TlsSettings* out) {
    if (word.empty()) return;
    absl::StatusOr<std::vector<std::string>> names = SplitAlpn(word.text);
    if (!names.ok()) return Error(word.place, std::string(names.status().message()));
    for (std::string& name : *names) out->add_alpn(std::move(name));
  }

  void Settings(const TlsWords& words, const SourcePlace& place, v1::TlsSettings* out) {
    Versions(words.versions, place, out);
    out->set_ciphers(Checked(OpensslList::kCiphers, words.ciphers, "ciphers"));
    out->set_ciphersuites(
        Checked(OpensslList::kCiphersuites, words.ciphersuites, "TLS 1.3 cipher suites"));
    const std::string curves = Checked(OpensslList::kCurves, words.curves, "curves");
    const std::string curve = Checked(OpensslList::kCurves, words.ecdhe, "a curve");
    out->set_curves(curves.empty() ? curve : curves);
    out->set_sigalgs(Checked(OpensslList::kSigalgs, words.sigalgs, "signature algorithms"));
    out->set_client_sigalgs(
        Checked(OpensslList::kClientSigalgs, words.client_sigalgs, "signature algorithms"));
    Alpn(words.alpn, out);
    if (!words.ca_file.empty()) {
      out->set_ca_file(One(words.ca_file, files_.Authorities(words.ca_file.text)));
    }
    if (!words.crl_file.empty()) {
      out->set_crl_file(One(words.crl_file, files_.Revocations(words.crl_file.text)));
    }
    out->set_no_tickets(words.no_tickets.value_or(false));
  }

  // What holds for a bind line, and for a line of a crt-list; the latter's over the former's.
  void BindSettings(const TlsWords& words, const SourcePlace& place, v1::TlsSettings* out,
                    std::string* ca_verify_file) {
    Settings(words, place, out);
    out->set_verify(words.verify.value_or(v1::TLS_VERIFY_NONE));
    if (words.ca_verify_file.text == kSystemAuthorities) {
      *ca_verify_file = words.ca_verify_file.text;
    } else if (!words.ca_verify_file.empty()) {
      *ca_verify_file = One(words.ca_verify_file, files_.Authorities(words.ca_verify_file.text));
    }
    if (out->verify() != v1::TLS_VERIFY_NONE && words.ca_file.empty() &&
        words.ca_verify_file.empty()) {
      Error(words.verify_place, "clients cannot be verified without 'ca-file' or 'ca-verify-file'");
    }
  }

  void ResolveBind(Proxy* proxy, Bind* bind) {
    const BindTlsWords& words = bind->tls;
    if (!words.is_on) {
      if (!words.certificates.empty()) {
        Warning(words.certificates[0].file.place, "a certificate is of no effect without 'ssl'");
      }
      return;
    }
    v1::BindTls* out = bind->settings.mutable_tls();
    const TlsWords common = Over(words.common, defaults_.bind);
    BindSettings(common, words.place, out->mutable_settings(), out->mutable_ca_verify_file());
    for (const CertificateWord& certificate : words.certificates) {
      if (certificate.is_list) {
        List(proxy, certificate.file, common, out);
      } else {
        const PlacedText& word = certificate.file;
        for (std::string& name : All(word.place, files_.Certificates(word.text))) {
          out->add_certificates()->set_file(std::move(name));
        }
      }
    }
    IgnoredErrors(words, out);
    out->set_strict_sni(words.strict_sni);
    out->set_prefer_client_ciphers(words.prefer_client_ciphers || defaults_.prefer_client_ciphers);
    out->set_no_ca_names(common.no_ca_names);
    if (!words.ticket_keys.empty()) {
      out->set_ticket_keys_file(One(words.ticket_keys, files_.TicketKeys(words.ticket_keys.text)));
    }
    if (out->certificates_size() == 0 && !words.strict_sni) NoCertificate(words);
  }

  static void IgnoredErrors(const BindTlsWords& words, v1::BindTls* out) {
    if (words.ca_ignore_errors.ByteSizeLong() > 0) {
      *out->mutable_ca_ignore_errors() = words.ca_ignore_errors;
    }
    if (words.crt_ignore_errors.ByteSizeLong() > 0) {
      *out->mutable_crt_ignore_errors() = words.crt_ignore_errors;
    }
  }

  void NoCertificate(const BindTlsWords& words) {
    if (words.certificates.empty()) {
      Error(words.place, "'ssl' needs a certificate", "add 'crt <file>'");
    } else if (!diagnostics_->has_errors()) {
      const PlacedText& word = words.certificates[0].file;
      Error(word.place, absl::StrCat("'", word.text, "' holds no certificate"));
    }
  }

  void List(Proxy* proxy, const PlacedText& word, const TlsWords& line, v1::BindTls* out) {
    absl::StatusOr<std::string> text = files_.Text(word.text);
    if (!text.ok()) return Error(word.place, std::string(text.status().message()));
    // Messages quote lines: one that holds a key must not get that far.
    if (absl::StrContains(*text, "-----BEGIN ")) {
      return Error(word.place,
                   absl::StrCat("'", word.text, "' is a certificate or a key, not a list"),
                   "use 'crt' for a certificate");
    }
    if (!IsUtf8(*text)) {
      return Error(word.place, absl::StrCat("'", word.text, "' is not text in UTF-8"));
    }
    Diagnostics found;
    std::vector<CrtListEntry> entries = ParseCrtList(word.text, *text, &found);
    Scope scope(env_, model_, proxy, &found);
    for (CrtListEntry& entry : entries) {
      Bind own;
      ApplyParameters({CrtListParameters()}, scope, entry.options, 0, &own, nullptr);
      Entry(entry, own.tls.common, line, out);
    }
    for (const Diagnostic& entry : found.entries()) {
      if (entry.severity == Severity::kError) Error(entry.place, entry.message, entry.fix);
      if (entry.severity == Severity::kWarning) Warning(entry.place, entry.message, entry.fix);
      if (entry.severity == Severity::kNotice && IsNew(entry.place, entry.message)) {
        diagnostics_->Notice(entry.place, entry.message, entry.fix);
      }
    }
  }

  void Entry(const CrtListEntry& entry, const TlsWords& own, const TlsWords& line,
             v1::BindTls* out) {
    const SourcePlace place = entry.Place(entry.file);
    v1::BindCertificate made;
    for (const Word& filter : entry.filters) {
      CheckFilter(entry, filter);
      made.add_sni_filters(filter.text);
    }
    if (!entry.options.args.empty()) {
      TlsWords words = Over(own, line);
      // A limit of its own stands beside the bind line's range, whatever words made that.
      const TlsVersionRange range = ResolveVersions(line.versions);
      if (!range.is_empty && (own.versions.min || own.versions.max)) {
        words.versions = own.versions;
        if (!words.versions.min) words.versions.min = range.min;
        if (!words.versions.max) words.versions.max = range.max;
      }
      BindSettings(words, place, made.mutable_settings(), made.mutable_ca_verify_file());
      made.set_no_ca_names(words.no_ca_names);
    }
    for (std::string& name :
         All(place, files_.Certificate(entry.file.text, TlsFileLoader::Bundles::kYes))) {
      v1::BindCertificate* certificate = out->add_certificates();
      *certificate = made;
      certificate->set_file(std::move(name));
    }
  }

  // A wildcard elsewhere than for the first label never matches anything.
  void CheckFilter(const CrtListEntry& entry, const Word& filter) {
    std::string_view text = filter.text;
    if (text.starts_with('!')) text.remove_prefix(1);
    if (text == "*") return;
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (text.empty() || text.find_first_of("*!") != std::string_view::npos) {
      Warning(entry.Place(filter), absl::StrCat("'", filter.text, "' matches no name"),
              "a wildcard stands for the first label: '*.example.com'");
    }
  }

  void ResolveServer(Server* server) {
    const ServerTlsWords& words = server->settings.tls;
    const bool is_checked_over_tls = IsCheckedOverTls(server->settings);
    if (!words.is_on && !is_checked_over_tls) return WarnOfUnused(*server);
    v1::ServerTls tls;
    const TlsWords common = Over(words.common, defaults_.server);
    const SourcePlace& place = words.place.line == 0 ? server->place : words.place;
    Settings(common, place, tls.mutable_settings());
    tls.mutable_settings()->set_verify(common.verify.value_or(defaults_.server_verify));
    if (tls.settings().verify() == v1::TLS_VERIFY_REQUIRED && common.ca_file.empty()) {
      Error(common.verify ? common.verify_place : place,
            absl::StrCat("server '", server->name,
                         "': its certificate cannot be verified without "
                         "'ca-file'"),
            "add 'ca-file <file>', or 'ca-file @system-ca', or 'verify none'");
    }
    if (!words.certificate.empty()) {
      tls.set_certificate_file(
          One(words.certificate,
              files_.Certificate(words.certificate.text, TlsFileLoader::Bundles::kNo)));
    }
    tls.set_verify_host(words.verify_host);
    tls.set_no_session_reuse(words.no_session_reuse);
    if (is_checked_over_tls) server->check_tls = CheckTls(words, tls);
    if (!words.is_on) return;
    Sni(words.sni, &tls);
    server->tls = std::move(tls);
  }

  // Without an address of their own, checks connect as clients' requests do.
  static bool IsCheckedOverTls(const ServerSettings& settings) {
    if (!settings.is_checked) return false;
    if (settings.tls.check_is_on) return *settings.tls.check_is_on;
    return settings.tls.is_on && settings.check_port == 0 && settings.check_address.empty();
  }

  v1::ServerTls CheckTls(const ServerTlsWords& words, v1::ServerTls tls) {
    if (!words.check_alpn.empty()) {
      tls.mutable_settings()->clear_alpn();
      Alpn(words.check_alpn, tls.mutable_settings());
    }
    if (!words.check_sni.empty()) {
      v1::Expr* sni = tls.mutable_sni();
      sni->set_fetch("str");
      sni->add_args(words.check_sni);
    }
    return tls;
  }

  void Sni(const PlacedText& word, v1::ServerTls* tls) {
    if (word.empty()) return;
    constexpr ExpressionSite kServerSite = {catalog::Direction::kRequest,
                                            catalog::kRequest | catalog::kConnection};
    absl::StatusOr<ParsedExpression> parsed =
        ParseExpression(word.text, ExpressionUse::kSample, kServerSite);
    if (!parsed.ok()) return Error(word.place, std::string(parsed.status().message()));
    if (parsed->consumed != word.text.size()) {
      return Error(word.place, absl::StrCat("cannot read '", word.text.substr(parsed->consumed),
                                            "' after the expression"));
    }
    if (!parsed->is_usable_here) {
      return Error(word.place,
                   absl::StrCat("'", word.text, "' has nothing to give before a server answers"));
    }
    *tls->mutable_sni() = std::move(parsed->expr);
  }

  // Inherited words are no surprise: a "default-server" serves plain servers as well.
  void WarnOfUnused(const Server& server) {
    const ServerTlsWords& words = server.settings.tls;
    for (const PlacedText* word : {&words.common.ca_file, &words.certificate, &words.sni,
                                   &words.common.alpn, &words.common.ciphers}) {
      if (word->empty() || word->place.line != server.place.line ||
          word->place.file != server.place.file) {
        continue;
      }
      return Warning(word->place, absl::StrCat("server '", server.name,
                                               "': settings of TLS are of "
                                               "no effect without 'ssl'"));
    }
  }

  // Makes of each line what a data plane makes of it: what OpenSSL refuses only then (a key that is
  // too small for its level of security) is an error of the line now, not of a push.
  void TryAll() {
    v1::Snapshot snapshot;
    for (const v1::TlsFile& file : model_.tls_files) *snapshot.add_tls_files() = file;
    const ::lb::TlsFiles files(snapshot);
    std::map<std::string, absl::Status> tried;  // by message
    auto try_once = [&](const auto& message, const SourcePlace& place, auto make) {
      auto [it, is_new] = tried.try_emplace(message.SerializeAsString());
      if (is_new) it->second = make();
      if (!it->second.ok()) {
        Error(place, absl::StrCat("OpenSSL refuses this: ", std::string(it->second.message())));
      }
    };
    for (const Proxy& proxy : model_.proxies) {
      for (const Bind& bind : proxy.binds) {
        if (!bind.settings.has_tls()) continue;
        const v1::BindTls& tls = bind.settings.tls();
        try_once(tls, bind.tls.place, [&] { return TryBind(tls, files); });
      }
      for (const Server& server : proxy.servers) {
        const SourcePlace& place = server.settings.tls.place;
        for (const auto& tls : {server.tls, server.check_tls}) {
          if (tls) try_once(*tls, place, [&] { return TryServer(*tls, files); });
        }
      }
    }
  }

  absl::Status TryBind(const v1::BindTls& message, const ::lb::TlsFiles& files) const {
    LB_ASSIGN_OR_RETURN(tls::ServerSettings settings, files.ServerOf(message));
    LB_ASSIGN_OR_RETURN(settings.global, files.GlobalOf(model_.global.tls()));
    return tls::ServerContext::Make(std::move(settings)).status();
  }

  static absl::Status TryServer(const v1::ServerTls& message, const ::lb::TlsFiles& files) {
    LB_ASSIGN_OR_RETURN(tls::ClientSettings settings, files.ClientOf(message));
    return tls::ClientContext::Make(std::move(settings)).status();
  }

  const Environment& env_;
  Model& model_;
  const TlsDefaults& defaults_;
  Diagnostics* diagnostics_;
  TlsFileLoader files_;
  std::set<std::tuple<std::string, int, int, std::string>> told_;
  std::map<std::pair<OpensslList, std::string>, bool> lists_;
  bool has_errors_ = false;
};

}  // namespace

void ResolveTls(const Environment& env, Model* model, Diagnostics* diagnostics) {
  TlsResolver(env, model, diagnostics).Run();
}

}  // namespace lb::config
