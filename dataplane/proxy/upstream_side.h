// UpstreamSide: the server's side of an exchange, in whatever protocol the lease's connection
// speaks, and what becomes of that connection afterwards. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_UPSTREAM_SIDE_H_
#define LB_DATAPLANE_PROXY_UPSTREAM_SIDE_H_

#include <optional>

#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/h2_server.h"
#include "dataplane/proxy/http_sides.h"
#include "dataplane/proxy/upstream_connect.h"

namespace lb::proxy {

// Whether the server's connection ends with the exchange.
bool ClosesServer(const Exchange& exchange);

class UpstreamSide {
 public:
  // Takes the connection out of the lease.
  UpstreamSide(Exchange* exchange, UpstreamLease* lease);
  UpstreamSide(const UpstreamSide&) = delete;
  UpstreamSide& operator=(const UpstreamSide&) = delete;

  ServerSide* operator->() { return side_; }
  ServerSide* get() { return side_; }

  // The exchange is done with the server: a connection of its own is kept for the next exchange or
  // closed. `is_request_sent`: the whole request went out.
  void GiveBack(Exchange* exchange, UpstreamLease* lease, bool is_request_sent);

 private:
  std::optional<H1Server> h1_;
  std::optional<H2Server> h2_;
  ServerSide* side_ = nullptr;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_UPSTREAM_SIDE_H_
