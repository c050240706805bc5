// Fetches of the request line, the URL and its parameters, the status line and captures.
// Source: HAProxy configuration manual, section 7.3.6.
#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

Sample TextOrNone(std::string_view text) { return text.empty() ? Sample() : Sample::Text(text); }

// The path; nothing in the asterisk and authority forms.
std::string_view PathOf(const TxnContext& context) {
  std::string_view path = context.request->path();
  return path.starts_with('/') ? path : std::string_view();
}

std::string_view PathAndQueryOf(const TxnContext& context) {
  std::string_view text = context.request->path_and_query();
  return text.starts_with('/') ? text : std::string_view();
}

std::string_view HostOf(const TxnContext& context) {
  const http::Header* host = context.request->headers.Find(http::HeaderId::kHost);
  return host != nullptr ? host->value : std::string_view();
}

Sample Method(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return context.request != nullptr ? Sample::Text(context.request->method) : Sample();
}

Sample Path(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return context.request != nullptr ? TextOrNone(PathOf(context)) : Sample();
}

Sample PathQ(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return context.request != nullptr ? TextOrNone(PathAndQueryOf(context)) : Sample();
}

// Empty but found when a question mark ends the target.
Sample Query(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  std::string_view target = context.request->target;
  size_t mark = target.find('?');
  return mark != std::string_view::npos ? Sample::Text(target.substr(mark + 1)) : Sample();
}

// Over HTTP/2 in the absolute form, put together of the pseudo-fields.
Sample Url(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  const std::string_view target = context.request->target;
  if (context.http_major != 2 || !target.starts_with('/')) return Sample::Text(target);
  const std::string_view scheme = context.is_ssl ? "https://" : "http://";
  return Sample::Text(context.arena->Concat({scheme, HostOf(context), target}));
}

Sample Base(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  return TextOrNone(context.arena->Concat({HostOf(context), PathOf(context)}));
}

Sample BaseQ(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  return TextOrNone(context.arena->Concat({HostOf(context), PathAndQueryOf(context)}));
}

Sample FirstRequest(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Bool(context.is_first_request);
}

std::string_view VersionNumber(uint8_t minor) { return minor == 0 ? "1.0" : "1.1"; }
std::string_view VersionText(uint8_t minor) { return minor == 0 ? "HTTP/1.0" : "HTTP/1.1"; }

Sample RequestVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  return Sample::Text(context.http_major == 2 ? "2.0"
                                              : VersionNumber(context.request->version_minor));
}

Sample ResponseVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.response == nullptr) return Sample();
  return Sample::Text(VersionNumber(context.response->version_minor));
}

Sample Status(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return context.response != nullptr ? Sample::Int(context.response->status) : Sample();
}

// The parameter that starts at `offset` of `text`: "name=value" up to '&', ';' or `delimiter`.
// Parameters without '=' are passed over. args: name (empty: any), delimiter.
Sample NextParam(std::string_view text, const ProgramArgs& args, size_t* offset) {
  char stops[] = {'&', ';', args.has(1) ? args.text[1][0] : '&'};
  while (*offset < text.size()) {
    size_t end = text.find_first_of({stops, sizeof(stops)}, *offset);
    if (end == std::string_view::npos) end = text.size();
    std::string_view param = text.substr(*offset, end - *offset);
    *offset = end + 1;
    size_t equals = param.find('=');
    if (equals == std::string_view::npos) continue;
    if (args.has(0) && param.substr(0, equals) != args.text[0]) continue;
    return Sample::Text(param.substr(equals + 1));
  }
  return Sample();
}

Sample UrlParam(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  if (context.request == nullptr) return Sample();
  std::string_view target = context.request->target;
  size_t mark = target.find(args.has(1) ? args.text[1][0] : '?');
  if (mark == std::string_view::npos) return Sample();
  std::string_view params = target.substr(mark + 1);
  size_t offset = cursor != nullptr ? cursor->offset : 0;
  Sample value = NextParam(params, args, &offset);
  if (cursor != nullptr) {
    cursor->offset = offset;
    cursor->has_more = value.has_value();
  }
  return value;
}

Sample UrlParamNumber(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  Sample value = UrlParam(args, context, cursor);
  if (!value.has_value()) return value;
  return Sample::Int(value.ToInt().value_or(0));
}

// What has come of the request's body; nothing where there are no messages.
std::optional<std::string_view> RequestBodyOf(const TxnContext& context) {
  if (context.request == nullptr || context.bodies == nullptr) return std::nullopt;
  return context.bodies->RequestBody();
}

