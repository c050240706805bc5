// HTTP/2 header lists to and from the one internal message form. Pure.
//
// H2HeadReader takes the fields of one header block, in order, and makes a head of them. It trusts
// what nghttp2 has checked (pseudo-fields: which, once, first; names in lower case; no field that
// belongs to a connection; TE; characters) and checks the rest.
// The Write functions make the fields of a head.
//
// One connection has one reader: header blocks are never interleaved (RFC 9113 section 4.3).
// Source: RFC 9113 sections 8.2, 8.3 and 8.5; RFC 8441.
#ifndef LB_DATAPLANE_HTTP_H2_HEAD_H_
#define LB_DATAPLANE_HTTP_H2_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/h1_error.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/message.h"

namespace lb::http {

class H2HeadReader {
 public:
  enum class Kind : uint8_t { kRequest, kResponse, kTrailers };

  // Begins a block. Texts are copied into `arena`; the fields go to `headers`, which is cleared.
  void Begin(Kind kind, const Limits& limits, Arena* arena, HeaderList* headers);

  // The next field. False: the block is many times over the limits and not worth decoding further.
  bool Add(std::string_view name, std::string_view value);

  // The block is complete. `ends_stream`: nothing follows it. `headers` of Begin() must be those of
  // the head.
  //
  // A CONNECT keeps its authority as the target. An extended CONNECT to a WebSocket becomes what an
  // HTTP/1.1 client would have sent: GET, Upgrade, and a key made from `key_seed`.
  ParseError FinishRequest(bool ends_stream, uint64_t key_seed, RequestHead* head);
  // `is_websocket`: an answer to an extended CONNECT, whose 200 becomes the 101 that an HTTP/1.1
  // client waits for, except for its Sec-WebSocket-Accept.
  ParseError FinishResponse(bool ends_stream, const RequestContext& request, bool is_websocket,
                            ResponseHead* head);
  ParseError FinishTrailers();
  // "name: value" of the first field that was wrong by itself; empty: none was.
  const std::string& wrong_field() const { return wrong_field_; }

  // Of the block, as an HTTP/1.x head counts them.
  size_t bytes() const { return bytes_; }

 private:
  void AddPseudo(std::string_view name, std::string_view value);
  void AddField(std::string_view name, std::string_view value);
  void JoinCookies();
  ParseError ReadLength(Framing* framing, uint64_t* length) const;
  ParseError ReadTarget(uint64_t key_seed, RequestHead* head);

  Kind kind_ = Kind::kRequest;
  Limits limits_;
  Arena* arena_ = nullptr;
  HeaderList* headers_ = nullptr;
  size_t bytes_ = 0;
  size_t count_ = 0;
  ParseError error_ = ParseError::kNone;
  std::string_view method_, scheme_, authority_, path_, protocol_, status_;
  std::string_view host_;
  bool has_host_ = false;
  bool has_authority_ = false;
  bool has_length_ = false;
  std::string_view length_;
  bool expects_continue_ = false;
  std::vector<std::string_view> cookies_;
  std::string wrong_field_;
};

// A field as it goes out. Borrowed texts; names in any case (nghttp2 lowers them).
struct H2Field {
  std::string_view name;
  std::string_view value;
};

// The fields of one head, with room for the numbers among them. Reused for the next.
struct H2FieldList {
  std::vector<H2Field> fields;
  std::string path;
  char status[4];
  char length[24];
};

// `scheme`: "http" or "https".
void WriteH2Request(const RequestHead& head, std::string_view scheme, H2FieldList* out);
// `is_websocket`: the answer to an extended CONNECT; its 101 becomes a 200.
void WriteH2Response(const ResponseHead& head, const RequestContext& request, bool is_websocket,
                     H2FieldList* out);
// Fields that may not stand in trailers are left out.
void WriteH2Trailers(const HeaderList& trailers, H2FieldList* out);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_HEAD_H_
