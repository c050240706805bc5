#include "dataplane/http/h1_parser.h"

#include <algorithm>
#include <cstring>

#include "dataplane/http/h1_framing.h"
#include "dataplane/http/validation.h"

namespace lb::http {

namespace {

constexpr std::string_view kUsualVersion = "HTTP/1.1\r\n";
constexpr std::string_view kVersionPrefix = "HTTP/";
constexpr size_t kVersionBytes = 8;
constexpr size_t kStatusBytes = kVersionBytes + 4;  // "HTTP/1.1 200"

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return chars::Is(c, chars::kDigit); }

// Whether the byte at offset `i` of a version fits "HTTP/D.D".
bool FitsVersion(char c, size_t i) {
  if (i < kVersionPrefix.size()) return c == kVersionPrefix[i];
  return i == 6 ? c == '.' : IsDigit(c);
}

// HTTP/1.x above 1.1 is read as 1.1: minor versions only add.
bool ReadMinor(const char* version, uint8_t* minor) {
  if (version[5] != '1') return false;
  *minor = version[7] == '0' ? 0 : 1;
  return true;
}

// What stands where a line's CR should: a control character of its own is the text's fault.
ParseError LineEndOr(char c, ParseError error) {
  return c == '\n' || c == '\r' ? ParseError::kBadLineEnd : error;
}

// What a fault of the fields' meaning is found at: the value of the last field with the id.
const char* ValueOf(const HeaderList& headers, HeaderId id) {
  const char* value = nullptr;
  for (const Header& field : headers) {
    if (field.id == id) value = field.value.data();
  }
  return value;
}

const char* StartOf(const RequestHead& head) { return head.target.data(); }
const char* StartOf(const ResponseHead& head) { return head.reason.data(); }

// Null: the head is at fault as a whole.
template <typename Head>
const char* PlaceOf(ParseError error, const Head& head) {
  switch (error) {
    case ParseError::kBadContentLength:
    case ParseError::kRepeatedContentLength:
      return ValueOf(head.headers, HeaderId::kContentLength);
    case ParseError::kContentLengthWithTransferEncoding:
    case ParseError::kBadTransferEncoding:
    case ParseError::kUnsupportedTransferEncoding:
    case ParseError::kTransferEncodingInHttp10:
      return ValueOf(head.headers, HeaderId::kTransferEncoding);
    case ParseError::kRepeatedHost:
    case ParseError::kBadHost:
    case ParseError::kHostMismatch:
      return ValueOf(head.headers, HeaderId::kHost);
    case ParseError::kBadTarget:
    case ParseError::kUnexpectedUpgrade:
      return StartOf(head);
    default:
      return nullptr;
  }
}

}  // namespace

HeadParser::Cursor HeadParser::Resume(std::string_view bytes, const Limits& limits,
                                      Phase first_phase) {
  // Texts of the head point into bytes that are no longer there: begin again.
  if (bytes.data() != base_) phase_ = Phase::kIdle;
  base_ = bytes.data();
  if (phase_ == Phase::kIdle) {
    phase_ = first_phase;
    scanned_ = 0;
    token_ = 0;
    has_violations_ = false;
  }
  const char* end = base_ + std::min(bytes.size(), limits.max_head_bytes);
  return {base_ + scanned_, base_ + token_, end, ParseError::kNone};
}

HeadParser::Scan HeadParser::Pause(Phase phase) {
  phase_ = phase;
  return Scan::kMore;
}

template <typename Head, typename Finish>
ParseResult HeadParser::Conclude(Scan scan, const Cursor& cursor, std::string_view bytes,
                                 const Limits& limits, const Head& head, Finish finish) {
  if (scan == Scan::kMore && bytes.size() < limits.max_head_bytes) {
    scanned_ = static_cast<size_t>(cursor.at - base_);
    token_ = static_cast<size_t>(cursor.token - base_);
    return {ParseResult::kNeedMore, ParseError::kNone, 0};
  }
  ParseError error = cursor.error;
  const char* place = cursor.at;
  if (scan == Scan::kMore) {
    error = phase_ <= Phase::kVersion ? ParseError::kTargetTooLong : ParseError::kHeadTooLarge;
  } else if (scan == Scan::kComplete) {
    error = finish();
    if (error != ParseError::kNone) {
      const char* found = PlaceOf(error, head);
      place = found != nullptr ? found : base_;
    }
  }
  Reset();
  if (error != ParseError::kNone) {
    return {ParseResult::kError, error, 0, static_cast<size_t>(place - base_)};
  }
  return {ParseResult::kDone, ParseError::kNone, static_cast<size_t>(cursor.at - base_)};
}

