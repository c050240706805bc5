#include "dataplane/http/h2_head.h"

#include <charconv>

#include "dataplane/http/field_list.h"
#include "dataplane/http/h1_framing.h"
#include "dataplane/http/h1_serializer.h"
#include "dataplane/http/target.h"
#include "dataplane/http/validation.h"
#include "dataplane/http/websocket.h"

namespace lb::http {
namespace {

// What a field counts besides its texts, as in an HTTP/1.x head: ": " and CRLF.
constexpr size_t kFieldOverhead = 4;
// A block this many times over the limit is not decoded to its end.
constexpr size_t kBombFactor = 8;

constexpr std::string_view kWebSocket = "websocket";

// Whether Host and :authority name the same.
bool SameHost(std::string_view scheme, std::string_view authority, std::string_view host) {
  if (EqualsIgnoreCase(authority, host)) return true;
  Authority a;
  Authority b;
  if (!ParseAuthority(authority, &a) || !ParseAuthority(host, &b)) return false;
  const std::string_view usual = scheme == "https" ? "443" : "80";
  return EqualsIgnoreCase(a.host, b.host) &&
         (a.port.empty() ? usual : a.port) == (b.port.empty() ? usual : b.port);
}

bool IsBodiless(uint16_t status, const RequestContext& request) {
  return request.is_head || status == 204 || status == 304;
}

// Fields of one connection, which HTTP/2 has no use for.
bool IsConnectionField(HeaderId id) {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade:
      return true;
    default:
      return false;
  }
}

std::string_view PutDigits(uint64_t number, char* space, size_t room) {
  return {space, static_cast<size_t>(std::to_chars(space, space + room, number).ptr - space)};
}

// The :authority of a request: Host, else what an absolute-form target names (RFC 9113 section
// 8.3.1).
std::string_view AuthorityOf(const RequestHead& head) {
  if (head.method == "CONNECT") return head.target;
  const Header* host = head.headers.Find(HeaderId::kHost);
  return host != nullptr ? host->value : head.authority();
}

// The :path, which is never empty and begins with a slash, but for the asterisk of OPTIONS.
std::string_view PathOf(const RequestHead& head, std::string* space) {
  const std::string_view path = head.path_and_query();
  if (path.empty()) return head.method == "OPTIONS" ? "*" : "/";
  if (path[0] != '?') return path;
  space->assign("/").append(path);
  return *space;
}

}  // namespace

void H2HeadReader::Begin(Kind kind, const Limits& limits, Arena* arena, HeaderList* headers) {
  kind_ = kind;
  limits_ = limits;
  arena_ = arena;
  headers_ = headers;
  headers_->Clear();
  bytes_ = count_ = 0;
  error_ = ParseError::kNone;
  method_ = scheme_ = authority_ = path_ = protocol_ = status_ = host_ = length_ = {};
  has_host_ = has_authority_ = has_length_ = expects_continue_ = false;
  cookies_.clear();
  wrong_field_.clear();
  // Host comes first, wherever it was, or from :authority.
  if (kind == Kind::kRequest) headers_->Add("host", {}, HeaderId::kHost);
}

bool H2HeadReader::Add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldOverhead;
  ++count_;
  const size_t limit =
      kind_ == Kind::kTrailers ? limits_.max_trailer_bytes : limits_.max_head_bytes;
  if (bytes_ > limit || count_ > limits_.max_headers + 5) {  // up to 5 pseudo-fields
    if (error_ == ParseError::kNone) {
      error_ = bytes_ > limit ? ParseError::kHeadTooLarge : ParseError::kTooManyHeaders;
    }
    return bytes_ <= limit * kBombFactor && count_ <= limits_.max_headers * kBombFactor;
  }
  if (!name.empty() && name[0] == ':') {
    AddPseudo(name, arena_->Copy(value));
  } else {
    AddField(name, value);
  }
  if (error_ != ParseError::kNone && wrong_field_.empty()) {
    wrong_field_.append(name).append(": ").append(value);
  }
  return true;
}

void H2HeadReader::AddPseudo(std::string_view name, std::string_view value) {
  if (name == ":method") {
    method_ = value;
  } else if (name == ":path") {
    path_ = value;
  } else if (name == ":scheme") {
    scheme_ = value;
  } else if (name == ":authority") {
    authority_ = value;
    has_authority_ = true;
  } else if (name == ":protocol") {
    protocol_ = value;
  } else if (name == ":status") {
    status_ = value;
  } else {
    error_ = ParseError::kBadHeaderName;
  }
}

