// What an HTTP/2 connection is told and held to, and the protocol's error codes. Plain values.
// Source: RFC 9113 sections 6.5.2 and 7; HAProxy configuration manual, "tune.h2.*".
#ifndef LB_DATAPLANE_HTTP_H2_SETTINGS_H_
#define LB_DATAPLANE_HTTP_H2_SETTINGS_H_

#include <cstdint>
#include <string_view>

namespace lb::http {

// "proto" of a bind or server line.
enum class ConnectionProtocol : uint8_t {
  kAny,  // what TLS negotiated (ALPN); without it HTTP/1.x, or HTTP/2 when its preface comes
  kHttp1,
  kHttp2,
};

// The defaults are HAProxy's.
struct H2Settings {
  uint32_t header_table_size = 4096;  // bytes
  uint32_t max_frame_size = 16384;    // bytes
  uint32_t max_concurrent_streams = 100;
  uint32_t initial_window_size = 65535;  // bytes
  // How many glitches end a connection; 0: no limit but the guard's own.
  uint32_t glitches_threshold = 0;
};

enum class H2Error : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kFlowControlError = 3,
  kSettingsTimeout = 4,
  kStreamClosed = 5,
  kFrameSizeError = 6,
  kRefusedStream = 7,
  kCancel = 8,
  kCompressionError = 9,
  kConnectError = 10,
  kEnhanceYourCalm = 11,
  kInadequateSecurity = 12,
  kHttp11Required = 13,
};

// What a client sends first (RFC 9113 section 3.4).
inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_SETTINGS_H_
