// Writes HTTP/1.1 message heads and chunk framing. Pure; thread-safe (no state).
//
//   RemoveHopByHop(&request.headers, UpgradeField::kRemove);  // before the rules
//   FramingPlan plan = PlanRequest(request, ConnectionField::kAbsent);
//   char* out = buffer.Reserve(RequestHeadBytes(request));
//   size_t bytes = WriteRequestHead(request, plan, out);
//
// The plan alone decides about Connection, Keep-Alive, Content-Length and Transfer-Encoding: such
// fields of the head are written only where they say what the plan says, and are added otherwise.
// Source: RFC 9112 sections 2-3, 6, 9; RFC 9110 section 7.6.1.
#ifndef LB_DATAPLANE_HTTP_H1_SERIALIZER_H_
#define LB_DATAPLANE_HTTP_H1_SERIALIZER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/http/case_map.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/message.h"

namespace lb::http {

// What the Connection field of a written head says.
enum class ConnectionField : uint8_t {
  kAbsent,     // the version's own default: HTTP/1.1 stays open
  kKeepAlive,  // for an HTTP/1.0 client
  kClose,
  kUpgrade,  // "Connection: upgrade"; the Upgrade field is kept
};

struct FramingPlan {
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;  // kLength
  ConnectionField connection = ConnectionField::kAbsent;
  // Responses without a body to HEAD, and 304: Content-Length and Transfer-Encoding are written as
  // the head has them, for they speak of the body that a GET would have brought.
  bool keep_length_fields = false;
  const CaseMap* case_map = nullptr;  // the case of names; null: as they are in the head
};

// What may remain of the connection between the client and the proxy after this exchange, and what
// the client can read.
struct ClientSide {
  uint8_t version_minor = 1;
  bool keep_alive = true;     // the request's wish
  bool may_stay_open = true;  // the proxy's: false with httpclose, while draining, after errors
};

// A request as it goes to a server: framed as received. `connection` is what the proxy wants of the
// server's connection; kAbsent becomes kKeepAlive for an HTTP/1.0 request, as HAProxy does.
FramingPlan PlanRequest(const RequestHead& request, ConnectionField connection);

// A response as it goes to the client. Framing that the client cannot read becomes kUntilClose (a
// chunked response to HTTP/1.0), and ends the connection. Of informational responses too.
FramingPlan PlanResponse(const ResponseHead& response, const RequestContext& context,
                         const ClientSide& client);
// Whether the client's connection can carry another request after a final response sent so.
bool StaysOpen(const FramingPlan& plan);

// Removes what belongs to one connection only: Connection and the fields it lists, Keep-Alive,
// Proxy-Connection, TE (a "trailers" member stays, as "TE: trailers"), and Upgrade unless it is to
// be kept. A sender cannot have Host, Cookie, Authorization, X-Forwarded-For, Content-Length,
// Transfer-Encoding or Trailer removed by listing them. Transfer-Encoding is left to the plan.
enum class UpgradeField : uint8_t { kRemove, kKeep };
void RemoveHopByHop(HeaderList* headers, UpgradeField upgrade);

// Upper bounds of what the Write functions below write.
size_t RequestHeadBytes(const RequestHead& head);
size_t ResponseHeadBytes(const ResponseHead& head);

// Write the head, with the empty line, at `out`, which has room for the bound above. Return the
// number of bytes written. A request goes out with the version it came with: an HTTP/1.0 request
// may lack the Host that HTTP/1.1 demands. A response always goes out as HTTP/1.1.
size_t WriteRequestHead(const RequestHead& head, const FramingPlan& plan, char* out);
size_t WriteResponseHead(const ResponseHead& head, const FramingPlan& plan, char* out);

// The same at the end of a string.
void AppendRequestHead(const RequestHead& head, const FramingPlan& plan, std::string* out);
void AppendResponseHead(const ResponseHead& head, const FramingPlan& plan, std::string* out);

// Chunked bodies: each piece is WriteChunkHeader, the bytes, kChunkEnd; after the last one
// kLastChunk, the trailers if any, and an empty line: AppendLastChunk writes all of that.
inline constexpr size_t kMaxChunkHeaderBytes = 18;  // 16 digits and CRLF
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";  // without trailers
// `size` above 0. Returns the number of bytes written at `out`, at most kMaxChunkHeaderBytes.
size_t WriteChunkHeader(char* out, uint64_t size);
// `case_map` as FramingPlan's.
void AppendLastChunk(const HeaderList& trailers, std::string* out,
                     const CaseMap* case_map = nullptr);

// The registered phrase of a status ("Not Found"); for one that has none, that of its class.
std::string_view ReasonPhrase(uint16_t status);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H1_SERIALIZER_H_
