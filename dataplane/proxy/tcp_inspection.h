// Inspection: what a TCP client sends first is looked at by rules before a server is chosen.
// One worker's thread.
//
// Source: HAProxy configuration manual, "tcp-request content", "tcp-request inspect-delay".
#ifndef LB_DATAPLANE_PROXY_TCP_INSPECTION_H_
#define LB_DATAPLANE_PROXY_TCP_INSPECTION_H_

#include "common/event/task.h"
#include "common/net/buffer_pool.h"
#include "common/net/stream.h"
#include "dataplane/proxy/exchange.h"

namespace lb::proxy {

// Applies the "tcp-request content" rules of one section, again and again as bytes come into `in`,
// until they have decided. The delay over, the buffer full, or the client through: what is not
// decided counts as false. The bytes stay in `in`, and in the exchange's context for the choice of
// the backend. False: the exchange has ended (rejected, or the client is gone or late).
// Whatever is passed outlives the task.
event::Task<bool> InspectContent(Exchange* exchange, net::Stream* client, net::Buffer* in,
                                 const ProxyConfig& proxy);

// The rules are through: views into the bytes do not last.
void ForgetContent(Exchange* exchange);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_TCP_INSPECTION_H_
