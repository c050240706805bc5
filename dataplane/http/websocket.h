// The key and its answer in the handshake of WebSocket over HTTP/1.1, which HTTP/2 does without.
// Pure. Source: RFC 6455 section 4; RFC 8441 section 5.
#ifndef LB_DATAPLANE_HTTP_WEBSOCKET_H_
#define LB_DATAPLANE_HTTP_WEBSOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/http/message.h"

namespace lb::http {

// A Sec-WebSocket-Key: 16 bytes made from `seed`, in base64. It guards against caches and needs no
// strong randomness.
std::string WebSocketKey(uint64_t seed);

// Whether the request asks for a WebSocket, which both versions of HTTP have a form for: a GET
// without a body (RFC 6455 section 4.1; RFC 8441).
bool IsWebSocketUpgrade(const RequestHead& head);

// The Sec-WebSocket-Accept that answers `key`.
std::string WebSocketAccept(std::string_view key);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_WEBSOCKET_H_
