// The access log: one line per exchange or TCP session, where and when the configuration says so.
// Source: HAProxy configuration manual, sections 8.2 and 8.4, "option dontlognull",
// "option dontlog-normal", "option log-separate-errors".
#ifndef LB_DATAPLANE_PROXY_ACCESS_LOG_H_
#define LB_DATAPLANE_PROXY_ACCESS_LOG_H_

#include "dataplane/proxy/config.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/rules/context.h"

namespace lb::proxy {

// Whether a line would go anywhere at all: lets the caller skip the facts.
bool IsLogged(const FrontendConfig& frontend);

// Writes the line. `txn.log` must be set. `is_error`: anything but normal traffic.
void WriteAccessLog(WorkerContext* worker, const FrontendConfig& frontend, rules::TxnContext* txn,
                    bool is_error);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_ACCESS_LOG_H_
