// HeadParser: incremental parser of HTTP/1.x message heads. Pure: no I/O, no clock, and no
// allocation but the HeaderList's own growth. One per connection and direction; not thread-safe.
//
//   HeadParser parser;
//   ParseResult result = parser.ParseRequest(buffer.readable(), limits, &head);
//   switch (result.outcome) {
//     case ParseResult::kNeedMore:  // read more behind these bytes, call again with all of them
//     case ParseResult::kDone:      // head is filled; the body starts at result.consumed
//     case ParseResult::kError:     // answer StatusOf(result.error) and close
//   }
//
// The outcome does not depend on how the bytes were split over calls. An error is told as soon as
// the bytes that prove it are there.
//
// Source: RFC 9112 sections 2-6 and 9.3. Deviations, all towards strictness unless the parser is
// lenient: a bare LF does not end a line (2.2 permits it), obs-fold is refused also in responses
// (5.2), any repeated or list-valued Content-Length is refused (6.3 permits identical values), no
// coding but "chunked" (7).
#ifndef LB_DATAPLANE_HTTP_H1_PARSER_H_
#define LB_DATAPLANE_HTTP_H1_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/http/h1_error.h"
#include "dataplane/http/message.h"

namespace lb::http {

struct Limits {
  // Of a whole head, with the empty line. HAProxy: tune.bufsize less tune.maxrewrite.
  size_t max_head_bytes = 16384 - 1024;
  // HAProxy: tune.http.maxhdr, which counts the start line as well.
  size_t max_headers = 100;
  // Of a chunk's size line with its extensions, and of all trailer fields together.
  size_t max_chunk_line_bytes = 1024;
  size_t max_trailer_bytes = 8192;
};

struct ParseResult {
  enum Outcome : uint8_t { kNeedMore, kDone, kError };
  Outcome outcome = kNeedMore;
  ParseError error = ParseError::kNone;  // kError only
  size_t consumed = 0;                   // kDone: bytes of the head, with skipped empty lines
  size_t position = 0;                   // kError: Fault::position in the bytes
};

// What a response's framing depends on besides itself (RFC 9112 section 6.3).
struct RequestContext {
  bool is_head = false;
  bool is_connect = false;
  bool wants_upgrade = false;    // whether a 101 is an answer to what was asked
  bool wants_websocket = false;  // whether it has to be one to a WebSocket

  // Of the head as it was sent to the server.
  static RequestContext Of(const RequestHead& request);
};

class HeadParser {
 public:
  // `bytes` begins at the first byte of the message and holds everything received so far: each call
  // passes the bytes of the call before and what came since. Work already done is not repeated,
  // unless the bytes moved to another address meanwhile. The head's texts are views into `bytes`
  // and are complete after kDone only. `head` and `limits` stay the same from call to call; the
  // head needs no Clear() by the caller.
  // After kDone or kError the next call begins a new message.
  // Empty lines before the request line are skipped (RFC 9112 section 2.2).
  ParseResult ParseRequest(std::string_view bytes, const Limits& limits, RequestHead* head);

  // The same for a response. An informational response (1xx) is one message of its own: after
  // kDone with head->is_informational() and not 101, call again with the bytes behind it.
  ParseResult ParseResponse(std::string_view bytes, const Limits& limits,
                            const RequestContext& context, ResponseHead* head);

  // Accepts what a buggy peer may send in spite of RFC 9112, where it cannot change how the message
  // is framed: in names, the visible characters that are no token's and bytes from 0x80 up; in
  // targets, such bytes and fragments; versions with more digits, and a GET without any, which are
  // read as HTTP/1.0. Never: blanks, control characters and NUL, lone CR or LF, folded lines,
  // anything about lengths and codings. What was accepted so sets the head's `has_violations`.
  // Source: HAProxy configuration manual, "option accept-invalid-http-request|response".
  void set_lenient(bool lenient) { is_lenient_ = lenient; }

  // Forgets a message begun: the next call begins a new one.
  void Reset() { phase_ = Phase::kIdle; }

  // Whether anything but empty lines of a message was seen since the last one ended: tells an idle
  // keep-alive connection from one that is in the middle of a head.
  bool in_message() const { return phase_ > Phase::kEmptyLines; }

 private:
  // Where the scan stands: first of the start line, then of the fields.
  enum class Phase : uint8_t {
    kIdle,
    kEmptyLines,
    kMethod,
    kTarget,
    kVersion,        // of a request, with the line's end
    kStatusVersion,  // and the status
    kReason,
    kFieldStart,
    kFieldName,
    kFieldBlank,
    kFieldValue,
    kLastLf,
  };

  // What a scan over some bytes came to.
  enum class Scan : uint8_t { kComplete, kMore, kFailed };

  // The scan of one call: pointers into the bytes.
  struct Cursor {
    const char* at;
    const char* token;  // where the text being scanned begins
    const char* end;
    ParseError error;
  };

  // Where to go on, of bytes cut to the limit.
  Cursor Resume(std::string_view bytes, const Limits& limits, Phase first_phase);
  // Scans into `*head`; of its kind, the first line.
  Scan RequestLine(Cursor* cursor, RequestHead* head);
  Scan StatusLine(Cursor* cursor, ResponseHead* head);
  Scan Reason(Cursor* cursor, ResponseHead* head);
  Scan Fields(Cursor* cursor, const Limits& limits, HeaderList* headers);
  // Turns how the scan ended into the result; `finish()` checks the complete head.
  template <typename Head, typename Finish>
  ParseResult Conclude(Scan scan, const Cursor& cursor, std::string_view bytes,
                       const Limits& limits, const Head& head, Finish finish);
  // What only a lenient parser accepts, from where a strict one stops. The first returns `at` when
  // there is nothing of the kind, the others scan to behind the line and to behind the status.
  const char* SkipLenient(const char* at, const char* end, Phase phase);
  Scan LenientVersion(Cursor* cursor, RequestHead* head);
  Scan LenientStatus(Cursor* cursor, ResponseHead* head);
  // The scan stops at the cursor, in `phase`, for want of bytes.
  Scan Pause(Phase phase);

  bool is_lenient_ = false;
  bool has_violations_ = false;  // in the message being scanned
  Phase phase_ = Phase::kIdle;
  const char* base_ = nullptr;  // address of the bytes of the last call
  size_t scanned_ = 0;          // offset at which the scan goes on
  size_t token_ = 0;            // offset at which the text being scanned began
  std::string_view name_;       // of the field being scanned
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H1_PARSER_H_
