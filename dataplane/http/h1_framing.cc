#include "dataplane/http/h1_framing.h"

#include <limits>

#include "dataplane/http/field_list.h"
#include "dataplane/http/target.h"
#include "dataplane/http/validation.h"
#include "dataplane/http/websocket.h"

namespace lb::http {

namespace {

// The fields with a meaning for the connection, collected in one pass.
struct Facts {
  const Header* host = nullptr;
  const Header* content_length = nullptr;
  const Header* transfer_encoding = nullptr;
  const Header* expect = nullptr;
  bool repeated_host = false;
  bool repeated_content_length = false;
  bool repeated_transfer_encoding = false;
  bool has_upgrade = false;
  bool upgrades_to_h2c = false;
  bool upgrades_to_websocket = false;
  // Members of Connection.
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};

void ReadConnectionOption(std::string_view option, Facts* facts) {
  if (EqualsIgnoreCase(option, "keep-alive")) {
    facts->keep_alive = true;
  } else if (EqualsIgnoreCase(option, "close")) {
    facts->close = true;
  } else if (EqualsIgnoreCase(option, "upgrade")) {
    facts->upgrade = true;
  }
}

void ReadConnection(std::string_view value, Facts* facts) {
  if (value.find(',') == std::string_view::npos) {  // nearly always
    ReadConnectionOption(value, facts);
    return;
  }
  for (std::string_view option : ListMembers(value)) ReadConnectionOption(option, facts);
}

// Keeps the first field in `*slot`.
void Note(const Header& field, const Header** slot, bool* repeated) {
  if (*slot == nullptr) {
    *slot = &field;
  } else {
    *repeated = true;
  }
}

Facts Collect(const HeaderList& headers) {
  Facts facts;
  for (const Header& field : headers) {
    switch (field.id) {
      case HeaderId::kHost:
        Note(field, &facts.host, &facts.repeated_host);
        break;
      case HeaderId::kContentLength:
        Note(field, &facts.content_length, &facts.repeated_content_length);
        break;
      case HeaderId::kTransferEncoding:
        Note(field, &facts.transfer_encoding, &facts.repeated_transfer_encoding);
        break;
      case HeaderId::kConnection:
        ReadConnection(field.value, &facts);
        break;
      case HeaderId::kExpect:
        facts.expect = &field;
        break;
      case HeaderId::kUpgrade:
        facts.has_upgrade = true;
        facts.upgrades_to_h2c |= ListHasToken(field.value, "h2c");
        facts.upgrades_to_websocket |= EqualsIgnoreCase(field.value, "websocket");
        break;
      default:
        break;
    }
  }
  return facts;
}

ParseError CheckTransferEncoding(const Facts& facts) {
  // "chunked" in a second field would be the last coding of a list that spans both.
  if (facts.repeated_transfer_encoding) return ParseError::kBadTransferEncoding;
  std::string_view value = facts.transfer_encoding->value;
  if (EqualsIgnoreCase(value, "chunked")) return ParseError::kNone;
  size_t members = 0;
  size_t chunked = 0;
  bool chunked_is_last = false;
  for (std::string_view coding : ListMembers(value)) {
    ++members;
    chunked_is_last = EqualsIgnoreCase(coding, "chunked");
    if (chunked_is_last) ++chunked;
  }
  return members > 1 && chunked == 1 && chunked_is_last ? ParseError::kUnsupportedTransferEncoding
                                                        : ParseError::kBadTransferEncoding;
}

// The framing that the length fields ask for; kNone when there are none.
ParseError ReadLengthFields(const Facts& facts, uint8_t version_minor, Framing* framing,
                            uint64_t* content_length) {
  *framing = Framing::kNone;
  *content_length = 0;
  if (facts.repeated_content_length) return ParseError::kRepeatedContentLength;
  if (facts.content_length != nullptr) {
    if (!ParseContentLength(facts.content_length->value, content_length)) {
      return facts.content_length->value.find(',') == std::string_view::npos
                 ? ParseError::kBadContentLength
                 : ParseError::kRepeatedContentLength;
    }
    *framing = Framing::kLength;
  }
  if (facts.transfer_encoding == nullptr) return ParseError::kNone;
  if (facts.content_length != nullptr) return ParseError::kContentLengthWithTransferEncoding;
  if (version_minor == 0) return ParseError::kTransferEncodingInHttp10;
  *framing = Framing::kChunked;
  return CheckTransferEncoding(facts);
}

bool Persists(const Facts& facts, uint8_t version_minor) {
  return !facts.close && (version_minor >= 1 || facts.keep_alive);
}

}  // namespace

ParseError InterpretRequest(RequestHead* head, bool is_lenient) {
  const Facts facts = Collect(head->headers);
  if (facts.repeated_host) return ParseError::kRepeatedHost;
  if (facts.host == nullptr && head->version_minor >= 1) return ParseError::kMissingHost;
  std::string_view target = head->target;
  if (is_lenient && target.starts_with('/')) {
    target = target.substr(0, target.find('#'));
    head->has_violations |= target.size() < head->target.size();
  }
  ParseError error =
      CheckTargetAndHost(head->method, target, facts.host ? facts.host->value : std::string_view(),
                         /*has_host=*/facts.host != nullptr);
  if (error != ParseError::kNone) return error;
  error = ReadLengthFields(facts, head->version_minor, &head->framing, &head->content_length);
  if (error != ParseError::kNone) return error;
  if (head->method == "CONNECT" && head->framing != Framing::kNone) {
    // It has no content (RFC 9110 section 9.3.6): one would read a body, another what a tunnel
    // carries. A length of nought says no more than none.
    if (head->framing == Framing::kChunked) return ParseError::kBadTransferEncoding;
    if (head->content_length > 0) return ParseError::kBadContentLength;
    head->framing = Framing::kNone;
  }
  head->keep_alive = Persists(facts, head->version_minor);
  // A tunnel of HTTP/2 would carry requests past every rule; the offer is not passed on.
  head->wants_upgrade =
      head->version_minor >= 1 && facts.upgrade && facts.has_upgrade && !facts.upgrades_to_h2c;
  head->expects_continue = head->version_minor >= 1 && facts.expect != nullptr &&
                           ListHasToken(facts.expect->value, "100-continue");
  return ParseError::kNone;
}

ParseError InterpretResponse(const RequestContext& context, ResponseHead* head) {
  const Facts facts = Collect(head->headers);
  ParseError error =
      ReadLengthFields(facts, head->version_minor, &head->framing, &head->content_length);
  if (error != ParseError::kNone) return error;
  head->keep_alive = Persists(facts, head->version_minor);
  if (head->status == 101) {
    if (!context.wants_upgrade || !facts.upgrade || !facts.has_upgrade) {
      return ParseError::kUnexpectedUpgrade;
    }
    // To HTTP/2 clients 101 goes out as the 200 that has opened a WebSocket.
    if (context.wants_websocket && !facts.upgrades_to_websocket) {
      return ParseError::kUnexpectedUpgrade;
    }
    head->framing = Framing::kTunnel;
  } else if (head->is_informational() || head->status == 204 || head->status == 304 ||
             context.is_head) {
    head->framing = Framing::kNone;
  } else if (context.is_connect && head->status >= 200 && head->status < 300) {
    head->framing = Framing::kTunnel;
  } else if (head->framing == Framing::kNone) {
    head->framing = Framing::kUntilClose;
  }
  if (head->framing == Framing::kTunnel || head->framing == Framing::kUntilClose) {
    head->keep_alive = false;
  }
  return ParseError::kNone;
}

bool ParseContentLength(std::string_view text, uint64_t* length) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (text.empty()) return false;
  uint64_t value = 0;
  for (char c : text) {
    if (!chars::Is(c, chars::kDigit)) return false;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *length = value;
  return true;
}

RequestContext RequestContext::Of(const RequestHead& request) {
  return {.is_head = request.method == "HEAD",
          .is_connect = request.method == "CONNECT",
          .wants_upgrade = request.wants_upgrade,
          .wants_websocket = IsWebSocketUpgrade(request)};
}

}  // namespace lb::http
