// The catalog of sample fetches and converters: the one table that the configuration analyzer
// (names, arguments, places) and the rule compiler (result types) read.
//
//   const catalog::FetchRef path_beg = *catalog::FindFetch("path_beg", Direction::kRequest);
//   path_beg.fetch->name == "path"; path_beg.match == Match::kBegin;
//
// Tables are constant and live for the whole process; everything here may be called from any
// thread. Every entry is implemented by dataplane/rules.
// Source: HAProxy configuration manual, sections 7.1 (matching) and 7.3 (samples, converters).
#ifndef LB_COMMON_CATALOG_CATALOG_H_
#define LB_COMMON_CATALOG_CATALOG_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lb::catalog {

enum class ValueType : uint8_t {
  kBool,
  kInt,
  kString,
  kAddress,  // an IPv4 or IPv6 address
  kMethod,   // an HTTP method, matched as a string
  kBinary,   // bytes; an ACL on one needs "-m"
  kAny,      // only known when evaluated: var()
  kSame,     // converters: the type of what comes in
};

// "bool", "int", "str", "ip", "meth", "bin", "any", "same".
std::string_view ValueTypeName(ValueType type);

enum class ArgType : uint8_t {
  kString,
  kInt,
  kIntOrVar,  // an integer, or the name of a variable that holds one
  kVariable,  // "txn.name"
  kHeader,    // a header field's name
  kFrontend,  // a frontend's name
  kBackend,   // a backend's name
  kServer,    // "[backend/]server"
  kRegex,
  kMask4,       // "24" or "255.255.255.0"
  kMask6,       // "64"
  kNameFormat,  // of a distinguished name: "rfc2253"
};

struct Arg {
  std::string_view name;
  ArgType type = ArgType::kString;
  bool required = false;
};

// Where a fetch has something to give, as bits.
using Places = uint8_t;
inline constexpr Places kConnection = 1;  // from the moment the connection is accepted
inline constexpr Places kRequest = 2;     // rules on a request head
inline constexpr Places kResponse = 4;    // rules on a response head
inline constexpr Places kLog = 8;         // log lines at the end of the exchange
inline constexpr Places kContent = 16;    // rules on what a TCP client sends first
inline constexpr Places kEverywhere = kConnection | kRequest | kResponse | kLog | kContent;

// How a sample is compared with an ACL's patterns ("-m NAME").
enum class Match : uint8_t {
  kNone,  // no default: the ACL must say "-m"
  kBool,
  kFound,
  kString,
  kBegin,
  kEnd,
  kSub,
  kRegex,
  kDir,
  kDomain,
  kLength,
  kInt,
  kIp,
  kBinary,  // bytes, patterns in hexadecimal
};

// "beg" -> kBegin and so on; nullopt when there is no such method.
std::optional<Match> FindMatch(std::string_view name);
// The inverse: "beg"; "" for kNone.
std::string_view MatchName(Match match);
// What an ACL on a sample of this type uses without "-m"; kNone for kBinary and kAny.
Match DefaultMatch(ValueType type);
// Whether `match` can be asked of a sample of `type` (the manual's compatibility matrix, 7.1).
bool IsCompatible(Match match, ValueType type);

struct Fetch {
  std::string_view name;  // canonical: what goes into the snapshot
  ValueType result = ValueType::kString;
  Places places = kEverywhere;
  std::span<const Arg> args;
  // "path_beg" and its like exist as ACL keywords.
  bool has_match_suffixes = false;
  std::string_view description;
  Match acl_match = Match::kNone;  // without "-m"; kNone: by the result's type

  size_t required_args() const;
};

struct Converter {
  std::string_view name;
  ValueType input = ValueType::kString;  // kAny: takes every type
  ValueType result = ValueType::kString;
  std::span<const Arg> args;
  std::string_view description;

  size_t required_args() const;
};

// Which head an undirected name ("hdr", "cookie") means.
enum class Direction : uint8_t { kRequest, kResponse };

// A name as written, resolved.
struct FetchRef {
  const Fetch* fetch = nullptr;
  // The method the name implies: by its suffix, or by the result type. An expression with
  // converters uses DefaultMatch() of the last converter's result instead.
  Match match = Match::kNone;
  // The name has a match suffix ("hdr_beg"): valid in ACLs only.
  bool is_acl_keyword = false;
};

// `name` without its arguments. Knows canonical names, aliases ("hdr", "url_param", "req_ver") and
// ACL keywords with a match suffix ("path_beg", "hdr_end", "hdr_dom"). An undirected name ("hdr")
// follows `direction`; in an ACL it always means the request, as HAProxy has it: pass kRequest.
std::optional<FetchRef> FindFetch(std::string_view name, Direction direction);

// By the exact canonical name, without aliases and suffixes; null when unknown.
const Fetch* FindCanonicalFetch(std::string_view name);

const Converter* FindConverter(std::string_view name);

// All entries, in the order of the tables, which is the order of the reference page.
std::span<const Fetch> AllFetches();
std::span<const Converter> AllConverters();

// Other names of a fetch, for the reference page and "did you mean".
struct Alias {
  std::string_view name;
  std::string_view request_fetch;   // canonical: what it means in a request rule
  std::string_view response_fetch;  // canonical: what it means in a response rule
};
std::span<const Alias> AllAliases();

// Every name FindFetch() knows in ACLs, suffixed ones included: for "did you mean".
std::vector<std::string> AllFetchNames();

// Whether `count` arguments are within what the entry takes. The text says what was expected:
// "hdr() takes 0 to 2 arguments, not 3". nullopt when it is fine.
std::optional<std::string> CheckArgCount(std::string_view name, std::span<const Arg> args,
                                         size_t count);

// A "scope.name" variable: "txn.id" -> {"txn", "id"}. Scopes are proc, sess, txn, req and res;
// names are letters, digits, "." and "_". nullopt when malformed.
struct VariableName {
  std::string_view scope;
  std::string_view name;
};
std::optional<VariableName> ParseVariableName(std::string_view text);

}  // namespace lb::catalog

#endif  // LB_COMMON_CATALOG_CATALOG_H_