void H2HeadReader::AddField(std::string_view name, std::string_view value) {
  if (!IsHeaderName(name)) error_ = ParseError::kBadHeaderName;
  if (!IsHeaderValue(value) || TrimBlanks(value).size() != value.size()) {
    error_ = ParseError::kBadHeaderValue;
  }
  const HeaderId id = HeaderIdOf(name);
  value = arena_->Copy(value);
  switch (id) {
    case HeaderId::kHost:
      if (kind_ == Kind::kRequest) {
        if (has_host_) error_ = ParseError::kRepeatedHost;
        host_ = value;
        has_host_ = true;
        return;
      }
      break;
    case HeaderId::kCookie:
      if (kind_ == Kind::kRequest) {
        if (value.empty()) return;  // would leave a separator at the end
        cookies_.push_back(value);
        if (cookies_.size() > 1) return;
        headers_->Add("cookie", value, id);
        return;
      }
      break;
    case HeaderId::kContentLength:
      if (has_length_) error_ = ParseError::kRepeatedContentLength;
      length_ = value;
      has_length_ = true;
      break;
    case HeaderId::kExpect:
      expects_continue_ |= ListHasToken(value, "100-continue");
      break;
    case HeaderId::kTe:
      // A field of the connection; requests alone may say this much (RFC 9113 section 8.2.2).
      if (kind_ != Kind::kRequest) error_ = ParseError::kBadHeaderName;
      if (!EqualsIgnoreCase(value, "trailers")) error_ = ParseError::kBadHeaderValue;
      break;
    default:
      if (IsConnectionField(id)) error_ = ParseError::kBadHeaderName;
      break;
  }
  if (kind_ == Kind::kTrailers && IsForbiddenInTrailers(id)) error_ = ParseError::kBadTrailer;
  headers_->Add(arena_->Copy(name), value, id);
}

// A client may send a cookie in pieces, to compress it better (RFC 9113 section 8.2.3).
void H2HeadReader::JoinCookies() {
  if (cookies_.size() < 2) return;
  size_t bytes = 0;
  for (std::string_view crumb : cookies_) bytes += crumb.size() + 2;
  char* start = arena_->Allocate(bytes);
  char* at = start;
  for (std::string_view crumb : cookies_) {
    at += crumb.copy(at, crumb.size());
    *at++ = ';';
    *at++ = ' ';
  }
  for (Header& field : *headers_) {
    if (field.id == HeaderId::kCookie) field.value = {start, bytes - 2};
  }
}

ParseError H2HeadReader::ReadLength(Framing* framing, uint64_t* length) const {
  *framing = Framing::kNone;
  *length = 0;
  if (!has_length_) return ParseError::kNone;
  if (!ParseContentLength(length_, length)) return ParseError::kBadContentLength;
  *framing = Framing::kLength;
  return ParseError::kNone;
}

ParseError H2HeadReader::ReadTarget(uint64_t key_seed, RequestHead* head) {
  const bool is_connect = method_ == "CONNECT";
  if (!IsToken(method_)) return ParseError::kBadMethod;
  if (has_host_ && has_authority_ && !SameHost(scheme_, authority_, host_)) {
    return ParseError::kHostMismatch;
  }
  const std::string_view host = (*headers_)[0].value;
  if (is_connect && protocol_.empty()) {
    head->target = host;
    return CheckTargetAndHost(method_, host, host, /*has_host=*/true);
  }
  if (!EqualsIgnoreCase(scheme_, "http") && !EqualsIgnoreCase(scheme_, "https")) {
    return ParseError::kBadTarget;
  }
  const bool is_asterisk = path_ == "*" && method_ == "OPTIONS";
  if (!IsTarget(path_) || (path_[0] != '/' && !is_asterisk)) return ParseError::kBadTarget;
  head->target = path_;
  if (host.empty()) return ParseError::kMissingHost;
  if (is_connect) {
    // Other protocols would be smuggled through as upgrades that nobody asked for.
    if (!EqualsIgnoreCase(protocol_, kWebSocket)) return ParseError::kBadMethod;
    head->method = "GET";
    head->wants_upgrade = true;
    headers_->Add("upgrade", kWebSocket, HeaderId::kUpgrade);
    if (headers_->Find("sec-websocket-key") == nullptr) {
      headers_->Add("sec-websocket-key", arena_->Copy(WebSocketKey(key_seed)));
    }
  }
  return CheckTargetAndHost(head->method, head->target, host, /*has_host=*/true);
}

ParseError H2HeadReader::FinishRequest(bool ends_stream, uint64_t key_seed, RequestHead* head) {
  head->version_minor = 1;
  head->keep_alive = true;
  head->wants_upgrade = false;
  head->expects_continue = expects_continue_;
  // Known even of a head that is refused, for the log.
  head->method = method_;
  head->target = path_;
  (*headers_)[0].value = has_authority_ ? authority_ : host_;
  if (error_ != ParseError::kNone) return error_;
  if (ParseError error = ReadTarget(key_seed, head); error != ParseError::kNone) return error;
  JoinCookies();
  ParseError error = ReadLength(&head->framing, &head->content_length);
  if (error != ParseError::kNone) return error;
  if (method_ == "CONNECT") {
    // What follows is a tunnel's, or nothing.
    if (has_length_) return ParseError::kBadContentLength;
    return ends_stream ? ParseError::kBadMethod : ParseError::kNone;
  }
  if (!ends_stream && head->framing == Framing::kNone) head->framing = Framing::kChunked;
  head->may_have_trailers = !ends_stream;
  return ParseError::kNone;
}