std::optional<std::string_view> ResponseBodyOf(const TxnContext& context) {
  if (context.response == nullptr || context.bodies == nullptr) return std::nullopt;
  return context.bodies->ResponseBody();
}

Sample BytesOrNone(std::optional<std::string_view> body) {
  return body.has_value() ? Sample::Bytes(*body) : Sample();
}

Sample LengthOrNone(std::optional<std::string_view> body) {
  return body.has_value() ? Sample::Int(static_cast<int64_t>(body->size())) : Sample();
}

Sample RequestBody(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return BytesOrNone(RequestBodyOf(context));
}
Sample ResponseBody(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return BytesOrNone(ResponseBodyOf(context));
}
Sample RequestBodyLength(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return LengthOrNone(RequestBodyOf(context));
}
Sample ResponseBodyLength(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return LengthOrNone(ResponseBodyOf(context));
}

// As announced; without a Content-Length, what has come.
Sample RequestBodySize(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.request == nullptr) return Sample();
  if (context.request->framing != http::Framing::kLength)
    return LengthOrNone(RequestBodyOf(context));
  return Sample::Int(static_cast<int64_t>(context.request->content_length));
}
Sample ResponseBodySize(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.response == nullptr) return Sample();
  if (context.response->framing != http::Framing::kLength) {
    return LengthOrNone(ResponseBodyOf(context));
  }
  return Sample::Int(static_cast<int64_t>(context.response->content_length));
}

Sample BodyParam(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  const std::optional<std::string_view> body = RequestBodyOf(context);
  if (!body.has_value()) return Sample();
  size_t offset = cursor != nullptr ? cursor->offset : 0;
  Sample value = NextParam(*body, args, &offset);
  if (cursor != nullptr) {
    cursor->offset = offset;
    cursor->has_more = value.has_value();
  }
  return value;
}

Sample UniqueId(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return TextOrNone(context.unique_id);
}

Sample Captured(const std::vector<std::string_view>& slots, int64_t slot) {
  if (slot < 0 || static_cast<uint64_t>(slot) >= slots.size()) return Sample();
  std::string_view text = slots[static_cast<size_t>(slot)];
  return text.data() != nullptr ? Sample::Text(text) : Sample();
}

Sample CapturedRequestHeader(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  return Captured(context.request_captures, args.number[0]);
}

Sample CapturedResponseHeader(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  return Captured(context.response_captures, args.number[0]);
}

Sample CapturedMethod(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return TextOrNone(context.request_line.substr(0, context.request_line.find(' ')));
}

// From the first slash of the target's path on.
Sample CapturedUri(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  std::string_view line = context.request_line;
  size_t start = line.find(' ');
  if (start == std::string_view::npos) return Sample();
  std::string_view target = line.substr(start + 1);
  target = target.substr(0, target.find(' '));
  size_t scheme = target.find("://");
  size_t path = target.find(
      '/', target.starts_with('/') || scheme == std::string_view::npos ? 0 : scheme + 3);
  return path != std::string_view::npos ? Sample::Text(target.substr(path)) : Sample();
}

Sample CapturedRequestVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  size_t space = context.request_line.rfind(' ');
  if (space == std::string_view::npos) return Sample();
  return TextOrNone(context.request_line.substr(space + 1));
}

Sample CapturedResponseVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (context.response == nullptr) return Sample();
  return Sample::Text(VersionText(context.response->version_minor));
}

constexpr NamedFetch kMessageFetches[] = {
    {"base", Base},
    {"baseq", BaseQ},
    {"capture.req.hdr", CapturedRequestHeader},
    {"capture.req.method", CapturedMethod},
    {"capture.req.uri", CapturedUri},
    {"capture.req.ver", CapturedRequestVersion},
    {"capture.res.hdr", CapturedResponseHeader},
    {"capture.res.ver", CapturedResponseVersion},
    {"http_first_req", FirstRequest},
    {"method", Method},
    {"path", Path},
    {"pathq", PathQ},
    {"query", Query},
    {"req.body", RequestBody},
    {"req.body_len", RequestBodyLength},
    {"req.body_param", BodyParam},
    {"req.body_size", RequestBodySize},
    {"req.ver", RequestVersion},
    {"res.body", ResponseBody},
    {"res.body_len", ResponseBodyLength},
    {"res.body_size", ResponseBodySize},
    {"res.ver", ResponseVersion},
    {"status", Status},
    {"unique-id", UniqueId},
    {"url", Url},
    {"urlp", UrlParam},
    {"urlp_val", UrlParamNumber},
};

}  // namespace

std::span<const NamedFetch> MessageFetches() { return kMessageFetches; }

}  // namespace lb::rules
