// The gRPC side of data-plane sessions: each Join stream becomes a fleet member.
//
// gRPC's threads only post to the loop. The next message is read when the loop has taken the one
// before, so a data plane cannot flood the control plane.
#ifndef LB_CONTROLPLANE_SERVICE_GRPC_SESSION_H_
#define LB_CONTROLPLANE_SERVICE_GRPC_SESSION_H_

#include <memory>
#include <string>

#include "common/event/event_loop.h"
#include "controlplane/fleet/fleet.h"

namespace grpc {
class ServerContextBase;
class Service;
}  // namespace grpc

namespace lb::service {

// `loop` and `fleet` are borrowed: both outlive the server that the service is registered with,
// and the loop runs until that server is shut down.
std::unique_ptr<grpc::Service> MakeSessionService(event::EventLoop* loop, fleet::Fleet* fleet);

// "127.0.0.1:4711" of gRPC's "ipv4:127.0.0.1:4711"; "local" for unix sockets, "in-process" for
// channels inside the process.
std::string PeerText(const std::string& grpc_peer);

// What the other end's certificate says of it.
struct PeerCertificate {
  bool is_tls = false;   // there is one, of our authority
  bool is_node = false;  // a data plane's, made by "lbctl pki"
  std::string name;      // its common name
};
PeerCertificate CertificateOf(const grpc::ServerContextBase& context);

// Whether `peer`, as PeerText() gives it, is on this host.
bool IsOfThisHost(const std::string& peer);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_GRPC_SESSION_H_
