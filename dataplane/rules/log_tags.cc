#include "dataplane/rules/log_tags.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace lb::rules {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kBadRequest = "<BADREQ>";
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct NamedTag {
  std::string_view name;
  TagId id;
};

constexpr NamedTag kTags[] = {
    {"B", TagId::kBytesRead},
    {"CC", TagId::kRequestCookie},
    {"CS", TagId::kResponseCookie},
    {"H", TagId::kHostname},
    {"HM", TagId::kMethod},
    {"HP", TagId::kPathWithHost},
    {"HPO", TagId::kPath},
    {"HQ", TagId::kQuery},
    {"HU", TagId::kUri},
    {"HV", TagId::kHttpVersion},
    {"ID", TagId::kUniqueId},
    {"ST", TagId::kStatus},
    {"T", TagId::kGmtDate},
    {"Ta", TagId::kActiveTime},
    {"Tc", TagId::kConnectTime},
    {"Td", TagId::kTransferTime},
    {"Th", TagId::kHandshakeTime},
    {"Ti", TagId::kIdleTime},
    {"Tl", TagId::kLocalDate},
    {"Tq", TagId::kRequestAndIdleTime},
    {"TR", TagId::kRequestTime},
    {"Tr", TagId::kResponseTime},
    {"Ts", TagId::kTimestamp},
    {"Tt", TagId::kTotalTime},
    {"Tu", TagId::kUserTime},
    {"Tw", TagId::kQueueTime},
    {"U", TagId::kBytesUploaded},
    {"ac", TagId::kProcessConnections},
    {"b", TagId::kBackend},
    {"bc", TagId::kBackendConnections},
    {"bi", TagId::kUpstreamLocalIp},
    {"bp", TagId::kUpstreamLocalPort},
    {"bq", TagId::kBackendQueue},
    {"ci", TagId::kClientIp},
    {"cp", TagId::kClientPort},
    {"f", TagId::kFrontend},
    {"fc", TagId::kFrontendConnections},
    {"fi", TagId::kLocalIp},
    {"fp", TagId::kLocalPort},
    {"ft", TagId::kFrontendTransport},
    {"hr", TagId::kRequestHeaders},
    {"hrl", TagId::kRequestHeadersClf},
    {"hs", TagId::kResponseHeaders},
    {"hsl", TagId::kResponseHeadersClf},
    {"lc", TagId::kLogCounter},
    {"ms", TagId::kMilliseconds},
    {"pid", TagId::kPid},
    {"r", TagId::kRequestLine},
    {"rc", TagId::kRetries},
    {"rt", TagId::kRequestCounter},
    {"s", TagId::kServer},
    {"sc", TagId::kServerConnections},
    {"si", TagId::kServerIp},
    {"sp", TagId::kServerPort},
    {"sq", TagId::kServerQueue},
    {"sslc", TagId::kSslCipher},
    {"sslv", TagId::kSslVersion},
    {"t", TagId::kDate},
    {"tr", TagId::kRequestDate},
    {"trg", TagId::kRequestGmtDate},
    {"trl", TagId::kRequestLocalDate},
    {"ts", TagId::kTermination},
    {"tsc", TagId::kTerminationCookie},
};

// What is known while the exchange still runs.
LogFacts FactsSoFar(const TxnContext& context) {
  LogFacts facts;
  facts.status = -1;
  facts.accepted_at = facts.request_at = context.clock->WallNow();
  return facts;
}