ParseError H2HeadReader::FinishResponse(bool ends_stream, const RequestContext& request,
                                        bool is_websocket, ResponseHead* head) {
  if (error_ != ParseError::kNone) return error_;
  if (status_.size() != 3 || status_[0] < '1') return ParseError::kBadStatus;
  uint16_t status = 0;
  for (char c : status_) {
    if (!chars::Is(c, chars::kDigit)) return ParseError::kBadStatus;
    status = static_cast<uint16_t>(status * 10 + (c - '0'));
  }
  if (status == 101) return ParseError::kUnexpectedUpgrade;
  head->status = status;
  head->version_minor = 1;
  head->keep_alive = true;
  ParseError error = ReadLength(&head->framing, &head->content_length);
  if (error != ParseError::kNone) return error;
  if (head->is_informational()) {
    if (ends_stream) return ParseError::kBadStatus;
    head->framing = Framing::kNone;
  } else if (is_websocket && status == 200) {
    head->status = 101;
    head->framing = Framing::kTunnel;
    headers_->Add("upgrade", kWebSocket, HeaderId::kUpgrade);
  } else if (request.is_connect && status >= 200 && status < 300) {
    head->framing = Framing::kTunnel;
  } else if (IsBodiless(status, request)) {
    head->framing = Framing::kNone;
  } else if (head->framing == Framing::kNone) {
    head->framing = ends_stream ? Framing::kLength : Framing::kChunked;
    head->is_length_implied = ends_stream;
  }
  head->may_have_trailers = !ends_stream;
  head->reason = ReasonPhrase(head->status);
  return ParseError::kNone;
}

ParseError H2HeadReader::FinishTrailers() { return error_; }

void WriteH2Request(const RequestHead& head, std::string_view scheme, H2FieldList* out) {
  std::vector<H2Field>& fields = out->fields;
  fields.clear();
  const bool is_websocket = IsWebSocketUpgrade(head);
  const bool is_connect = head.method == "CONNECT";
  fields.push_back({":method", is_websocket ? "CONNECT" : head.method});
  if (is_websocket) fields.push_back({":protocol", kWebSocket});
  if (!is_connect) fields.push_back({":scheme", scheme});
  const std::string_view authority = AuthorityOf(head);
  if (!authority.empty()) fields.push_back({":authority", authority});
  if (!is_connect) fields.push_back({":path", PathOf(head, &out->path)});
  for (const Header& field : head.headers) {
    if (field.id == HeaderId::kOther) {
      if (is_websocket && EqualsIgnoreCase(field.name, "sec-websocket-key")) continue;
    } else if (field.id == HeaderId::kHost || field.id == HeaderId::kContentLength ||
               IsConnectionField(field.id)) {
      continue;
    }
    fields.push_back({field.name, field.value});
  }
  if (head.framing == Framing::kLength) {
    fields.push_back(
        {"content-length", PutDigits(head.content_length, out->length, sizeof(out->length))});
  }
}

void WriteH2Response(const ResponseHead& head, const RequestContext& request, bool is_websocket,
                     H2FieldList* out) {
  std::vector<H2Field>& fields = out->fields;
  fields.clear();
  const bool is_switch = is_websocket && head.status == 101;
  const uint16_t status = is_switch ? uint16_t{200} : head.status;
  fields.push_back({":status", PutDigits(status, out->status, sizeof(out->status))});
  const bool keeps_length = head.framing == Framing::kNone && !head.is_informational() &&
                            (request.is_head || head.status == 304);
  for (const Header& field : head.headers) {
    if (field.id == HeaderId::kOther) {
      if (is_switch && EqualsIgnoreCase(field.name, "sec-websocket-accept")) continue;
    } else if (IsConnectionField(field.id) || field.id == HeaderId::kTe ||
               (field.id == HeaderId::kContentLength && !keeps_length)) {
      continue;
    }
    fields.push_back({field.name, field.value});
  }
  if (head.framing == Framing::kLength && !head.is_length_implied) {
    fields.push_back(
        {"content-length", PutDigits(head.content_length, out->length, sizeof(out->length))});
  }
}

void WriteH2Trailers(const HeaderList& trailers, H2FieldList* out) {
  out->fields.clear();
  for (const Header& field : trailers) {
    if (IsForbiddenInTrailers(field.id)) continue;
    out->fields.push_back({field.name, field.value});
  }
}

}  // namespace lb::http
