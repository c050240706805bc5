#include "controlplane/config/acl_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "common/base/status.h"
#include "controlplane/config/regex_check.h"

namespace lb::config {
namespace {

using catalog::Match;

constexpr std::array<std::string_view, 5> kOperators = {"eq", "ge", "gt", "le", "lt"};

std::optional<int64_t> Integer(std::string_view text) {
  int64_t value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

absl::StatusOr<std::string> NormalizeInteger(std::string_view comparison, std::string_view text) {
  const std::string whole(text);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    const std::optional<int64_t> value = Integer(text);
    if (!value) return InvalidArgument(absl::StrCat("'", whole, "' is not an integer"));
    if (comparison.empty() || comparison == "eq") return absl::StrCat(*value);
    return absl::StrCat(std::string(comparison), ":", *value);
  }
  if (!comparison.empty() && comparison != "eq") {
    return InvalidArgument(
        absl::StrCat("range '", whole, "' cannot follow '", std::string(comparison), "'"));
  }
  const std::string_view low = text.substr(0, colon);
  const std::string_view high = text.substr(colon + 1);
  const std::optional<int64_t> least = low.empty() ? INT64_MIN : Integer(low);
  const std::optional<int64_t> most = high.empty() ? INT64_MAX : Integer(high);
  if (!least || !most || (low.empty() && high.empty())) {
    return InvalidArgument(absl::StrCat("'", whole, "' is not a range of integers"));
  }
  if (*least > *most) return InvalidArgument(absl::StrCat("range '", whole, "' runs backwards"));
  if (low.empty()) return absl::StrCat("le:", *most);
  if (high.empty()) return absl::StrCat("ge:", *least);
  return absl::StrCat(*least, ":", *most);
}

// "24" or "255.255.255.0" as a prefix length of at most `most` bits.
absl::StatusOr<int> MaskBits(std::string_view mask, int most) {
  if (const std::optional<int64_t> bits = Integer(mask)) {
    if (*bits >= 0 && *bits <= most) return static_cast<int>(*bits);
  } else if (in_addr address; inet_pton(AF_INET, std::string(mask).c_str(), &address) == 1) {
    const uint32_t value = ntohl(address.s_addr);
    const int ones = std::countl_one(value);
    if (std::popcount(value) == ones) return ones;
  }
  return InvalidArgument(absl::StrCat("'", std::string(mask), "' is not a network mask"));
}

absl::StatusOr<std::string> NormalizeIp(std::string_view text) {
  const size_t slash = text.find('/');
  std::string address(text.substr(0, slash));
  const bool has_mask = slash != std::string_view::npos;
  in6_addr v6;
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    if (!has_mask) return address;
    LB_ASSIGN_OR_RETURN(int bits, MaskBits(text.substr(slash + 1), 128));
    return absl::StrCat(address, "/", bits);
  }
  // "192.168" means 192.168.0.0, as in HAProxy.
  for (auto dots = std::ranges::count(address, '.'); dots < 3 && !address.empty(); ++dots) {
    address += ".0";
  }
  in_addr v4;
  if (inet_pton(AF_INET, address.c_str(), &v4) != 1) {
    return InvalidArgument(
        absl::StrCat("'", std::string(text), "' is not an IP address or network"));
  }
  if (!has_mask) return address;
  LB_ASSIGN_OR_RETURN(int bits, MaskBits(text.substr(slash + 1), 32));
  return absl::StrCat(address, "/", bits);
}

// Bytes in hexadecimal, in lower case.
absl::StatusOr<std::string> NormalizeBinary(std::string_view text) {
  const bool is_hex = text.size() % 2 == 0 && std::ranges::all_of(text, [](char c) {
                        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                      });
  if (!is_hex) {
    return InvalidArgument(absl::StrCat("'", std::string(text), "' is not bytes in hexadecimal"));
  }
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// "3.1" as the number that it stands for; "3" is 3.0.
std::optional<int64_t> ParseTlsVersion(std::string_view text) {
  const size_t dot = text.find('.');
  const std::optional<int64_t> major = Integer(text.substr(0, dot));
  const std::optional<int64_t> minor =
      dot == std::string_view::npos ? 0 : Integer(text.substr(dot + 1));
  if (!major || *major < 0 || *major > 65535 || !minor || *minor < 0 || *minor > 65535) {
    return std::nullopt;
  }
  return *major << 16 | *minor;
}

}  // namespace

v1::MatchMethod ToWire(Match match) {
  switch (match) {
    case Match::kNone:
      return v1::MATCH_METHOD_UNSPECIFIED;
    case Match::kBool:
      return v1::MATCH_BOOL;
    case Match::kFound:
      return v1::MATCH_FOUND;
    case Match::kString:
      return v1::MATCH_STR;
    case Match::kBegin:
      return v1::MATCH_BEG;
    case Match::kEnd:
      return v1::MATCH_END;
    case Match::kSub:
      return v1::MATCH_SUB;
    case Match::kRegex:
      return v1::MATCH_REG;
    case Match::kDir:
      return v1::MATCH_DIR;
    case Match::kDomain:
      return v1::MATCH_DOM;
    case Match::kLength:
      return v1::MATCH_LEN;
    case Match::kInt:
      return v1::MATCH_INT;
    case Match::kIp:
      return v1::MATCH_IP;
    case Match::kBinary:
      return v1::MATCH_BIN;
  }
  return v1::MATCH_METHOD_UNSPECIFIED;
}

bool IsOperator(std::string_view word) {
  return std::ranges::find(kOperators, word) != kOperators.end();
}

absl::StatusOr<std::string> NormalizePattern(Match match, std::string_view comparison,
                                             std::string_view text) {
  switch (match) {
    case Match::kInt:
    case Match::kLength:
      return NormalizeInteger(comparison, text);
    case Match::kIp:
      return NormalizeIp(text);
    case Match::kBinary:
      return NormalizeBinary(text);
    case Match::kRegex:
      LB_RETURN_IF_ERROR(CheckRegex(text));
      return std::string(text);
    default:
      return std::string(text);
  }
}

absl::StatusOr<std::string> NormalizeVersion(std::string_view comparison, std::string_view text) {
  std::vector<std::string> numbers;
  for (absl::string_view part : absl::StrSplit(absl::string_view(text.data(), text.size()), ':')) {
    const std::optional<int64_t> number = ParseTlsVersion({part.data(), part.size()});
    if (!number && !part.empty()) {
      return InvalidArgument(absl::StrCat("'", std::string(text),
                                          "' is not a version such as 3.1 or a range of them"));
    }
    numbers.push_back(number ? absl::StrCat(*number) : "");
  }
  return NormalizeInteger(comparison, absl::StrJoin(numbers, ":"));
}

std::vector<std::string> SplitPatternFile(std::string_view text) {
  std::vector<std::string> patterns;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    patterns.emplace_back(line);
  }
  return patterns;
}

}  // namespace lb::config