void AppendNumber(int64_t value, std::string* out) {
  char text[20];
  out->append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// Unsigned, with at least `digits` digits, hexadecimal when asked.
void AppendPadded(uint64_t value, bool hex, int digits, std::string* out) {
  char text[24];
  int length = std::snprintf(text, sizeof(text), hex ? "%0*llX" : "%0*llu", digits,
                             static_cast<unsigned long long>(value));
  out->append(text, static_cast<size_t>(length));
}

void AppendHexByte(char c, std::string* out) {
  out->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
  out->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
}

void AppendIp(const Address* address, const TagFlags& flags, std::string* out) {
  if (address == nullptr || (!address->is_ip() && !address->is_unix())) {
    return AppendLogString("", Encoding::kNone, flags, out);
  }
  if (address->is_unix()) return AppendLogString("unix", Encoding::kNone, flags, out);
  IpAddress ip = IpAddress::Of(*address);
  if (flags.hex) {
    if (flags.quote) out->push_back('"');
    for (size_t i = 0; i < (ip.family == 4 ? 4u : 16u); ++i) {
      AppendHexByte(static_cast<char>(ip.bytes[i]), out);
    }
    if (flags.quote) out->push_back('"');
    return;
  }
  char text[64];
  AppendLogString({text, ip.Write(text)}, Encoding::kNone, flags, out);
}

// A unix socket has its listener's number in place of a port.
void AppendPort(const Address* address, uint32_t unix_port, const TagFlags& flags,
                std::string* out) {
  if (address == nullptr || (!address->is_ip() && !address->is_unix())) {
    return AppendLogString("", Encoding::kNone, flags, out);
  }
  uint32_t port = address->is_unix() ? unix_port : address->port();
  AppendPadded(port, flags.hex, flags.hex ? 4 : 1, out);
}

enum class Zone : uint8_t { kUtc, kLocal };

// Log lines are written once a request: digits by hand cost a tenth of snprintf().
char* WriteDigits(int value, int digits, char* at) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + digits;
}

// "06/Feb/2009:12:12:51", followed by ".443" or by " +0100".
void AppendDate(WallTime moment, Zone zone, bool with_millis, std::string* out) {
  int64_t millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
  time_t seconds = static_cast<time_t>(millis / 1000);
  tm parts;
  zone == Zone::kUtc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
  char text[32];
  char* at = WriteDigits(parts.tm_mday, 2, text);
  *at++ = '/';
  at = std::copy(kMonths[parts.tm_mon].begin(), kMonths[parts.tm_mon].end(), at);
  *at++ = '/';
  at = WriteDigits(parts.tm_year + 1900, 4, at);
  for (int field : {parts.tm_hour, parts.tm_min, parts.tm_sec}) {
    *at++ = ':';
    at = WriteDigits(field, 2, at);
  }
  if (with_millis) {
    *at++ = '.';
    at = WriteDigits(static_cast<int>(millis % 1000), 3, at);
  } else {
    int minutes = static_cast<int>(parts.tm_gmtoff / 60);
    *at++ = ' ';
    *at++ = minutes < 0 ? '-' : '+';
    at = WriteDigits(std::abs(minutes) / 60, 2, at);
    at = WriteDigits(std::abs(minutes) % 60, 2, at);
  }
  out->append(text, at);
}

// A time that a later one, or a byte count, may still exceed.
void AppendGrowing(int64_t value, const LogFacts& facts, std::string* out) {
  if (facts.is_log_asap) out->push_back('+');
  AppendNumber(value, out);
}

int64_t RequestAndIdle(const LogFacts& facts) {
  if (facts.request_ms < 0) return -1;
  return int64_t{facts.handshake_ms} + facts.idle_ms + facts.request_ms;
}

int64_t TransferTime(const LogFacts& facts) {
  if (facts.response_ms < 0) return -1;
  auto spent = [](int64_t ms) { return ms > 0 ? ms : 0; };
  return facts.total_ms - spent(RequestAndIdle(facts)) - spent(facts.queue_ms) -
         spent(facts.connect_ms) - facts.response_ms;
}

// The parts of "METHOD TARGET VERSION"; the version may be missing.
struct RequestLine {
  explicit RequestLine(std::string_view line) {
    size_t space = line.find(' ');
    method = line.substr(0, space);
    if (space == std::string_view::npos) return;
    target = line.substr(space + 1);
    size_t end = target.rfind(' ');
    if (end == std::string_view::npos) return;
    version = target.substr(end + 1);
    target = target.substr(0, end);
  }

