// What a connection to a server says of the client it is made for: its PROXY header, and the
// address it bears. Such a connection serves no other client. Pure.
//
// Source: HAProxy configuration manual, "send-proxy", "proxy-v2-options", "source"; connections are
// kept apart as HAProxy 2.6 keeps them when it reuses some.
#ifndef LB_DATAPLANE_PROXY_UPSTREAM_IDENTITY_H_
#define LB_DATAPLANE_PROXY_UPSTREAM_IDENTITY_H_

#include <string>

#include "common/base/address.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/rules/context.h"
#include "dataplane/upstream/server.h"

namespace lb::proxy {

inline bool SpeaksForOneClient(const upstream::ServerConfig& server) {
  return server.send_proxy != 0 || server.source_use != upstream::SourceUse::kOwn;
}

// The PROXY header for `server`; empty: it gets none. An authority or what TLS told of the client
// comes from the session's own PROXY header or from `txn`.
std::string MakeProxyHeader(const upstream::ServerConfig& server, const Session& session,
                            const rules::TxnContext& txn);

// The address that a connection to `target`, which is `server`'s, bears; unset: the kernel chooses.
Address MakeSource(const upstream::ServerConfig& server, const Address& target,
                   const Session& session, const rules::TxnContext& txn);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_UPSTREAM_IDENTITY_H_
