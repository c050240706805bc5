// Fetches of header fields and cookies, of requests and responses alike.
// Source: HAProxy configuration manual, section 7.3.6.
#include "dataplane/rules/functions.h"
#include "dataplane/rules/header_values.h"

namespace lb::rules {
namespace {

// Which head a fetch looks at.
struct OfRequest {
  static const http::HeaderList* Headers(const TxnContext& context) {
    return context.request != nullptr ? &context.request->headers : nullptr;
  }
  static constexpr std::string_view kCookieField = "cookie";
  static constexpr bool kIsRequest = true;
};
struct OfResponse {
  static const http::HeaderList* Headers(const TxnContext& context) {
    return context.response != nullptr ? &context.response->headers : nullptr;
  }
  static constexpr std::string_view kCookieField = "set-cookie";
  static constexpr bool kIsRequest = false;
};

// Walks over the values of the fields named `name` (all fields when empty): whole values, or the
// elements of their comma-separated lists. False at the end; the cursor is then unusable.
bool NextValue(const http::HeaderList& headers, std::string_view name, bool splits,
               FetchCursor* cursor, std::string_view* value) {
  for (; cursor->field < headers.size(); ++cursor->field, cursor->offset = 0) {
    const http::Header& header = headers[cursor->field];
    if (!name.empty() && !http::EqualsIgnoreCase(header.name, name)) continue;
    if (!splits) {
      *value = header.value;
      ++cursor->field;
      return true;
    }
    if (cursor->offset == std::string_view::npos) continue;
    *value = NextListElement(header.value, &cursor->offset);
    return true;
  }
  return false;
}

// The value at `occurrence`: from 1 from the front, from -1 from the back.
std::optional<std::string_view> ValueAt(const http::HeaderList& headers, std::string_view name,
                                        bool splits, int64_t occurrence) {
  FetchCursor cursor;
  std::string_view value;
  if (occurrence > 0) {
    while (NextValue(headers, name, splits, &cursor, &value)) {
      if (--occurrence == 0) return value;
    }
    return std::nullopt;
  }
  int64_t total = 0;
  while (NextValue(headers, name, splits, &cursor, &value)) ++total;
  if (total + occurrence < 0) return std::nullopt;
  return ValueAt(headers, name, splits, total + occurrence + 1);
}

// args: name, occurrence.
template <typename Side, bool kSplits>
std::optional<std::string_view> HeaderText(const ProgramArgs& args, TxnContext& context,
                                           FetchCursor* cursor) {
  const http::HeaderList* headers = Side::Headers(context);
  if (headers == nullptr) return std::nullopt;
  bool has_occurrence = args.has(1) && args.number[1] != 0;
  if (cursor != nullptr && !has_occurrence) {
    std::string_view value;
    cursor->has_more = NextValue(*headers, args.text[0], kSplits, cursor, &value);
    if (!cursor->has_more) return std::nullopt;
    return value;
  }
  if (args.text[0].empty()) return std::nullopt;
  return ValueAt(*headers, args.text[0], kSplits, has_occurrence ? args.number[1] : -1);
}

template <typename Side, bool kSplits>
Sample Header(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  std::optional<std::string_view> value = HeaderText<Side, kSplits>(args, context, cursor);
  return value.has_value() ? Sample::Text(*value) : Sample();
}

template <typename Side>
Sample HeaderNumber(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  Sample value = Header<Side, /*kSplits=*/true>(args, context, cursor);
  std::optional<int64_t> number = value.ToInt();
  if (!number.has_value()) return value.has_value() ? Sample::Int(0) : Sample();
  return Sample::Int(*number);
}

// "1.2.3.4", "1.2.3.4:80" and "::1"; anything else is no address.
Sample ParseForwardedIp(std::string_view text) {
  size_t colon = text.find(':');
  bool has_port = colon != std::string_view::npos && text.find(':', colon + 1) == text.npos;
  if (has_port) {
    std::string_view port = text.substr(colon + 1);
    uint32_t number = 0;
    for (char c : port) {
      if (c < '0' || c > '9') return Sample();
      number = number * 10 + static_cast<uint32_t>(c - '0');
      if (number > 65535) return Sample();
    }
    if (port.empty()) return Sample();
    text = text.substr(0, colon);
  }
  std::optional<IpAddress> ip = IpAddress::Parse(text);
  return ip.has_value() ? Sample::Ip(*ip) : Sample();
}

template <typename Side>
Sample HeaderIp(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  std::optional<std::string_view> value = HeaderText<Side, true>(args, context, cursor);
  return value.has_value() ? ParseForwardedIp(*value) : Sample();
}

template <typename Side, bool kSplits>
Sample HeaderCount(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  const http::HeaderList* headers = Side::Headers(context);
  if (headers == nullptr) return Sample();
  int64_t count = 0;
  FetchCursor walk;
  std::string_view value;
  while (NextValue(*headers, args.text[0], kSplits, &walk, &value)) ++count;
  return Sample::Int(count);
}

template <typename Side>
Sample HeaderNames(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  const http::HeaderList* headers = Side::Headers(context);
  if (headers == nullptr) return Sample();
  char delimiter = args.has(0) ? args.text[0][0] : ',';
  size_t bytes = 0;
  for (const http::Header& header : *headers) bytes += header.name.size() + 1;
  if (bytes == 0) return Sample::Text("");
  char* start = context.arena->Allocate(bytes);
  char* at = start;
  for (const http::Header& header : *headers) {
    at = std::copy(header.name.begin(), header.name.end(), at);
    *at++ = delimiter;
  }
  return Sample::Text({start, bytes - 1});
}

// Walks over all cookies of the message. The cursor's `field` is the current field.
template <typename Side>
std::optional<Cookie> NextCookieOf(const http::HeaderList& headers, FetchCursor* cursor) {
  for (; cursor->field < headers.size(); ++cursor->field, cursor->offset = 0) {
    const http::Header& header = headers[cursor->field];
    if (!http::EqualsIgnoreCase(header.name, Side::kCookieField)) continue;
    if constexpr (Side::kIsRequest) {
      if (std::optional<Cookie> cookie = NextCookie(header.value, &cursor->offset)) return cookie;
    } else if (cursor->offset == 0) {
      cursor->offset = 1;
      if (std::optional<Cookie> cookie = ParseSetCookie(header.value)) return cookie;
    }
  }
  return std::nullopt;
}

template <typename Side>
Sample CookieValue(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  const http::HeaderList* headers = Side::Headers(context);
  if (headers == nullptr) return Sample();
  FetchCursor whole;
  FetchCursor* walk = cursor != nullptr ? cursor : &whole;
  Sample found;
  while (std::optional<Cookie> cookie = NextCookieOf<Side>(*headers, walk)) {
    if (args.has(0) && cookie->name != args.text[0]) continue;
    found = Sample::Text(cookie->value);
    walk->has_more = true;
    // A name stands for its last occurrence, no name for the first cookie.
    if (cursor != nullptr || !args.has(0)) return found;
  }
  walk->has_more = false;
  return found;
}

template <typename Side>
Sample CookieNumber(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor) {
  Sample value = CookieValue<Side>(args, context, cursor);
  if (!value.has_value()) return value;
  return Sample::Int(value.ToInt().value_or(0));
}

template <typename Side>
Sample CookieCount(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  const http::HeaderList* headers = Side::Headers(context);
  if (headers == nullptr) return Sample();
  int64_t count = 0;
  FetchCursor walk;
  while (std::optional<Cookie> cookie = NextCookieOf<Side>(*headers, &walk)) {
    if (!args.has(0) || cookie->name == args.text[0]) ++count;
  }
  return Sample::Int(count);
}

constexpr NamedFetch kHeaderFetches[] = {
    {"req.cook", CookieValue<OfRequest>},
    {"req.cook_cnt", CookieCount<OfRequest>},
    {"req.cook_val", CookieNumber<OfRequest>},
    {"req.fhdr", Header<OfRequest, false>},
    {"req.fhdr_cnt", HeaderCount<OfRequest, false>},
    {"req.hdr", Header<OfRequest, true>},
    {"req.hdr_cnt", HeaderCount<OfRequest, true>},
    {"req.hdr_ip", HeaderIp<OfRequest>},
    {"req.hdr_names", HeaderNames<OfRequest>},
    {"req.hdr_val", HeaderNumber<OfRequest>},
    {"res.cook", CookieValue<OfResponse>},
    {"res.cook_cnt", CookieCount<OfResponse>},
    {"res.cook_val", CookieNumber<OfResponse>},
    {"res.fhdr", Header<OfResponse, false>},
    {"res.fhdr_cnt", HeaderCount<OfResponse, false>},
    {"res.hdr", Header<OfResponse, true>},
    {"res.hdr_cnt", HeaderCount<OfResponse, true>},
    {"res.hdr_ip", HeaderIp<OfResponse>},
    {"res.hdr_names", HeaderNames<OfResponse>},
    {"res.hdr_val", HeaderNumber<OfResponse>},
};

}  // namespace

std::span<const NamedFetch> HeaderFetches() { return kHeaderFetches; }

}  // namespace lb::rules