  std::string_view path_with_host() const { return target.substr(0, target.find('?')); }
  std::string_view query() const {
    size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark);
  }
  // Nothing in the asterisk and authority forms.
  std::string_view path() const {
    std::string_view text = path_with_host();
    if (text.starts_with('/')) return text;
    size_t scheme = text.find("://");
    size_t slash = scheme == text.npos ? text.npos : text.find('/', scheme + 3);
    return slash == text.npos ? std::string_view() : text.substr(slash);
  }

  std::string_view method;
  std::string_view target;
  std::string_view version;
};

void AppendRequestLineTag(TagId tag, TagFlags flags, const TxnContext& context, std::string* out) {
  if (context.request_line.empty()) {
    return AppendLogString(kBadRequest, Encoding::kNone, flags, out);
  }
  RequestLine line(context.request_line);
  std::string_view text = context.request_line;
  if (tag == TagId::kMethod) text = line.method;
  if (tag == TagId::kUri) text = line.target;
  if (tag == TagId::kHttpVersion) text = line.version;
  if (tag == TagId::kPathWithHost) text = line.path_with_host();
  if (tag == TagId::kPath) text = line.path();
  if (tag == TagId::kQuery) text = line.query();
  flags.dash_when_empty = false;
  AppendLogString(text, Encoding::kUri, flags, out);
}

// "{a|b}"; nothing when nothing is ever captured.
void AppendCaptures(const std::vector<std::string_view>& slots, const TagFlags& flags,
                    std::string* out) {
  if (slots.empty()) return;
  if (flags.quote) out->push_back('"');
  out->push_back('{');
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i > 0) out->push_back('|');
    AppendEncoded(slots[i], Encoding::kCaptured, '#', flags.escape, out);
  }
  out->push_back('}');
  if (flags.quote) out->push_back('"');
}

// One field a slot; a value that is there but empty prints nothing.
void AppendCapturesClf(const std::vector<std::string_view>& slots, const TagFlags& flags,
                       std::string* out) {
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i > 0) out->push_back(' ');
    TagFlags slot_flags = flags;
    if (slots[i].data() != nullptr) slot_flags.dash_when_empty = false;
    AppendLogString(slots[i], Encoding::kCaptured, slot_flags, out);
  }
}

// Tags of names, addresses and the process.
bool AppendPlaceTag(TagId tag, const TagFlags& flags, const TxnContext& context, std::string* out) {
  auto text = [&](std::string_view value) { AppendLogString(value, Encoding::kNone, flags, out); };
  switch (tag) {
    case TagId::kHostname:
      text(context.process->hostname);
      return true;
    case TagId::kPid:
      AppendPadded(context.process->pid, flags.hex, flags.hex ? 4 : 1, out);
      return true;
    case TagId::kBackend:
      text(context.backend.name.empty() ? context.frontend.name : context.backend.name);
      return true;
    case TagId::kFrontend:
      text(context.frontend.name);
      return true;
    case TagId::kFrontendTransport:
      if (flags.quote) out->push_back('"');
      out->append(context.frontend.name);
      if (context.is_ssl) out->push_back('~');
      if (flags.quote) out->push_back('"');
      return true;
    case TagId::kServer:
      text(context.server.name.empty() ? "<NOSRV>" : context.server.name);
      return true;
    case TagId::kClientIp:
      AppendIp(context.client, flags, out);
      return true;
    case TagId::kClientPort:
      AppendPort(context.client, context.listener_number, flags, out);
      return true;
    case TagId::kLocalIp:
      AppendIp(context.local, flags, out);
      return true;
    case TagId::kLocalPort:
      AppendPort(context.local, context.listener_number, flags, out);
      return true;
    case TagId::kUpstreamLocalIp:
      AppendIp(context.upstream_local, flags, out);
      return true;
    case TagId::kUpstreamLocalPort:
      AppendPort(context.upstream_local, 0, flags, out);
      return true;
    case TagId::kServerIp:
      AppendIp(context.server_address, flags, out);
      return true;
    case TagId::kServerPort:
      AppendPort(context.server_address, 0, flags, out);
      return true;
    default:
      return false;
  }
}

