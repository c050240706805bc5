#include "common/catalog/log_formats.h"

namespace lb::catalog {
namespace {

constexpr auto kTagString = LogTagType::kString;
constexpr auto kTagNumber = LogTagType::kNumber;
constexpr auto kTagIp = LogTagType::kIp;
constexpr auto kTagDate = LogTagType::kDate;

constexpr LogTag kTags[] = {
    {"B", kTagNumber, false, false, "bytes sent to the client"},
    {"CC", kTagString, true, false, "captured request cookie"},
    {"CS", kTagString, true, false, "captured response cookie"},
    {"H", kTagString, false, false, "the host's name"},
    {"HM", kTagString, true, false, "the request's method"},
    {"HP", kTagString, true, false, "the request's target without the query"},
    {"HPO", kTagString, true, false, "the request's path: no host, no query"},
    {"HQ", kTagString, true, false, "the request's query with its question mark"},
    {"HU", kTagString, true, false, "the request's target"},
    {"HV", kTagString, true, false, "the request's HTTP version"},
    {"ID", kTagString, false, false, "unique id"},
    {"ST", kTagNumber, false, false, "response status"},
    {"T", kTagDate, false, false, "accept date in UTC"},
    {"Ta", kTagNumber, true, false, "active time: from the request's first byte to the end, ms"},
    {"Tc", kTagNumber, false, false, "time to connect to the server, ms"},
    {"Td", kTagNumber, false, false, "time to transfer the response, ms"},
    {"Th", kTagNumber, false, false, "time of the handshakes (TLS, PROXY protocol), ms"},
    {"Ti", kTagNumber, true, false, "idle time before the request, ms"},
    {"Tl", kTagDate, false, false, "accept date in local time"},
    {"Tq", kTagNumber, true, false, "Th + Ti + TR, ms"},
    {"TR", kTagNumber, true, false, "time to receive the whole request head, ms"},
    {"Tr", kTagNumber, true, false, "the server's response time, ms"},
    {"Ts", kTagNumber, false, true, "accept date in seconds since 1970"},
    {"Tt", kTagNumber, false, false, "total time, ms"},
    {"Tu", kTagNumber, false, false, "total time without the idle time, ms"},
    {"Tw", kTagNumber, false, false, "time waited in queues, ms"},
    {"U", kTagNumber, false, false, "bytes received from the client"},
    {"ac", kTagNumber, false, false, "connections of the process"},
    {"b", kTagString, false, false, "backend"},
    {"bc", kTagNumber, false, false, "connections of the backend"},
    {"bi", kTagIp, false, true, "our address towards the server"},
    {"bp", kTagNumber, false, true, "our port towards the server"},
    {"bq", kTagNumber, false, false, "requests before this one in the backend's queue"},
    {"ci", kTagIp, false, true, "the client's address"},
    {"cp", kTagNumber, false, true, "the client's port"},
    {"f", kTagString, false, false, "frontend"},
    {"fc", kTagNumber, false, false, "connections of the frontend"},
    {"fi", kTagIp, false, true, "the address the client connected to"},
    {"fp", kTagNumber, false, true, "the port the client connected to"},
    {"ft", kTagString, false, false, "frontend, with \"~\" when encrypted"},
    {"hr", kTagString, false, false, "captured request headers: {a|b}"},
    {"hrl", LogTagType::kStringList, false, false, "captured request headers, one field each"},
    {"hs", kTagString, false, false, "captured response headers: {a|b}"},
    {"hsl", LogTagType::kStringList, false, false, "captured response headers, one field each"},
    {"lc", kTagNumber, false, true, "the frontend's log counter"},
    {"ms", kTagNumber, false, true, "milliseconds of the accept date"},
    {"pid", kTagNumber, false, true, "process id"},
    {"r", kTagString, true, false, "the request line"},
    {"rc", kTagNumber, false, false, "retries, after \"+\" when redispatched"},
    {"rt", kTagNumber, false, true, "request or session counter"},
    {"s", kTagString, false, false, "server"},
    {"sc", kTagNumber, false, false, "connections of the server"},
    {"si", kTagIp, false, true, "the server's address"},
    {"sp", kTagNumber, false, true, "the server's port"},
    {"sq", kTagNumber, false, false, "requests before this one in the server's queue"},
    {"sslc", kTagString, false, false, "TLS cipher"},
    {"sslv", kTagString, false, false, "TLS version"},
    {"t", kTagDate, false, false, "accept date with milliseconds"},
    {"tr", kTagDate, true, false, "date of the request's first byte, with milliseconds"},
    {"trg", kTagDate, true, false, "date of the request's first byte, in UTC"},
    {"trl", kTagDate, true, false, "date of the request's first byte, in local time"},
    {"ts", kTagString, false, false, "termination state"},
    {"tsc", kTagString, true, false, "termination state with the state of cookies"},
};

}  // namespace

std::span<const LogTag> AllLogTags() { return kTags; }

const LogTag* FindLogTag(std::string_view name) {
  for (const LogTag& tag : kTags) {
    if (tag.name == name) return &tag;
  }
  return nullptr;
}

}  // namespace lb::catalog
