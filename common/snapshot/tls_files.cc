#include "common/snapshot/tls_files.h"

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb {
namespace {

constexpr std::string_view kSystemAuthorities = "@system-ca";

tls::Version VersionOf(v1::TlsVersion version) {
  switch (version) {
    case v1::TLS_1_0:
      return tls::Version::kTls10;
    case v1::TLS_1_1:
      return tls::Version::kTls11;
    case v1::TLS_1_2:
      return tls::Version::kTls12;
    case v1::TLS_1_3:
      return tls::Version::kTls13;
    default:
      return tls::Version::kUnset;
  }
}

tls::Verify VerifyOf(v1::TlsVerify verify) {
  switch (verify) {
    case v1::TLS_VERIFY_OPTIONAL:
      return tls::Verify::kOptional;
    case v1::TLS_VERIFY_REQUIRED:
      return tls::Verify::kRequired;
    default:
      return tls::Verify::kNone;
  }
}

tls::IgnoredErrors IgnoredOf(const v1::TlsIgnoredErrors& message) {
  return {message.all(), {message.codes().begin(), message.codes().end()}};
}

}  // namespace

TlsFiles::TlsFiles(const v1::Snapshot& snapshot) {
  for (const v1::TlsFile& message : snapshot.tls_files()) {
    auto file = std::make_shared<tls::File>();
    file->name = message.name();
    file->pem = message.pem();
    file->key_pem = message.key_pem();
    file->ocsp = message.ocsp();
    file->dh_pem = message.dh_pem();
    file->skips_self_issued = snapshot.global().tls().skip_self_issued_ca();
    files_[{message.kind(), message.name()}] = std::move(file);
  }
}

absl::StatusOr<tls::FilePtr> TlsFiles::Find(v1::TlsFile::Kind kind, const std::string& name) const {
  if (name.empty()) return tls::FilePtr();
  auto found = files_.find({kind, name});
  if (found == files_.end()) {
    return InvalidArgument(absl::StrCat("the snapshot lacks the file '", name, "'"));
  }
  return found->second;
}

absl::StatusOr<tls::FilePtr> TlsFiles::FindAuthorities(const std::string& name) const {
  static const auto* const kSystem = new tls::FilePtr([] {
    auto file = std::make_shared<tls::File>();
    file->name = kSystemAuthorities;
    file->is_system = true;
    return file;
  }());
  if (name == kSystemAuthorities) return *kSystem;
  return Find(v1::TlsFile::AUTHORITIES, name);
}

absl::StatusOr<tls::Settings> TlsFiles::SettingsOf(const v1::TlsSettings& message) const {
  tls::Settings settings;
  settings.min_version = VersionOf(message.min_version());
  settings.max_version = VersionOf(message.max_version());
  settings.ciphers = message.ciphers();
  settings.ciphersuites = message.ciphersuites();
  settings.curves = message.curves();
  settings.sigalgs = message.sigalgs();
  settings.client_sigalgs = message.client_sigalgs();
  settings.alpn.assign(message.alpn().begin(), message.alpn().end());
  settings.verify = VerifyOf(message.verify());
  settings.uses_system_authorities = message.ca_file() == kSystemAuthorities;
  if (!settings.uses_system_authorities) {
    LB_ASSIGN_OR_RETURN(settings.authorities, Find(v1::TlsFile::AUTHORITIES, message.ca_file()));
  }
  LB_ASSIGN_OR_RETURN(settings.revocations, Find(v1::TlsFile::REVOCATIONS, message.crl_file()));
  settings.no_tickets = message.no_tickets();
  return settings;
}

absl::StatusOr<tls::GlobalSettings> TlsFiles::GlobalOf(const v1::TlsGlobal& message) const {
  tls::GlobalSettings global;
  if (message.cache_size() != 0 || message.no_cache()) global.cache_size = message.cache_size();
  if (message.session_lifetime_ms() != 0) {
    global.session_lifetime = Millis(message.session_lifetime_ms());
  }
  global.max_record = message.max_record();
  global.dh_bits = message.default_dh_bits();
  LB_ASSIGN_OR_RETURN(global.dh_parameters,
                      Find(v1::TlsFile::DH_PARAMETERS, message.dh_param_file()));
  return global;
}

absl::StatusOr<tls::ServerSettings> TlsFiles::ServerOf(const v1::BindTls& bind) const {
  tls::ServerSettings server;
  LB_ASSIGN_OR_RETURN(server.settings, SettingsOf(bind.settings()));
  for (const v1::BindCertificate& line : bind.certificates()) {
    tls::ServerSettings::Entry& entry = server.entries.emplace_back();
    LB_ASSIGN_OR_RETURN(entry.certificate, Find(v1::TlsFile::CERTIFICATE, line.file()));
    entry.sni_filters.assign(line.sni_filters().begin(), line.sni_filters().end());
    if (line.has_settings()) {
      LB_ASSIGN_OR_RETURN(entry.settings, SettingsOf(line.settings()));
      LB_ASSIGN_OR_RETURN(entry.verify_authorities, FindAuthorities(line.ca_verify_file()));
      entry.tells_no_authorities = line.no_ca_names();
    }
  }
  LB_ASSIGN_OR_RETURN(server.verify_authorities, FindAuthorities(bind.ca_verify_file()));
  server.ignored_authority_errors = IgnoredOf(bind.ca_ignore_errors());
  server.ignored_certificate_errors = IgnoredOf(bind.crt_ignore_errors());
  server.is_sni_strict = bind.strict_sni();
  server.prefers_client_ciphers = bind.prefer_client_ciphers();
  server.tells_no_authorities = bind.no_ca_names();
  return server;
}

absl::StatusOr<tls::ClientSettings> TlsFiles::ClientOf(const v1::ServerTls& server) const {
  tls::ClientSettings client;
  LB_ASSIGN_OR_RETURN(client.settings, SettingsOf(server.settings()));
  if (server.settings().verify() == v1::TLS_VERIFY_UNSPECIFIED) {
    client.settings.verify = tls::Verify::kRequired;
  }
  LB_ASSIGN_OR_RETURN(client.certificate,
                      Find(v1::TlsFile::CERTIFICATE, server.certificate_file()));
  client.verify_host = server.verify_host();
  client.reuses_sessions = !server.no_session_reuse();
  return client;
}

}  // namespace lb