// Tags of texts that belong to the message.
bool AppendMessageTag(TagId tag, const TagFlags& flags, const TxnContext& context,
                      const LogFacts& facts, std::string* out) {
  auto text = [&](std::string_view value) { AppendLogString(value, Encoding::kNone, flags, out); };
  switch (tag) {
    case TagId::kMethod:
    case TagId::kPathWithHost:
    case TagId::kPath:
    case TagId::kQuery:
    case TagId::kUri:
    case TagId::kHttpVersion:
    case TagId::kRequestLine:
      AppendRequestLineTag(tag, flags, context, out);
      return true;
    case TagId::kRequestCookie:
      text(facts.request_cookie);
      return true;
    case TagId::kResponseCookie:
      text(facts.response_cookie);
      return true;
    case TagId::kUniqueId:
      text(facts.unique_id);
      return true;
    case TagId::kSslCipher:
      text(facts.ssl_cipher);
      return true;
    case TagId::kSslVersion:
      text(facts.ssl_version);
      return true;
    case TagId::kRequestHeaders:
      AppendCaptures(context.request_captures, flags, out);
      return true;
    case TagId::kResponseHeaders:
      AppendCaptures(context.response_captures, flags, out);
      return true;
    case TagId::kRequestHeadersClf:
      AppendCapturesClf(context.request_captures, flags, out);
      return true;
    case TagId::kResponseHeadersClf:
      AppendCapturesClf(context.response_captures, flags, out);
      return true;
    case TagId::kTermination:
      out->append(facts.termination.data(), 2);
      return true;
    case TagId::kTerminationCookie:
      out->append(facts.termination.data(), 4);
      return true;
    default:
      return false;
  }
}

// Tags of dates.
bool AppendDateTag(TagId tag, const TagFlags& flags, const LogFacts& facts, std::string* out) {
  int64_t millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(facts.accepted_at.time_since_epoch())
          .count();
  switch (tag) {
    case TagId::kGmtDate:
      AppendDate(facts.accepted_at, Zone::kUtc, /*with_millis=*/false, out);
      return true;
    case TagId::kLocalDate:
      AppendDate(facts.accepted_at, Zone::kLocal, /*with_millis=*/false, out);
      return true;
    case TagId::kDate:
      AppendDate(facts.accepted_at, Zone::kLocal, /*with_millis=*/true, out);
      return true;
    case TagId::kRequestDate:
      AppendDate(facts.request_at, Zone::kLocal, /*with_millis=*/true, out);
      return true;
    case TagId::kRequestGmtDate:
      AppendDate(facts.request_at, Zone::kUtc, /*with_millis=*/false, out);
      return true;
    case TagId::kRequestLocalDate:
      AppendDate(facts.request_at, Zone::kLocal, /*with_millis=*/false, out);
      return true;
    case TagId::kTimestamp:
      AppendPadded(static_cast<uint64_t>(millis / 1000), flags.hex, flags.hex ? 4 : 1, out);
      return true;
    case TagId::kMilliseconds:
      AppendPadded(static_cast<uint64_t>(millis % 1000), flags.hex, flags.hex ? 2 : 3, out);
      return true;
    default:
      return false;
  }
}

// Tags of times spent.
bool AppendTimeTag(TagId tag, const LogFacts& facts, std::string* out) {
  switch (tag) {
    case TagId::kActiveTime:
      AppendGrowing(facts.total_ms - facts.idle_ms - facts.handshake_ms, facts, out);
      return true;
    case TagId::kTransferTime:
      AppendGrowing(TransferTime(facts), facts, out);
      return true;
    case TagId::kTotalTime:
      AppendGrowing(facts.total_ms, facts, out);
      return true;
    case TagId::kUserTime:
      AppendGrowing(facts.total_ms - facts.idle_ms, facts, out);
      return true;
    case TagId::kConnectTime:
      AppendNumber(facts.connect_ms, out);
      return true;
    case TagId::kHandshakeTime:
      AppendNumber(facts.handshake_ms, out);
      return true;
    case TagId::kIdleTime:
      AppendNumber(facts.idle_ms, out);
      return true;
    case TagId::kRequestAndIdleTime:
      AppendNumber(RequestAndIdle(facts), out);
      return true;
    case TagId::kRequestTime:
      AppendNumber(facts.request_ms, out);
      return true;
    case TagId::kResponseTime:
      AppendNumber(facts.response_ms, out);
      return true;
    case TagId::kQueueTime:
      AppendNumber(facts.queue_ms, out);
      return true;
    default:
      return false;
  }
}

