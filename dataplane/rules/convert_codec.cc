// Converters between encodings: hexadecimal, base64, percent-encoding.
// Source: HAProxy configuration manual, section 7.3.1; RFC 4648; RFC 3986 section 2.
#include <array>

#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char* WriteHex(char c, char* at) {
  *at++ = kHexDigits[static_cast<uint8_t>(c) >> 4];
  *at++ = kHexDigits[static_cast<uint8_t>(c) & 15];
  return at;
}

Sample Hex(const Sample& in, const ProgramArgs&, TxnContext& context) {
  std::string_view bytes = in.text();
  char* start = context.arena->Allocate(bytes.size() * 2);
  char* at = start;
  for (char c : bytes) at = WriteHex(c, at);
  return Sample::Text({start, bytes.size() * 2});
}

Sample HexToInt(const Sample& in, const ProgramArgs&, TxnContext&) {
  if (in.text().empty() || in.text().size() > 16) return Sample();
  uint64_t value = 0;
  for (char c : in.text()) {
    int digit = HexValue(c);
    if (digit < 0) return Sample();
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return Sample::Int(static_cast<int64_t>(value));
}

template <bool kIsUrl>
Sample ToBase64(const Sample& in, const ProgramArgs&, TxnContext& context) {
  std::string_view bytes = in.text();
  std::string_view alphabet = kIsUrl ? kBase64Url : kBase64;
  char* start = context.arena->Allocate((bytes.size() + 2) / 3 * 4);
  char* at = start;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t left = bytes.size() - i;
    uint32_t group = static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 16;
    if (left > 1) group |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i + 1])) << 8;
    if (left > 2) group |= static_cast<uint8_t>(bytes[i + 2]);
    *at++ = alphabet[group >> 18];
    *at++ = alphabet[group >> 12 & 63];
    if (left > 1) *at++ = alphabet[group >> 6 & 63];
    if (left > 2) *at++ = alphabet[group & 63];
    for (size_t pad = left; !kIsUrl && pad < 3; ++pad) *at++ = '=';
  }
  return Sample::Text({start, static_cast<size_t>(at - start)});
}

// The standard form needs its padding, the URL form has none.
template <bool kIsUrl>
Sample FromBase64(const Sample& in, const ProgramArgs&, TxnContext& context) {
  std::string_view text = in.text();
  if (!kIsUrl) {
    if (text.size() % 4 != 0) return Sample();
    for (int pads = 0; pads < 2 && text.ends_with('='); ++pads) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return Sample();
  char* start = context.arena->Allocate(text.size() * 3 / 4);
  char* at = start;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    size_t value = (kIsUrl ? kBase64Url : kBase64).find(c);
    if (value == std::string_view::npos) return Sample();
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *at++ = static_cast<char>(bits >> count);
  }
  return Sample::Bytes({start, static_cast<size_t>(at - start)});
}

// args: 1 when a plus is a blank everywhere, not only after the question mark.
Sample UrlDecode(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  std::string_view text = in.text();
  bool is_form = args.number[0] != 0;
  char* start = context.arena->Allocate(text.size());
  char* at = start;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && is_form) {
      c = ' ';
    } else if (c == '?') {
      is_form = true;
    } else if (c == '%') {
      int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      int low = high >= 0 ? HexValue(text[i + 2]) : -1;
      if (low < 0) return Sample();
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    *at++ = c;
  }
  return Sample::Text({start, static_cast<size_t>(at - start)});
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

Sample UrlEncode(const Sample& in, const ProgramArgs&, TxnContext& context) {
  std::string_view text = in.text();
  char* start = context.arena->Allocate(text.size() * 3);
  char* at = start;
  for (char c : text) {
    if (IsUnreserved(c)) {
      *at++ = c;
    } else {
      *at++ = '%';
      at = WriteHex(c, at);
    }
  }
  return Sample::Text({start, static_cast<size_t>(at - start)});
}

constexpr NamedConverter kCodecConverters[] = {
    {"b64dec", FromBase64<false>}, {"base64", ToBase64<false>},   {"hex", Hex},
    {"hex2i", HexToInt},           {"ub64dec", FromBase64<true>}, {"ub64enc", ToBase64<true>},
    {"url_dec", UrlDecode},        {"url_enc", UrlEncode},
};

}  // namespace

std::span<const NamedConverter> CodecConverters() { return kCodecConverters; }

}  // namespace lb::rules
