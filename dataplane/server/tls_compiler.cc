#include "dataplane/server/tls_compiler.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"
#include "common/tls/ticket_keys.h"

namespace lb::server {
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

TlsCompiler::TlsCompiler(const v1::Snapshot& snapshot, const v1::Snapshot* previous,
                         std::shared_ptr<const tls::TicketKeys> ticket_keys)
    : snapshot_(snapshot), ticket_keys_(std::move(ticket_keys)) {
  std::map<std::string_view, const v1::TlsFile*> before;
  if (previous != nullptr) {
    for (const v1::TlsFile& file : previous->tls_files()) before[file.name()] = &file;
    is_global_changed_ =
        previous->global().tls().SerializeAsString() != snapshot.global().tls().SerializeAsString();
  }
  for (const v1::TlsFile& message : snapshot.tls_files()) {
    auto file = std::make_shared<tls::File>();
    file->name = message.name();
    file->pem = message.pem();
    file->key_pem = message.key_pem();
    file->ocsp = message.ocsp();
    file->dh_pem = message.dh_pem();
    files_[message.name()] = std::move(file);
    auto old = before.find(message.name());
    if (old == before.end() || old->second->SerializeAsString() != message.SerializeAsString()) {
      changed_.insert(message.name());
    }
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [name, file] : before) changed_.emplace(name);
}

absl::StatusOr<tls::FilePtr> TlsCompiler::FileOf(const std::string& name) const {
  if (name.empty()) return tls::FilePtr();
  auto found = files_.find(name);
  if (found == files_.end()) {
    return InvalidArgument(absl::StrCat("the snapshot lacks the file '", name, "'"));
  }
  return found->second;
}

absl::StatusOr<tls::Settings> TlsCompiler::SettingsOf(const v1::TlsSettings& message) const {
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
    LB_ASSIGN_OR_RETURN(settings.authorities, FileOf(message.ca_file()));
  }
  LB_ASSIGN_OR_RETURN(settings.revocations, FileOf(message.crl_file()));
  settings.no_tickets = message.no_tickets();
  return settings;
}

absl::StatusOr<tls::GlobalSettings> TlsCompiler::GlobalOf(const v1::TlsGlobal& message) const {
  tls::GlobalSettings global;
  if (message.cache_size() != 0) global.cache_size = message.cache_size();
  if (message.session_lifetime_ms() != 0) {
    global.session_lifetime = Millis(message.session_lifetime_ms());
  }
  global.max_record = message.max_record();
  LB_ASSIGN_OR_RETURN(global.dh_parameters, FileOf(message.dh_param_file()));
  return global;
}

absl::StatusOr<std::shared_ptr<const tls::ServerContext>> TlsCompiler::CompileBind(
    const v1::BindTls& bind) {
  std::shared_ptr<const tls::ServerContext>& context = servers_[bind.SerializeAsString()];
  if (context != nullptr) return context;
  tls::ServerSettings server;
  LB_ASSIGN_OR_RETURN(server.settings, SettingsOf(bind.settings()));
  for (const v1::BindCertificate& line : bind.certificates()) {
    tls::ServerSettings::Entry& entry = server.entries.emplace_back();
    LB_ASSIGN_OR_RETURN(entry.certificate, FileOf(line.file()));
    entry.sni_filters.assign(line.sni_filters().begin(), line.sni_filters().end());
    if (line.has_settings()) {
      LB_ASSIGN_OR_RETURN(entry.settings, SettingsOf(line.settings()));
      LB_ASSIGN_OR_RETURN(entry.verify_authorities, FileOf(line.ca_verify_file()));
    }
  }
  LB_ASSIGN_OR_RETURN(server.verify_authorities, FileOf(bind.ca_verify_file()));
  server.ignored_authority_errors = IgnoredOf(bind.ca_ignore_errors());
  server.ignored_certificate_errors = IgnoredOf(bind.crt_ignore_errors());
  server.is_sni_strict = bind.strict_sni();
  server.prefers_client_ciphers = bind.prefer_client_ciphers();
  server.tells_no_authorities = bind.no_ca_names();
  server.ticket_keys = ticket_keys_;
  if (!bind.ticket_keys_file().empty()) {
    LB_ASSIGN_OR_RETURN(tls::FilePtr file, FileOf(bind.ticket_keys_file()));
    LB_ASSIGN_OR_RETURN(server.ticket_keys, tls::TicketKeys::FromFile(*file));
  }
  LB_ASSIGN_OR_RETURN(server.global, GlobalOf(snapshot_.global().tls()));
  LB_ASSIGN_OR_RETURN(context, tls::ServerContext::Make(std::move(server)));
  return context;
}

absl::StatusOr<std::shared_ptr<tls::ClientContext>> TlsCompiler::CompileServer(
    const v1::ServerTls& server) {
  tls::ClientSettings client;
  LB_ASSIGN_OR_RETURN(client.settings, SettingsOf(server.settings()));
  if (server.settings().verify() == v1::TLS_VERIFY_UNSPECIFIED) {
    client.settings.verify = tls::Verify::kRequired;
  }
  LB_ASSIGN_OR_RETURN(client.certificate, FileOf(server.certificate_file()));
  client.verify_host = server.verify_host();
  client.reuses_sessions = !server.no_session_reuse();
  return tls::ClientContext::Make(std::move(client));
}

bool TlsCompiler::IsAffected(const v1::Frontend& frontend) const {
  const bool is_global_changed =
      is_global_changed_ || HasChanged(snapshot_.global().tls().dh_param_file());
  for (const v1::Bind& bind : frontend.binds()) {
    if (!bind.has_tls()) continue;
    const v1::BindTls& tls = bind.tls();
    if (is_global_changed || HasChanged(tls.settings()) || HasChanged(tls.ca_verify_file()) ||
        HasChanged(tls.ticket_keys_file())) {
      return true;
    }
    for (const v1::BindCertificate& line : tls.certificates()) {
      if (HasChanged(line.file()) || HasChanged(line.settings()) ||
          HasChanged(line.ca_verify_file())) {
        return true;
      }
    }
  }
  return false;
}

bool TlsCompiler::IsAffected(const v1::Backend& backend) const {
  for (const v1::Server& server : backend.servers()) {
    if (!server.has_tls()) continue;
    if (HasChanged(server.tls().settings()) || HasChanged(server.tls().certificate_file())) {
      return true;
    }
  }
  return false;
}

}  // namespace lb::server
