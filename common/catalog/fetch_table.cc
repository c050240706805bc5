// The table of sample fetches and their other names.
// Source: HAProxy configuration manual, sections 7.3.2 to 7.3.6.
#include "common/catalog/tables.h"

namespace lb::catalog {
namespace {

constexpr auto kStr = ValueType::kString;
constexpr auto kNum = ValueType::kInt;
constexpr auto kFlag = ValueType::kBool;
constexpr auto kAddr = ValueType::kAddress;

constexpr Places kFromRequest = kRequest;
constexpr Places kFromResponse = kResponse;
constexpr Places kFromHead = kRequest | kResponse | kLog;
constexpr Places kFromServer = kResponse | kLog;

constexpr Arg kFlagArg[] = {{"value", ArgType::kString, true}};
constexpr Arg kIntArg[] = {{"value", ArgType::kInt, true}};
constexpr Arg kStrArg[] = {{"value", ArgType::kString, true}};
constexpr Arg kDateArgs[] = {{"offset", ArgType::kInt}, {"unit", ArgType::kString}};
constexpr Arg kEnvArg[] = {{"name", ArgType::kString, true}};
constexpr Arg kRangeArg[] = {{"range", ArgType::kInt}};
constexpr Arg kUuidArg[] = {{"version", ArgType::kInt}};
constexpr Arg kVarArgs[] = {{"name", ArgType::kVariable, true}, {"default", ArgType::kString}};
constexpr Arg kFrontendArg[] = {{"frontend", ArgType::kFrontend}};
constexpr Arg kBackendArg[] = {{"backend", ArgType::kBackend}};
constexpr Arg kServerArg[] = {{"server", ArgType::kServer, true}};
constexpr Arg kHeaderArgs[] = {{"name", ArgType::kHeader}, {"occurrence", ArgType::kInt}};
constexpr Arg kHeaderArg[] = {{"name", ArgType::kHeader}};
constexpr Arg kFullHeaderArgs[] = {{"name", ArgType::kHeader}, {"occurrence", ArgType::kInt}};
constexpr Arg kDelimArg[] = {{"delimiter", ArgType::kString}};
constexpr Arg kCookieArg[] = {{"name", ArgType::kString}};
constexpr Arg kParamArgs[] = {{"name", ArgType::kString}, {"delimiter", ArgType::kString}};
constexpr Arg kSlotArg[] = {{"slot", ArgType::kInt, true}};

constexpr Fetch kFetchTable[] = {
    // Internal state.
    {"always_false", kFlag, kEverywhere, {}, false, "Never true."},
    {"always_true", kFlag, kEverywhere, {}, false, "Always true."},
    {"avg_queue", kNum, kEverywhere, kBackendArg, false,
     "Queued requests of a backend divided by its usable servers, rounded up; with no usable "
     "server, twice the queue."},
    {"be_conn", kNum, kEverywhere, kBackendArg, false, "Sessions a backend has now."},
    {"bin", ValueType::kBinary, kEverywhere, kStrArg, false, "The bytes given in hexadecimal."},
    {"bool", kFlag, kEverywhere, kFlagArg, false, "A constant: true, false, 0 or 1."},
    {"date", kNum, kEverywhere, kDateArgs, false,
     "The time now, in seconds since 1970, plus the offset; the unit is s, ms or us."},
    {"date_us", kNum, kEverywhere, {}, false, "The microseconds of the current second."},
    {"env", kStr, kEverywhere, kEnvArg, false,
     "An environment variable of the data plane, as it was when the configuration was loaded."},
    {"fe_conn", kNum, kEverywhere, kFrontendArg, false, "Sessions a frontend has now."},
    {"hostname", kStr, kEverywhere, {}, false, "The host's name."},
    {"int", kNum, kEverywhere, kIntArg, false, "A constant integer."},
    {"ipv4", kAddr, kEverywhere, kStrArg, false, "A constant IPv4 address."},
    {"ipv6", kAddr, kEverywhere, kStrArg, false, "A constant IPv6 address."},
    {"meth", ValueType::kMethod, kEverywhere, kStrArg, false, "A constant method."},
    {"nbsrv", kNum, kEverywhere, kBackendArg, false, "Usable servers of a backend."},
    {"proc", kNum, kEverywhere, {}, false, "The process's position: always 1."},
    {"queue", kNum, kEverywhere, kBackendArg, false, "Requests queued in a backend."},
    {"rand", kNum, kEverywhere, kRangeArg, false,
     "A random integer below the range, which is 2^32 unless given."},
    {"srv_conn", kNum, kEverywhere, kServerArg, false, "Sessions a server has now."},
    {"srv_is_up", kFlag, kEverywhere, kServerArg, false, "Whether a server is up."},
    {"srv_queue", kNum, kEverywhere, kServerArg, false, "Requests queued for a server."},
    {"srv_weight", kNum, kEverywhere, kServerArg, false, "A server's weight now."},
    {"str", kStr, kEverywhere, kStrArg, false, "A constant string."},
    {"uuid", kStr, kEverywhere, kUuidArg, false, "A random UUID of version 4."},
    {"var", ValueType::kAny, kEverywhere, kVarArgs, false,
     "A variable, or the default when it is not set."},

    // The connection and who serves it.
    {"bc_dst", kAddr, kFromServer, {}, false, "The server's address, as connected to."},
    {"bc_dst_port", kNum, kFromServer, {}, false, "The server's port, as connected to."},
    {"bc_src", kAddr, kFromServer, {}, false, "Our address towards the server."},
    {"bc_src_port", kNum, kFromServer, {}, false, "Our port towards the server."},
    {"be_id", kNum, kFromHead, {}, false, "The current backend's number."},
    {"be_name", kStr, kFromHead, {}, false, "The current backend's name."},
    {"dst", kAddr, kEverywhere, {}, false, "The address the client connected to."},
    {"dst_port", kNum, kEverywhere, {}, false, "The port the client connected to."},
    {"fc_http_major", kNum, kEverywhere, {}, false, "1 or 2: the client's HTTP version."},
    {"fe_defbe", kStr, kEverywhere, {}, false, "The frontend's default backend."},
    {"fe_id", kNum, kEverywhere, {}, false, "The frontend's number."},
    {"fe_name", kStr, kEverywhere, {}, false, "The frontend's name."},
    {"so_id", kNum, kEverywhere, {}, false, "The listening socket's number."},
    {"so_name", kStr, kEverywhere, {}, false, "The listening socket's name."},
    {"src", kAddr, kEverywhere, {}, false, "The client's address."},
    {"src_port", kNum, kEverywhere, {}, false, "The client's port."},
    {"srv_id", kNum, kFromServer, {}, false, "The server's number."},
    {"srv_name", kStr, kFromServer, {}, false, "The server's name."},
    {"ssl_fc", kFlag, kEverywhere, {}, false, "Whether the client's connection is encrypted."},

    // The request.
    {"base", kStr, kFromRequest, {}, true, "The Host field followed by the path."},
    {"baseq", kStr, kFromRequest, {}, false, "The Host field followed by the path and the query."},
    {"http_first_req",
     kFlag,
     kFromRequest,
     {},
     false,
     "Whether this is the first request of its connection."},
    {"method", ValueType::kMethod, kFromRequest, {}, false, "The method."},
    {"path", kStr, kFromRequest, {}, true, "The path, without the query."},
    {"pathq", kStr, kFromRequest, {}, false, "The path with the query."},
    {"query",
     kStr,
     kFromRequest,
     {},
     false,
     "What follows the first question mark; nothing without one."},
    {"req.cook", kStr, kFromRequest, kCookieArg, true,
     "The value of the last cookie of that name; of the first cookie without one."},
    {"req.cook_cnt", kNum, kFromRequest, kCookieArg, false, "How many cookies of that name."},
    {"req.cook_val", kNum, kFromRequest, kCookieArg, false, "A cookie as an integer."},
    {"req.fhdr", kStr, kFromRequest, kFullHeaderArgs, false,
     "The whole value of a header field; the last one unless an occurrence is given."},
    {"req.fhdr_cnt", kNum, kFromRequest, kHeaderArg, false, "How many header fields."},
    {"req.hdr", kStr, kFromRequest, kHeaderArgs, true,
     "A comma-separated value of a header field; the last one unless an occurrence is given."},
    {"req.hdr_cnt", kNum, kFromRequest, kHeaderArg, false,
     "How many comma-separated values of a header field."},
    {"req.hdr_ip", kAddr, kFromRequest, kHeaderArgs, false, "A header value as an address."},
    {"req.hdr_names", kStr, kFromRequest, kDelimArg, false,
     "The names of all header fields, joined by the delimiter (a comma)."},
    {"req.hdr_val", kNum, kFromRequest, kHeaderArgs, false, "A header value as an integer."},
    {"req.ver", kStr, kFromRequest, {}, false, "The HTTP version: \"1.1\"."},
    {"url", kStr, kFromRequest, {}, true, "The target as the client sent it."},
    {"urlp", kStr, kFromRequest, kParamArgs, true,
     "The value of a parameter in the query, not decoded; the first one without a name."},
    {"urlp_val", kNum, kFromRequest, kParamArgs, false, "A query parameter as an integer."},

    // The response.
    {"res.cook", kStr, kFromResponse, kCookieArg, true,
     "The value of the last Set-Cookie of that name; of the first one without a name."},
    {"res.cook_cnt", kNum, kFromResponse, kCookieArg, false, "How many Set-Cookie of that name."},
    {"res.cook_val", kNum, kFromResponse, kCookieArg, false, "A Set-Cookie as an integer."},
    {"res.fhdr", kStr, kFromResponse, kFullHeaderArgs, false,
     "The whole value of a header field; the last one unless an occurrence is given."},
    {"res.fhdr_cnt", kNum, kFromResponse, kHeaderArg, false, "How many header fields."},
    {"res.hdr", kStr, kFromResponse, kHeaderArgs, true,
     "A comma-separated value of a header field; the last one unless an occurrence is given."},
    {"res.hdr_cnt", kNum, kFromResponse, kHeaderArg, false,
     "How many comma-separated values of a header field."},
    {"res.hdr_ip", kAddr, kFromResponse, kHeaderArgs, false, "A header value as an address."},
    {"res.hdr_names", kStr, kFromResponse, kDelimArg, false,
     "The names of all header fields, joined by the delimiter (a comma)."},
    {"res.hdr_val", kNum, kFromResponse, kHeaderArgs, false, "A header value as an integer."},
    {"res.ver", kStr, kFromResponse, {}, false, "The HTTP version: \"1.1\"."},
    {"status", kNum, kFromResponse, {}, false, "The response's status."},

    // What was kept of the request and the response.
    {"capture.req.hdr", kStr, kFromHead, kSlotArg, false, "What request capture slot N holds."},
    {"capture.req.method", kStr, kFromHead, {}, false, "The method as it was received."},
    {"capture.req.uri",
     kStr,
     kFromHead,
     {},
     false,
     "The target as it was received, from the first slash on."},
    {"capture.req.ver", kStr, kFromHead, {}, false, "\"HTTP/1.0\" or \"HTTP/1.1\"."},
    {"capture.res.hdr", kStr, kFromServer, kSlotArg, false, "What response capture slot N holds."},
    {"capture.res.ver", kStr, kFromServer, {}, false, "\"HTTP/1.0\" or \"HTTP/1.1\"."},
};

constexpr Alias kAliasTable[] = {
    {"cook", "req.cook", "req.cook"},
    {"cook_cnt", "req.cook_cnt", "req.cook_cnt"},
    {"cook_val", "req.cook_val", "req.cook_val"},
    {"cookie", "req.cook", "res.cook"},
    {"fc_dst", "dst", "dst"},
    {"fc_dst_port", "dst_port", "dst_port"},
    {"fc_src", "src", "src"},
    {"fc_src_port", "src_port", "src_port"},
    {"hdr", "req.hdr", "res.hdr"},
    {"hdr_cnt", "req.hdr_cnt", "req.hdr_cnt"},
    {"hdr_ip", "req.hdr_ip", "req.hdr_ip"},
    {"hdr_val", "req.hdr_val", "req.hdr_val"},
    {"req_ver", "req.ver", "req.ver"},
    {"resp_ver", "res.ver", "res.ver"},
    {"scook", "res.cook", "res.cook"},
    {"scook_cnt", "res.cook_cnt", "res.cook_cnt"},
    {"scook_val", "res.cook_val", "res.cook_val"},
    {"shdr", "res.hdr", "res.hdr"},
    {"shdr_cnt", "res.hdr_cnt", "res.hdr_cnt"},
    {"shdr_ip", "res.hdr_ip", "res.hdr_ip"},
    {"shdr_val", "res.hdr_val", "res.hdr_val"},
    {"url_param", "urlp", "urlp"},
};

}  // namespace

const std::span<const Fetch> kFetches = kFetchTable;
const std::span<const Alias> kAliases = kAliasTable;

}  // namespace lb::catalog
