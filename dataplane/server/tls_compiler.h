// TlsCompiler: the TLS of one snapshot: from its messages and files to the contexts that
// connections are made from. Equal lines share a context, as the ports of a range do.
// Main thread. Errors are InvalidArgument and name the file or the setting.
#ifndef LB_DATAPLANE_SERVER_TLS_COMPILER_H_
#define LB_DATAPLANE_SERVER_TLS_COMPILER_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"

#include "common/snapshot/tls_files.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::tls {
class ClientContext;
class ServerContext;
class TicketKeys;
}  // namespace lb::tls

namespace lb::server {

class TlsCompiler {
 public:
  // `previous`: what was served before; null: nothing. `ticket_keys`: those of the fleet.
  // The snapshots must outlive the compiler.
  TlsCompiler(const v1::Snapshot& snapshot, const v1::Snapshot* previous,
              std::shared_ptr<const tls::TicketKeys> ticket_keys);

  absl::StatusOr<std::shared_ptr<const tls::ServerContext>> CompileBind(const v1::BindTls& bind);
  absl::StatusOr<std::shared_ptr<tls::ClientContext>> CompileServer(const v1::ServerTls& server);

  // ServerConfig::manner of the server.
  uint64_t MannerOf(const v1::Server& server) const;

  // Whether a file or a global setting that the section's TLS rests on has changed since the
  // previous snapshot: then its contexts are to be made anew, although its message is the same.
  bool IsAffected(const v1::Frontend& frontend) const;
  bool IsAffected(const v1::Backend& backend) const;

 private:
  bool HasChanged(const std::string& name) const { return changed_.contains(name); }
  bool HasChanged(const v1::TlsSettings& settings) const {
    return HasChanged(settings.ca_file()) || HasChanged(settings.crl_file());
  }

  const v1::Snapshot& snapshot_;
  const TlsFiles files_;
  const std::shared_ptr<const tls::TicketKeys> ticket_keys_;
  std::set<std::string> changed_;  // names of files, also of those that went
  bool is_global_changed_ = false;
  // By serialized message.
  std::map<std::string, std::shared_ptr<const tls::ServerContext>> servers_;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_TLS_COMPILER_H_
