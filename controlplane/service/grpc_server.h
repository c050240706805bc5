// GrpcServer: the listening side of the control plane: data-plane sessions and the Admin service,
// on unix sockets, on TCP, and for the data plane of the same process.
//
// A unix socket is the owner's (0600). TCP is mutual TLS where there is an identity: who connects
// has a certificate of our authority, and a data plane's certificate gives no right to administer.
// Without one it is plaintext, for loopback unless the operator insists.
#ifndef LB_CONTROLPLANE_SERVICE_GRPC_SERVER_H_
#define LB_CONTROLPLANE_SERVICE_GRPC_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

#include "common/tls/channel_identity.h"
#include "controlplane/service/controller.h"
#include "controlplane/service/grpc_admin.h"

namespace grpc {
class Channel;
class Server;
class Service;
}  // namespace grpc

namespace lb::service {

class GrpcServer {
 public:
  // `addresses` are "unix:/path", "127.0.0.1:9901", "[::1]:9901", a name with a port; port 0 lets
  // the kernel choose. `identity`: for TLS on TCP. `controller` is borrowed and outlives the
  // server. Errors: an address that cannot be bound, named.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const std::vector<std::string>& addresses,
      const std::optional<tls::ChannelIdentity>& identity, Controller* controller,
      RunCommandFunction run_command);
  // Requires that ShutDown() has finished.
  ~GrpcServer();

  // The TCP ports bound, in the order of the addresses; 1 for unix sockets.
  const std::vector<int>& ports() const { return ports_; }

  // A channel to this server that leaves the process's memory at no point.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Ends every call and stream, then runs `done` on the loop, which must run until then.
  // Loop thread.
  void ShutDown(std::function<void()> done);

 private:
  GrpcServer() = default;

  event::EventLoop* loop_ = nullptr;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<grpc::Service> session_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<int> ports_;
  std::thread shutdown_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_GRPC_SERVER_H_