// Tags of counts, the last group.
void AppendCountTag(TagId tag, const TagFlags& flags, const LogFacts& facts, std::string* out) {
  switch (tag) {
    case TagId::kBytesRead:
      return AppendGrowing(static_cast<int64_t>(facts.bytes_read), facts, out);
    case TagId::kBytesUploaded:
      return AppendGrowing(static_cast<int64_t>(facts.bytes_uploaded), facts, out);
    case TagId::kStatus:
      return AppendNumber(facts.status, out);
    case TagId::kProcessConnections:
      return AppendNumber(facts.process_connections, out);
    case TagId::kFrontendConnections:
      return AppendNumber(facts.frontend_connections, out);
    case TagId::kBackendConnections:
      return AppendNumber(facts.backend_connections, out);
    case TagId::kServerConnections:
      return AppendNumber(facts.server_connections, out);
    case TagId::kRetries:
      if (facts.was_redispatched) out->push_back('+');
      return AppendNumber(facts.retries, out);
    case TagId::kServerQueue:
      return AppendNumber(facts.server_queue, out);
    case TagId::kBackendQueue:
      return AppendNumber(facts.backend_queue, out);
    case TagId::kLogCounter:
      return AppendPadded(facts.log_counter, flags.hex, flags.hex ? 4 : 1, out);
    case TagId::kRequestCounter:
      return AppendPadded(facts.request_counter, flags.hex, flags.hex ? 4 : 1, out);
    default:
      return;
  }
}

bool IsEncoded(uint8_t c, Encoding encoding) {
  bool is_control = c < 32 || c == 127;
  switch (encoding) {
    case Encoding::kNone:
      return false;
    case Encoding::kControls:
      return is_control;
    case Encoding::kFieldValue:
      return is_control && c != '\t';
    case Encoding::kCaptured:
      if (c == '{' || c == '|' || c == '}') return true;
      [[fallthrough]];
    case Encoding::kUri:
      return is_control || c > 127 || c == '"' || c == '#';
  }
  return false;
}

}  // namespace

std::optional<TagId> FindTag(std::string_view name) {
  for (const NamedTag& tag : kTags) {
    if (tag.name == name) return tag.id;
  }
  return std::nullopt;
}

void AppendTag(TagId tag, const TagFlags& flags, const TxnContext& context, std::string* out) {
  if (AppendPlaceTag(tag, flags, context, out)) return;
  std::optional<LogFacts> running;
  if (context.log == nullptr) running = FactsSoFar(context);
  const LogFacts& facts = running.has_value() ? *running : *context.log;
  if (AppendMessageTag(tag, flags, context, facts, out)) return;
  if (AppendDateTag(tag, flags, facts, out)) return;
  if (AppendTimeTag(tag, facts, out)) return;
  AppendCountTag(tag, flags, facts, out);
}

void AppendEncoded(std::string_view text, Encoding encoding, char mark, bool escape,
                   std::string* out) {
  for (char c : text) {
    if (IsEncoded(static_cast<uint8_t>(c), encoding)) {
      out->push_back(mark);
      AppendHexByte(c, out);
      continue;
    }
    if (escape && (c == '"' || c == '\\' || c == ']')) out->push_back('\\');
    out->push_back(c);
  }
}

void AppendLogString(std::string_view text, Encoding encoding, const TagFlags& flags,
                     std::string* out) {
  if (flags.quote) out->push_back('"');
  if (text.empty() && flags.dash_when_empty && !flags.quote) out->push_back('-');
  AppendEncoded(text, encoding, '#', flags.escape, out);
  if (flags.quote) out->push_back('"');
}

}  // namespace lb::rules
