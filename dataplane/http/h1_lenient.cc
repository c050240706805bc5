// What HeadParser accepts only when it is lenient. Apart from the strict scan, which pays nothing
// for it: these are called where that one would fail.
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/validation.h"

namespace lb::http {
namespace {

constexpr std::string_view kLenientPrefix = "HTTP/";
// Of either number of a version: enough for any that was ever written.
constexpr size_t kMaxVersionDigits = 8;

// Reads "HTTP/" 1*DIGIT "." 1*DIGIT from `*at` on. kUnsupportedVersion: of another major version.
// `*is_cut`: the bytes end before the version surely has.
ParseError ReadLenientVersion(const char** at, const char* end, bool* is_cut) {
  *is_cut = false;
  for (char expected : kLenientPrefix) {
    if (*at == end) return *is_cut = true, ParseError::kNone;
    if (**at != expected) return ParseError::kBadVersion;
    ++*at;
  }
  const char* const major = *at;
  for (const bool is_major : {true, false}) {
    const char* const start = *at;
    while (*at != end && chars::Is(**at, chars::kDigit)) ++*at;
    if (static_cast<size_t>(*at - start) > kMaxVersionDigits) return ParseError::kBadVersion;
    if (*at == end) return *is_cut = true, ParseError::kNone;
    if (*at == start || (is_major && **at != '.')) return ParseError::kBadVersion;
    if (!is_major) continue;
    std::string_view number(major, static_cast<size_t>(*at - major));
    while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
    if (number != "1") return ParseError::kUnsupportedVersion;
    ++*at;
  }
  return ParseError::kNone;
}

}  // namespace

const char* HeadParser::SkipLenient(const char* at, const char* end, Phase phase) {
  if (!is_lenient_) return at;
  const char* const start = at;
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    const bool is_text = byte > 0x20 && byte != 0x7f;
    if (!is_text || (phase == Phase::kFieldName && byte == ':')) break;
  }
  has_violations_ |= at != start;
  return at;
}

HeadParser::Scan HeadParser::LenientVersion(Cursor* cursor, RequestHead* head) {
  const char* at = cursor->at;
  bool is_cut = false;
  cursor->error = ReadLenientVersion(&at, cursor->end, &is_cut);
  if (cursor->error != ParseError::kNone) return Scan::kFailed;
  if (is_cut) return Pause(Phase::kVersion);
  for (char expected : std::string_view("\r\n")) {
    if (at == cursor->end) return Pause(Phase::kVersion);
    if (*at++ != expected) {
      cursor->error = ParseError::kBadLineEnd;
      return Scan::kFailed;
    }
  }
  cursor->at = at;
  head->version_minor = 0;
  has_violations_ = true;
  phase_ = Phase::kFieldStart;
  return Scan::kComplete;
}

HeadParser::Scan HeadParser::LenientStatus(Cursor* cursor, ResponseHead* head) {
  const char* at = cursor->at;
  bool is_cut = false;
  cursor->error = ReadLenientVersion(&at, cursor->end, &is_cut);
  if (cursor->error != ParseError::kNone) return Scan::kFailed;
  if (is_cut) return Pause(Phase::kStatusVersion);
  uint16_t status = 0;
  for (size_t i = 0; i < 5; ++i, ++at) {
    if (at == cursor->end) return Pause(Phase::kStatusVersion);
    const bool is_digit = chars::Is(*at, chars::kDigit);
    const bool fits = i == 0 ? *at == ' ' : i <= 3 ? is_digit : *at == ' ' || *at == '\r';
    if (!fits) {
      cursor->error = i == 0 ? ParseError::kBadVersion : ParseError::kBadStatus;
      return Scan::kFailed;
    }
    if (i >= 1 && i <= 3) status = static_cast<uint16_t>(status * 10 + (*at - '0'));
  }
  if (status < 100) {
    cursor->error = ParseError::kBadStatus;
    return Scan::kFailed;
  }
  if (at[-1] == '\r') --at;
  cursor->at = cursor->token = at;
  head->version_minor = 0;
  head->status = status;
  has_violations_ = true;
  return Scan::kComplete;
}

}  // namespace lb::http
