#include "common/catalog/catalog.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/catalog/tables.h"

namespace lb::catalog {
namespace {

constexpr std::pair<std::string_view, Match> kMatchNames[] = {
    {"bool", Match::kBool},  {"found", Match::kFound}, {"str", Match::kString},
    {"beg", Match::kBegin},  {"end", Match::kEnd},     {"sub", Match::kSub},
    {"reg", Match::kRegex},  {"dir", Match::kDir},     {"dom", Match::kDomain},
    {"len", Match::kLength}, {"int", Match::kInt},     {"ip", Match::kIp},
    {"bin", Match::kBinary},
};

// The methods that exist as keyword suffixes: "path_beg".
constexpr Match kSuffixes[] = {Match::kBegin,  Match::kDir,   Match::kDomain, Match::kEnd,
                               Match::kLength, Match::kRegex, Match::kSub};

size_t CountRequired(std::span<const Arg> args) {
  return static_cast<size_t>(
      std::count_if(args.begin(), args.end(), [](const Arg& arg) { return arg.required; }));
}

const Alias* FindAlias(std::string_view name) {
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return &alias;
  }
  return nullptr;
}

// A fetch by its own name or an alias.
const Fetch* FindPlain(std::string_view name, Direction direction) {
  if (const Fetch* fetch = FindCanonicalFetch(name)) return fetch;
  const Alias* alias = FindAlias(name);
  if (alias == nullptr) return nullptr;
  return FindCanonicalFetch(direction == Direction::kRequest ? alias->request_fetch
                                                             : alias->response_fetch);
}

// What stands before a match suffix. Suffixed names are of ACLs, so undirected ones mean requests.
const Fetch* FindForSuffix(std::string_view stem) {
  const Fetch* fetch = FindPlain(stem, Direction::kRequest);
  return fetch != nullptr && fetch->has_match_suffixes ? fetch : nullptr;
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

}  // namespace

size_t Fetch::required_args() const { return CountRequired(args); }
size_t Converter::required_args() const { return CountRequired(args); }

std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return "bool";
    case ValueType::kInt:
      return "int";
    case ValueType::kString:
      return "str";
    case ValueType::kAddress:
      return "ip";
    case ValueType::kMethod:
      return "meth";
    case ValueType::kBinary:
      return "bin";
    case ValueType::kAny:
      return "any";
    case ValueType::kSame:
      return "same";
  }
  return "";
}

std::optional<Match> FindMatch(std::string_view name) {
  for (const auto& [known, match] : kMatchNames) {
    if (known == name) return match;
  }
  return std::nullopt;
}

std::string_view MatchName(Match match) {
  for (const auto& [name, known] : kMatchNames) {
    if (known == match) return name;
  }
  return "";
}

Match DefaultMatch(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return Match::kBool;
    case ValueType::kInt:
      return Match::kInt;
    case ValueType::kAddress:
      return Match::kIp;
    case ValueType::kString:
    case ValueType::kMethod:
      return Match::kString;
    default:
      return Match::kNone;
  }
}

bool IsCompatible(Match match, ValueType type) {
  switch (match) {
    case Match::kNone:
      return false;
    case Match::kBool:
      return type != ValueType::kAddress && type != ValueType::kBinary;
    case Match::kInt:
      return type != ValueType::kBinary;
    case Match::kIp:
      return type != ValueType::kBool && type != ValueType::kInt && type != ValueType::kMethod;
    default:
      return true;
  }
}

std::span<const Fetch> AllFetches() { return kFetches; }
std::span<const Converter> AllConverters() { return kConverters; }
std::span<const Alias> AllAliases() { return kAliases; }

const Fetch* FindCanonicalFetch(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Fetch& fetch : kFetches) {
    if (fetch.name == name) return &fetch;
  }
  return nullptr;
}

std::optional<FetchRef> FindFetch(std::string_view name, Direction direction) {
  if (const Fetch* fetch = FindPlain(name, direction)) {
    const Match match =
        fetch->acl_match != Match::kNone ? fetch->acl_match : DefaultMatch(fetch->result);
    return FetchRef{fetch, match, /*is_acl_keyword=*/false};
  }
  for (Match match : kSuffixes) {
    std::string_view suffix = MatchName(match);
    if (name.size() <= suffix.size() + 1 || !name.ends_with(suffix)) continue;
    std::string_view stem = name.substr(0, name.size() - suffix.size() - 1);
    if (name[stem.size()] != '_') continue;
    const Fetch* fetch = FindForSuffix(stem);
    if (fetch != nullptr) return FetchRef{fetch, match, /*is_acl_keyword=*/true};
  }
  return std::nullopt;
}

const Converter* FindConverter(std::string_view name) {
  for (const Converter& converter : kConverters) {
    if (converter.name == name) return &converter;
  }
  return nullptr;
}

std::vector<std::string> AllFetchNames() {
  std::vector<std::string> names;
  auto add = [&names](std::string_view name, bool has_match_suffixes) {
    names.emplace_back(name);
    if (!has_match_suffixes) return;
    for (Match match : kSuffixes) {
      names.push_back(std::string(name) + "_" + std::string(MatchName(match)));
    }
  };
  for (const Fetch& fetch : kFetches) add(fetch.name, fetch.has_match_suffixes);
  for (const Alias& alias : kAliases) add(alias.name, FindForSuffix(alias.name) != nullptr);
  return names;
}

std::optional<std::string> CheckArgCount(std::string_view name, std::span<const Arg> args,
                                         size_t count) {
  size_t required = CountRequired(args);
  if (count >= required && count <= args.size()) return std::nullopt;
  std::string expected = std::to_string(args.size());
  if (required != args.size()) expected = std::to_string(required) + " to " + expected;
  bool is_one = expected == "1";
  return std::string(name) + "() takes " + expected + (is_one ? " argument" : " arguments") +
         ", not " + std::to_string(count);
}

std::optional<VariableName> ParseVariableName(std::string_view text) {
  size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  VariableName variable{text.substr(0, dot), text.substr(dot + 1)};
  constexpr std::string_view kScopes[] = {"proc", "sess", "txn", "req", "res"};
  if (std::find(std::begin(kScopes), std::end(kScopes), variable.scope) == std::end(kScopes)) {
    return std::nullopt;
  }
  if (variable.name.empty() ||
      !std::all_of(variable.name.begin(), variable.name.end(), IsNameByte)) {
    return std::nullopt;
  }
  return variable;
}

}  // namespace lb::catalog
