// Client: one connection to a control plane, for one command.
#ifndef LB_CLI_CLIENT_H_
#define LB_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/tls/channel_identity.h"
#include "lb/v1/admin.grpc.pb.h"

namespace lb::cli {

class Client {
 public:
  // `target` as from ParseAddress(). Connects when first used; over TLS when there is an identity
  // and the target is not a unix socket.
  Client(const std::string& target, const std::optional<tls::ChannelIdentity>& identity,
         std::chrono::milliseconds timeout);

  // Calls one method of the admin service: client.Call(&Stub::ListNodes, request, &reply).
  template <typename Method, typename Request, typename Reply>
  grpc::Status Call(Method method, const Request& request, Reply* reply) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    return (stub_.get()->*method)(&context, request, reply);
  }

  // Nobody else can listen: over TLS, or within the host.
  bool is_private() const { return is_private_; }

  v1::Admin::Stub* stub() { return stub_.get(); }

 private:
  std::unique_ptr<v1::Admin::Stub> stub_;
  const std::chrono::milliseconds timeout_;
  bool is_private_ = false;
};

// Who runs this program, for the history.
v1::Origin ThisOrigin();

// What to tell of a status that is not ok.
std::string MessageOf(const grpc::Status& status);
// The exit code for it.
int ExitCodeOf(const grpc::Status& status);

}  // namespace lb::cli

#endif  // LB_CLI_CLIENT_H_
