// ParseError: why an HTTP/1.x message was refused, and the status that answers it.
// The per-byte path's error type; no texts are allocated. Thread-safe (plain values).
// Source: RFC 9112; the statuses are those of HAProxy 2.6 unless h1_error.cc says otherwise.
#ifndef LB_DATAPLANE_HTTP_H1_ERROR_H_
#define LB_DATAPLANE_HTTP_H1_ERROR_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lb::http {

enum class ParseError : uint8_t {
  kNone,
  // The start line.
  kBadMethod,
  kBadTarget,
  kBadVersion,          // not "HTTP/" DIGIT "." DIGIT
  kUnsupportedVersion,  // well-formed, but not HTTP/1.0 or HTTP/1.1
  kBadStatus,
  kBadReason,
  kBadLineEnd,  // a bare CR or a bare LF where a line should end
  // Fields.
  kBadHeaderName,   // an empty name, a character that is none of a token's, a blank before ':'
  kBadHeaderValue,  // NUL, a control character, a bare CR or LF inside a value
  kObsFold,         // a line that begins with a blank
  // Meaning of the fields.
  kBadContentLength,
  kRepeatedContentLength,
  kContentLengthWithTransferEncoding,
  kBadTransferEncoding,          // "chunked" not last, or given twice, or an empty list
  kUnsupportedTransferEncoding,  // a coding other than "chunked"
  kTransferEncodingInHttp10,
  kMissingHost,
  kRepeatedHost,
  kBadHost,            // Host is not a host with an optional port
  kHostMismatch,       // Host differs from the target's authority
  kUnexpectedUpgrade,  // 101 to a request that did not ask for it
  // Sizes.
  kTargetTooLong,
  kHeadTooLarge,
  kTooManyHeaders,
  // Chunked bodies.
  kBadChunkSize,
  kChunkSizeOverflow,
  kChunkLineTooLong,
  kBadChunkEnd,  // no CRLF behind a chunk's bytes
  kBadTrailer,
  kTrailersTooLarge,
};

// Where a message stops being one.
struct Fault {
  ParseError error = ParseError::kNone;
  size_t position = 0;  // of the first wrong byte; of a wrong field, of its value
};

// The status with which the proxy answers a request that failed so: 400, 414, 431, ...
// For a failed response the proxy answers 502 whatever the error.
uint16_t StatusOf(ParseError error);

// Short text for logs, e.g. "repeated Content-Length". Never empty.
std::string_view Describe(ParseError error);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H1_ERROR_H_
