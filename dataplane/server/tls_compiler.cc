#include "dataplane/server/tls_compiler.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"
#include "common/tls/ticket_keys.h"

namespace lb::server {

TlsCompiler::TlsCompiler(const v1::Snapshot& snapshot, const v1::Snapshot* previous,
                         std::shared_ptr<const tls::TicketKeys> ticket_keys)
    : snapshot_(snapshot), files_(snapshot), ticket_keys_(std::move(ticket_keys)) {
  std::map<std::pair<std::string_view, v1::TlsFile::Kind>, const v1::TlsFile*> before;
  if (previous != nullptr) {
    for (const v1::TlsFile& file : previous->tls_files())
      before[{file.name(), file.kind()}] = &file;
    is_global_changed_ =
        previous->global().tls().SerializeAsString() != snapshot.global().tls().SerializeAsString();
  }
  for (const v1::TlsFile& message : snapshot.tls_files()) {
    auto old = before.find({message.name(), message.kind()});
    if (old == before.end() || old->second->SerializeAsString() != message.SerializeAsString()) {
      changed_.insert(message.name());
    }
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [key, file] : before) changed_.insert(file->name());
}

absl::StatusOr<std::shared_ptr<const tls::ServerContext>> TlsCompiler::CompileBind(
    const v1::BindTls& bind) {
  std::shared_ptr<const tls::ServerContext>& context = servers_[bind.SerializeAsString()];
  if (context != nullptr) return context;
  LB_ASSIGN_OR_RETURN(tls::ServerSettings server, files_.ServerOf(bind));
  server.ticket_keys = ticket_keys_;
  if (!bind.ticket_keys_file().empty()) {
    LB_ASSIGN_OR_RETURN(tls::FilePtr file,
                        files_.Find(v1::TlsFile::TICKET_KEYS, bind.ticket_keys_file()));
    LB_ASSIGN_OR_RETURN(server.ticket_keys, tls::TicketKeys::FromFile(*file));
  }
  LB_ASSIGN_OR_RETURN(server.global, files_.GlobalOf(snapshot_.global().tls()));
  LB_ASSIGN_OR_RETURN(context, tls::ServerContext::Make(std::move(server)));
  return context;
}

absl::StatusOr<std::shared_ptr<tls::ClientContext>> TlsCompiler::CompileServer(
    const v1::ServerTls& server) {
  LB_ASSIGN_OR_RETURN(tls::ClientSettings client, files_.ClientOf(server));
  return tls::ClientContext::Make(std::move(client));
}

uint64_t TlsCompiler::MannerOf(const v1::Server& server) const {
  if (!server.has_tls() && server.protocol() == v1::CONNECTION_PROTOCOL_UNSPECIFIED) return 0;
  std::string text = absl::StrCat(server.protocol(), server.has_tls(), "\n");
  server.tls().AppendToString(&text);
  const v1::TlsSettings& settings = server.tls().settings();
  for (const v1::TlsFile& file : snapshot_.tls_files()) {
    if (file.name() == settings.ca_file() || file.name() == settings.crl_file() ||
        file.name() == server.tls().certificate_file()) {
      absl::StrAppend(&text, "\n", file.pem());
    }
  }
  return std::hash<std::string>()(text) | 1;
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
    if (is_global_changed_ || HasChanged(server.tls().settings()) ||
        HasChanged(server.tls().certificate_file())) {
      return true;
    }
  }
  return false;
}

}  // namespace lb::server
