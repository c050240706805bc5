// The key and its answer in the handshake of WebSocket over HTTP/1.1, which HTTP/2 does without.
// Pure. Source: RFC 6455 section 4; RFC 8441 section 5.
#ifndef LB_DATAPLANE_HTTP_WEBSOCKET_H_
#define LB_DATAPLANE_HTTP_WEBSOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace lb::http {

// A Sec-WebSocket-Key: 16 bytes made from `seed`, in base64. It guards against caches and needs no
// strong randomness.
std::string WebSocketKey(uint64_t seed);

// The Sec-WebSocket-Accept that answers `key`.
std::string WebSocketAccept(std::string_view key);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_WEBSOCKET_H_
