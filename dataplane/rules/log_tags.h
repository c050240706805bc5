// Log tags: the text of each "%" tag ("%ci", "%Ta") and the rules of quoting and escaping.
// Pure. Source: HAProxy configuration manual, sections 8.2.6 and 8.6.
#ifndef LB_DATAPLANE_RULES_LOG_TAGS_H_
#define LB_DATAPLANE_RULES_LOG_TAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/rules/context.h"

namespace lb::rules {

// One value a tag of the catalog; named as the manual describes them.
enum class TagId : uint8_t {
  kBytesRead,            // B
  kRequestCookie,        // CC
  kResponseCookie,       // CS
  kHostname,             // H
  kMethod,               // HM
  kPathWithHost,         // HP
  kPath,                 // HPO
  kQuery,                // HQ
  kUri,                  // HU
  kHttpVersion,          // HV
  kUniqueId,             // ID
  kStatus,               // ST
  kGmtDate,              // T
  kActiveTime,           // Ta
  kConnectTime,          // Tc
  kTransferTime,         // Td
  kHandshakeTime,        // Th
  kIdleTime,             // Ti
  kLocalDate,            // Tl
  kRequestAndIdleTime,   // Tq
  kRequestTime,          // TR
  kResponseTime,         // Tr
  kTimestamp,            // Ts
  kTotalTime,            // Tt
  kUserTime,             // Tu
  kQueueTime,            // Tw
  kBytesUploaded,        // U
  kProcessConnections,   // ac
  kBackend,              // b
  kBackendConnections,   // bc
  kUpstreamLocalIp,      // bi
  kUpstreamLocalPort,    // bp
  kBackendQueue,         // bq
  kClientIp,             // ci
  kClientPort,           // cp
  kFrontend,             // f
  kFrontendConnections,  // fc
  kLocalIp,              // fi
  kLocalPort,            // fp
  kFrontendTransport,    // ft
  kRequestHeaders,       // hr
  kRequestHeadersClf,    // hrl
  kResponseHeaders,      // hs
  kResponseHeadersClf,   // hsl
  kLogCounter,           // lc
  kMilliseconds,         // ms
  kPid,                  // pid
  kRequestLine,          // r
  kRetries,              // rc
  kRequestCounter,       // rt
  kServer,               // s
  kServerConnections,    // sc
  kServerIp,             // si
  kServerPort,           // sp
  kServerQueue,          // sq
  kSslCipher,            // sslc
  kSslVersion,           // sslv
  kDate,                 // t
  kRequestDate,          // tr
  kRequestGmtDate,       // trg
  kRequestLocalDate,     // trl
  kTermination,          // ts
  kTerminationCookie,    // tsc
};

struct TagFlags {
  bool quote = false;            // %{+Q}
  bool escape = false;           // %{+E}: backslash before '"', '\\' and ']'
  bool hex = false;              // %{+X}
  bool dash_when_empty = false;  // %{+M}, and everywhere in log lines
};

// By the catalog's name, without "%".
std::optional<TagId> FindTag(std::string_view name);

// Appends the tag's text. While `context.log` is null the facts of the exchange's end print as
// HAProxy prints them in rules: counts as 0, times and the status as -1, dates as now.
void AppendTag(TagId tag, const TagFlags& flags, const TxnContext& context, std::string* out);

// Which bytes are written as a mark ('#' or '%') and two upper-case hexadecimal digits.
enum class Encoding : uint8_t {
  kNone,
  kControls,    // below 32, and 127
  kUri,         // below 32, 127 and above, '"' and '#'
  kCaptured,    // as kUri, and '{', '|', '}'
  kFieldValue,  // what a header field value cannot hold: below 32 but tab, and 127
};

// Appends `text`, encoded, with the backslashes of `flags.escape`, without quotes.
void AppendEncoded(std::string_view text, Encoding encoding, char mark, bool escape,
                   std::string* out);

// Appends `text` as a string field of a log line: quoted and escaped as `flags` say; an empty one
// as "-" when `flags.dash_when_empty` and not quoted.
void AppendLogString(std::string_view text, Encoding encoding, const TagFlags& flags,
                     std::string* out);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_LOG_TAGS_H_
