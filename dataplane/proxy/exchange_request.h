// The part of an exchange between the received head and the connection to a server: rules, the
// proxy's own pages, the choice of the backend. Makes replies; says when it must wait for the body.
#ifndef LB_DATAPLANE_PROXY_EXCHANGE_REQUEST_H_
#define LB_DATAPLANE_PROXY_EXCHANGE_REQUEST_H_

#include "dataplane/proxy/exchange.h"

namespace lb::proxy {

enum class Route : uint8_t {
  kForward,  // to exchange->backend
  kReply,    // exchange->response and reply_body hold what to answer, if has_reply
  kWait,     // for exchange->pause.wait, and then again
};

// Runs the frontend's rules, chooses the backend, runs its rules, and makes the request ready to be
// forwarded. Goes on from exchange->pause.
Route RouteRequest(Exchange* exchange);

// Whether both are one "listen" section: it runs its rules once.
bool IsSameSection(const FrontendConfig& frontend, const BackendConfig& backend);

// "tcp-request connection": before a PROXY header and the TLS handshake; "tcp-request session":
// after them.
enum class ConnectionRules : uint8_t { kConnection, kSession };
inline const rules::TcpRules& RulesOf(const ProxyConfig& proxy, ConnectionRules which) {
  return which == ConnectionRules::kConnection ? proxy.tcp_connection : proxy.tcp_session;
}
// Applies the frontend's. False: the connection is to be closed without a word, in the log neither.
// Tells the session when they expect a PROXY header.
bool PassesConnectionRules(Exchange* exchange, ConnectionRules which);

// Makes what "unique-id-format" says the exchange's id. Of a TCP session too.
void MakeUniqueId(Exchange* exchange);

// Ends an exchange that "tcp-request content" rules reject: without a reply.
void DenyContent(Exchange* exchange);

// Makes `status`' error message the exchange's reply.
void ReplyWithError(Exchange* exchange, uint32_t status, char cause, char stage);

// Makes a reply of rules the exchange's.
void ReplyWith(Exchange* exchange, const rules::LocalReply& reply, char cause, char stage);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_EXCHANGE_REQUEST_H_
