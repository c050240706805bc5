// Arrival: what comes before a session's first byte, as its bind line asks for it: a PROXY header,
// then the TLS handshake. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_ARRIVAL_H_
#define LB_DATAPLANE_PROXY_ARRIVAL_H_

#include <string_view>

#include "common/event/task.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

class ConnectionCount;

// Whether the session's connection has anything to do before it carries bytes.
bool NeedsArrival(const Session& session);

// Does it, within "timeout client". `count` is the session's connection's: it counts as one of TLS
// from the handshake on. False: it failed and was logged, the session ends.
event::Task<bool> Arrive(WorkerContext* worker, Session* session, ConnectionCount* count);

// Logs a connection that ended before it could be used: "<client> [<date>] <frontend>/<bind>: ...".
void LogFailedArrival(WorkerContext* worker, Session* session, std::string_view what);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_ARRIVAL_H_