ParseResult HeadParser::ParseRequest(std::string_view bytes, const Limits& limits,
                                     RequestHead* head) {
  Cursor cursor = Resume(bytes, limits, Phase::kEmptyLines);
  if (scanned_ == 0) head->Clear();
  Scan scan = Scan::kComplete;
  if (phase_ < Phase::kFieldStart) scan = RequestLine(&cursor, head);
  if (scan == Scan::kComplete) scan = Fields(&cursor, limits, &head->headers);
  return Conclude(scan, cursor, bytes, limits, *head, [this, head] {
    head->has_violations = has_violations_;
    return InterpretRequest(head, is_lenient_);
  });
}

ParseResult HeadParser::ParseResponse(std::string_view bytes, const Limits& limits,
                                      const RequestContext& context, ResponseHead* head) {
  Cursor cursor = Resume(bytes, limits, Phase::kStatusVersion);
  if (scanned_ == 0) head->Clear();
  Scan scan = Scan::kComplete;
  if (phase_ < Phase::kFieldStart) scan = StatusLine(&cursor, head);
  if (scan == Scan::kComplete) scan = Fields(&cursor, limits, &head->headers);
  return Conclude(scan, cursor, bytes, limits, *head, [this, &context, head] {
    head->has_violations = has_violations_;
    return InterpretResponse(context, head);
  });
}

HeadParser::Scan HeadParser::RequestLine(Cursor* cursor, RequestHead* head) {
  const char*& at = cursor->at;
  const char* const end = cursor->end;
  auto fail = [cursor](ParseError error) {
    cursor->error = error;
    return Scan::kFailed;
  };
  switch (phase_) {
    default:  // kEmptyLines
      while (at != end && *at == '\r') {
        if (end - at < 2) return Pause(Phase::kEmptyLines);
        if (at[1] != '\n') return fail(ParseError::kBadLineEnd);
        at += 2;
      }
      if (at == end) return Pause(Phase::kEmptyLines);
      cursor->token = at;
      [[fallthrough]];
    case Phase::kMethod:
      at = SkipToken(at, end);
      if (at == end) return Pause(Phase::kMethod);
      if (*at != ' ' || at == cursor->token) return fail(LineEndOr(*at, ParseError::kBadMethod));
      head->method = {cursor->token, static_cast<size_t>(at - cursor->token)};
      cursor->token = ++at;
      [[fallthrough]];
    case Phase::kTarget:
      at = SkipTarget(at, end);
      if (at == end) return Pause(Phase::kTarget);
      if (*at != ' ' || at == cursor->token) {
        at = SkipLenient(at, end, Phase::kTarget);
        if (at == end) return Pause(Phase::kTarget);
        // HTTP/0.9 has no version, and nothing but GET (RFC 1945 section 4.1).
        const bool is_unversioned = *at == '\r' && is_lenient_ && head->method == "GET";
        if ((*at != ' ' && !is_unversioned) || at == cursor->token) {
          return fail(LineEndOr(*at, ParseError::kBadTarget));
        }
        if (is_unversioned) {
          if (end - at < 2) return Pause(Phase::kTarget);
          if (at[1] != '\n') return fail(ParseError::kBadLineEnd);
          head->target = {cursor->token, static_cast<size_t>(at - cursor->token)};
          at += 2;
          head->version_minor = 0;
          has_violations_ = true;
          break;
        }
      }
      head->target = {cursor->token, static_cast<size_t>(at - cursor->token)};
      ++at;
      [[fallthrough]];
    case Phase::kVersion: {
      const size_t have = std::min<size_t>(static_cast<size_t>(end - at), kUsualVersion.size());
      if (std::memcmp(at, kUsualVersion.data(), have) != 0) {
        for (size_t i = 0; i < have; ++i) {
          const bool is_version = i < kVersionBytes;
          if (is_version ? FitsVersion(at[i], i) : at[i] == kUsualVersion[i]) continue;
          if (is_lenient_) return LenientVersion(cursor, head);
          at += i;
          return fail(is_version ? ParseError::kBadVersion : ParseError::kBadLineEnd);
        }
      }
      if (have < kUsualVersion.size()) return Pause(Phase::kVersion);
      if (!ReadMinor(at, &head->version_minor)) return fail(ParseError::kUnsupportedVersion);
      at += kUsualVersion.size();
    }
  }
  phase_ = Phase::kFieldStart;
  return Scan::kComplete;
}

