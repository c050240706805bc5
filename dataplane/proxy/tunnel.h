// Tunnels: raw bytes both ways between a client and a server, with half-close, for TCP sessions and
// for HTTP connections after an upgrade.
//
// One coroutine moves both directions. A direction copies through a buffer and changes to splice(2)
// once its reads fill whole buffers. A slow reader stops the reading from the other side.
#ifndef LB_DATAPLANE_PROXY_TUNNEL_H_
#define LB_DATAPLANE_PROXY_TUNNEL_H_

#include <cstdint>

#include "common/event/task.h"
#include "common/net/buffer_pool.h"
#include "common/net/stream.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

// One end of a tunnel. Streams and buffers are borrowed; `in` holds what was read but not relayed.
struct TunnelEnd {
  net::Stream* stream = nullptr;
  net::Buffer* in = nullptr;
  Millis timeout = kForever;      // of inactivity
  Millis fin_timeout = kForever;  // of inactivity once this side was told that no more comes
};

struct TunnelEndResult {
  uint64_t client_bytes = 0;  // from the client to the server
  uint64_t server_bytes = 0;  // from the server to the client
  char cause = '-';           // 'C', 'S', 'c', 's', or the kill reason
};

event::Task<TunnelEndResult> Tunnel(WorkerContext* worker, Session* session, TunnelEnd client,
                                    TunnelEnd server);

// Fills in the timeouts of both ends. Source: HAProxy configuration manual, "timeout tunnel" (it
// replaces both once it is a tunnel), "timeout client-fin", "timeout server-fin".
void SetTunnelTimeouts(const FrontendConfig& frontend, const BackendConfig& backend,
                       TunnelEnd* client, TunnelEnd* server);

// The rest of an exchange whose response switched protocols.
event::Task<void> RunTunnel(Exchange* exchange, ServerSide* server);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_TUNNEL_H_
