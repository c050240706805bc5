// ControlClient: keeps a session with the control plane over gRPC (DataPlaneSession.Join): dials,
// carries messages both ways, and dials again when the session ends.
//
// Lives on the thread of `loop`, where the observer is called; gRPC's own threads only post to it.
// Pauses between attempts grow from 100 ms to 5 s, each shortened at random by up to a half, so
// that a fleet does not come back at the same moment; a session that worked starts over at the
// least.
#ifndef LB_DATAPLANE_SERVER_CONTROL_CLIENT_H_
#define LB_DATAPLANE_SERVER_CONTROL_CLIENT_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "grpcpp/channel.h"

#include "common/event/event_loop.h"
#include "common/tls/channel_identity.h"
#include "dataplane/server/control_link.h"

namespace lb::server {

// A channel to "HOST:PORT" or "unix:PATH", set up so that a control plane that vanished is noticed
// (keepalive pings every 20 s). The server must permit pings at least every 10 s.
// With an identity the channel is TLS, but for a unix socket's.
std::shared_ptr<grpc::Channel> DialControlPlane(
    const std::string& address, const std::optional<tls::ChannelIdentity>& identity = {});

// The pause before attempt `failures` + 1, in [half, whole] of an exponentially growing step.
Millis RedialPause(uint32_t failures, uint64_t random);

class ControlClient {
 public:
  // `loop` and `observer` are borrowed and outlive the client.
  ControlClient(event::EventLoop* loop, std::shared_ptr<grpc::Channel> channel,
                ControlObserver* observer);
  // Cancels the session and waits until gRPC has let go of it. The observer is not told.
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  void Start();
  // Attempts that failed since the last session that worked.
  uint32_t failures() const { return failures_; }

 private:
  class Stream;

  void Dial();
  void OnRead(const v1::ToDataPlane& message);
  void OnEnd(const std::string& reason);

  event::EventLoop* const loop_;
  const std::shared_ptr<grpc::Channel> channel_;
  ControlObserver* const observer_;
  std::mt19937_64 random_{std::random_device{}()};
  // Posted functions hold it weakly: they outlive the client.
  std::shared_ptr<ControlClient*> self_;
  std::unique_ptr<Stream> stream_;  // null between sessions
  uint32_t failures_ = 0;
  bool has_logged_failure_ = false;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_CONTROL_CLIENT_H_
