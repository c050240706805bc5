// A tunnel of which an end is a stream of an HTTP/2 connection: the bytes go through the sides'
// sources and sinks. One coroutine moves both directions, as in tunnel.h.
// Source: RFC 9113 section 8.5; RFC 8441.
#ifndef LB_DATAPLANE_PROXY_MESSAGE_TUNNEL_H_
#define LB_DATAPLANE_PROXY_MESSAGE_TUNNEL_H_

#include "common/event/task.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/tunnel.h"

namespace lb::proxy {

// Runs until both directions have ended or one has failed, and sets the exchange's end. Of the ends
// only the timeouts count.
event::Task<void> RelayTunnel(Exchange* exchange, ServerSide* server, TunnelEnd client,
                              TunnelEnd upstream);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_MESSAGE_TUNNEL_H_
