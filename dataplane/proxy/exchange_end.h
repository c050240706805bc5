// The end of an exchange: counters and the log line.
#ifndef LB_DATAPLANE_PROXY_EXCHANGE_END_H_
#define LB_DATAPLANE_PROXY_EXCHANGE_END_H_

#include "dataplane/proxy/exchange.h"

namespace lb::proxy {

// "option logasap": writes the line now that the response's head is on its way. No other follows.
void LogEarly(Exchange* exchange, const UpstreamLease& lease);

// Counts and logs. `lease` is null when no server was asked for; it must still hold its facts, and
// its place has been given back.
void EndExchange(Exchange* exchange, const UpstreamLease* lease);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_EXCHANGE_END_H_
