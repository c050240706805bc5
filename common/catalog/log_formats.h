// Log formats: the strings behind "option tcplog" and its like, and the table of "%" tags.
//
// The configuration analyzer parses these strings as it parses a "log-format" line; the data plane
// only ever sees the parsed form. Constant, usable from any thread.
// Source: HAProxy configuration manual, section 8.2.
#ifndef LB_COMMON_CATALOG_LOG_FORMATS_H_
#define LB_COMMON_CATALOG_LOG_FORMATS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace lb::catalog {

// "option tcplog".
inline constexpr std::string_view kTcpLogFormat =
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
// "option httplog".
inline constexpr std::string_view kHttpLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq "
    "%hr %hs %{+Q}r";
// "option httpslog".
inline constexpr std::string_view kHttpsLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq "
    "%hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] "
    "%[ssl_fc_sni]/%sslv/%sslc";
// "option httplog clf".
inline constexpr std::string_view kClfLogFormat =
    "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac "
    "%fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
// Neither option: written when the connection is accepted, so only %ci %cp %fi %fp %f are known.
// HAProxy ends it with the mode, "(www/HTTP)" or "(www/TCP)".
inline constexpr std::string_view kConnectLogFormatHttp =
    "Connect from %ci:%cp to %fi:%fp (%f/HTTP)";
inline constexpr std::string_view kConnectLogFormatTcp = "Connect from %ci:%cp to %fi:%fp (%f/TCP)";

enum class LogTagType : uint8_t { kString, kStringList, kNumber, kIp, kDate };

struct LogTag {
  std::string_view name;  // without "%": "ci"
  LogTagType type = LogTagType::kString;
  bool http_only = false;  // refused outside "mode http"
  bool has_hex = false;    // "%{+X}" changes it
  std::string_view description;
};

// Not in the table: "o", which only sets flags for the tags after it (the analyzer resolves it).
std::span<const LogTag> AllLogTags();
const LogTag* FindLogTag(std::string_view name);

}  // namespace lb::catalog

#endif  // LB_COMMON_CATALOG_LOG_FORMATS_H_