HeadParser::Scan HeadParser::StatusLine(Cursor* cursor, ResponseHead* head) {
  const char*& at = cursor->at;
  const char* const end = cursor->end;
  auto fail = [cursor](ParseError error) {
    cursor->error = error;
    return Scan::kFailed;
  };
  if (phase_ == Phase::kStatusVersion) {
    // With the byte behind the status: a blank, or the CR where even that is missing.
    const size_t have = std::min<size_t>(static_cast<size_t>(end - at), kStatusBytes + 1);
    const bool is_usual = have > kStatusBytes && std::memcmp(at, "HTTP/1.1 ", 9) == 0;
    for (size_t i = is_usual ? kVersionBytes + 1 : 0; i < have; ++i) {
      const char c = at[i];
      const bool fits = i < kVersionBytes    ? FitsVersion(c, i)
                        : i == kVersionBytes ? c == ' '
                        : i < kStatusBytes   ? IsDigit(c)
                                             : c == ' ' || c == '\r';
      if (fits) continue;
      if (is_lenient_ && i <= kVersionBytes) {
        const Scan scan = LenientStatus(cursor, head);
        if (scan != Scan::kComplete) return scan;
        return Reason(cursor, head);
      }
      at += i;
      return fail(i <= kVersionBytes ? ParseError::kBadVersion : ParseError::kBadStatus);
    }
    if (have <= kStatusBytes) return Pause(Phase::kStatusVersion);
    if (!ReadMinor(at, &head->version_minor)) return fail(ParseError::kUnsupportedVersion);
    head->status =
        static_cast<uint16_t>((at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0'));
    if (head->status < 100) return fail(ParseError::kBadStatus);
    at += at[kStatusBytes] == ' ' ? kStatusBytes + 1 : kStatusBytes;
    cursor->token = at;
  }
  return Reason(cursor, head);
}

HeadParser::Scan HeadParser::Reason(Cursor* cursor, ResponseHead* head) {
  const char*& at = cursor->at;
  const char* const end = cursor->end;
  auto fail = [cursor](ParseError error) {
    cursor->error = error;
    return Scan::kFailed;
  };
  at = SkipValue(at, end);
  if (at == end) return Pause(Phase::kReason);
  if (*at != '\r') return fail(LineEndOr(*at, ParseError::kBadReason));
  if (end - at < 2) return Pause(Phase::kReason);
  if (at[1] != '\n') return fail(ParseError::kBadLineEnd);
  head->reason = {cursor->token, static_cast<size_t>(at - cursor->token)};
  at += 2;
  phase_ = Phase::kFieldStart;
  return Scan::kComplete;
}

HeadParser::Scan HeadParser::Fields(Cursor* cursor, const Limits& limits, HeaderList* headers) {
  const char* at = cursor->at;
  const char* token = cursor->token;
  const char* const end = cursor->end;
  auto pause = [&](Phase phase) {
    cursor->at = at;
    cursor->token = token;
    return Pause(phase);
  };
  auto fail = [&](ParseError error) {
    cursor->error = error;
    cursor->at = at;
    return Scan::kFailed;
  };
  // A pass per field; after a pause, the switch enters one in its middle.
  for (;; phase_ = Phase::kFieldStart) {
    switch (phase_) {
      default:  // kFieldStart
        if (at == end) return pause(Phase::kFieldStart);
        if (*at == '\r') {
          ++at;
          break;
        }
        if (IsBlank(*at)) return fail(ParseError::kObsFold);
        if (headers->size() >= limits.max_headers) return fail(ParseError::kTooManyHeaders);
        token = at;
        [[fallthrough]];
      case Phase::kFieldName:
        at = SkipToken(at, end);
        if (at == end) return pause(Phase::kFieldName);
        if (*at != ':' || at == token) {
          at = SkipLenient(at, end, Phase::kFieldName);
          if (at == end) return pause(Phase::kFieldName);
          if (*at != ':' || at == token) return fail(LineEndOr(*at, ParseError::kBadHeaderName));
        }
        name_ = {token, static_cast<size_t>(at - token)};
        ++at;
        [[fallthrough]];
      case Phase::kFieldBlank:
        while (at != end && IsBlank(*at)) ++at;
        if (at == end) return pause(Phase::kFieldBlank);
        token = at;
        [[fallthrough]];
      case Phase::kFieldValue: {
        at = SkipValue(at, end);
        if (at == end) return pause(Phase::kFieldValue);
        if (*at != '\r') return fail(LineEndOr(*at, ParseError::kBadHeaderValue));
        if (end - at < 2) return pause(Phase::kFieldValue);
        if (at[1] != '\n') return fail(ParseError::kBadLineEnd);
        const char* value_end = at;
        while (value_end != token && IsBlank(value_end[-1])) --value_end;
        headers->Add(name_, {token, static_cast<size_t>(value_end - token)});
        at += 2;
        continue;
      }
      case Phase::kLastLf:
        break;
    }
    if (at == end) return pause(Phase::kLastLf);
    if (*at != '\n') return fail(ParseError::kBadLineEnd);
    cursor->at = at + 1;
    return Scan::kComplete;
  }
}

}  // namespace lb::http
