// Receiving the PROXY header that begins a client's connection ("accept-proxy" on a bind line, or
// "tcp-request connection expect-proxy").
//
// Source: HAProxy configuration manual, "accept-proxy", "expect-proxy"; the log lines are those of
// HAProxy 2.6. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_PROXY_HEADER_H_
#define LB_DATAPLANE_PROXY_PROXY_HEADER_H_

#include "common/base/clock.h"
#include "common/event/task.h"
#include "common/net/stream.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

// Reads the header off `client` and not a byte more: what follows is left in the socket, for a TLS
// handshake or the first request. From then on the session's ends are those it announced.
// False: there was none in time, or a bad one; that has been logged, and the connection is to be
// closed. `client` is `session`'s; both outlive the task.
event::Task<bool> ReceiveProxyHeader(WorkerContext* worker, Session* session, net::Stream* client,
                                     SteadyTime deadline);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_PROXY_HEADER_H_
