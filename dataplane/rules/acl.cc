#include "dataplane/rules/acl.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

#include "common/base/status.h"

namespace lb::rules {
namespace {

using catalog::Match;

std::string LowerCopy(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

std::string_view LowerInArena(std::string_view text, http::Arena& arena) {
  char* start = arena.Allocate(text.size());
  std::transform(text.begin(), text.end(), start, absl::ascii_tolower);
  return {start, text.size()};
}

std::string_view Delimiters(Match match) { return match == Match::kDir ? "/?" : "/?.:"; }

// Delimiters around a pattern mean nothing.
std::string_view StripDelimiters(std::string_view pattern, std::string_view delimiters) {
  size_t start = pattern.find_first_not_of(delimiters);
  if (start == std::string_view::npos) return {};
  return pattern.substr(start, pattern.find_last_not_of(delimiters) - start + 1);
}

// Whether `word` stands in `text` between delimiters or the text's ends.
bool ContainsWord(std::string_view text, std::string_view word, std::string_view delimiters) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    size_t end = at + word.size();
    bool starts = at == 0 || delimiters.find(text[at - 1]) != std::string_view::npos;
    bool ends = end == text.size() || delimiters.find(text[end]) != std::string_view::npos;
    if (starts && ends) return true;
  }
  return false;
}

bool ReadNumber(std::string_view text, int64_t* number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// An IPv4 address as IPv6 knows it.
IpAddress MapToV6(const IpAddress& v4) {
  IpAddress ip;
  ip.family = 6;
  ip.bytes[10] = ip.bytes[11] = 0xff;
  std::copy(v4.bytes, v4.bytes + 4, ip.bytes + 12);
  return ip;
}

// The IPv4 address within ::a.b.c.d, ::ffff:a.b.c.d or 2002:a.b.c.d::.
std::optional<IpAddress> EmbeddedV4(const IpAddress& v6) {
  const uint8_t* bytes = v6.bytes;
  IpAddress ip;
  ip.family = 4;
  if (bytes[0] == 0x20 && bytes[1] == 0x02) {
    std::copy(bytes + 2, bytes + 6, ip.bytes);
    return ip;
  }
  bool has_zeros = std::all_of(bytes, bytes + 10, [](uint8_t b) { return b == 0; });
  bool is_mapped = bytes[10] == 0xff && bytes[11] == 0xff;
  bool is_compatible = bytes[10] == 0 && bytes[11] == 0;
  if (!has_zeros || (!is_mapped && !is_compatible)) return std::nullopt;
  std::copy(bytes + 12, bytes + 16, ip.bytes);
  return ip;
}

bool SharesPrefix(const IpAddress& a, const IpAddress& b, uint8_t bits) {
  size_t whole = bits / 8;
  if (!std::equal(a.bytes, a.bytes + whole, b.bytes)) return false;
  uint8_t mask = static_cast<uint8_t>(0xff00 >> (bits % 8));
  return mask == 0 || ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

bool IsTextMatch(Match match) {
  switch (match) {
    case Match::kString:
    case Match::kBegin:
    case Match::kEnd:
    case Match::kSub:
    case Match::kRegex:
    case Match::kDir:
    case Match::kDomain:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<PatternSet> PatternSet::Compile(Match match, bool ignore_case,
                                               const std::vector<std::string>& patterns) {
  PatternSet set;
  set.match_ = match;
  set.ignore_case_ = ignore_case;
  for (const std::string& pattern : patterns) LB_RETURN_IF_ERROR(set.Add(pattern));
  return set;
}

absl::Status PatternSet::Add(const std::string& pattern) {
  switch (match_) {
    case Match::kNone:
      return absl::InvalidArgumentError("no match method");
    case Match::kBool:
    case Match::kFound:
      return absl::OkStatus();
    case Match::kInt:
    case Match::kLength: {
      LB_ASSIGN_OR_RETURN(Range range, ParseRange(pattern));
      ranges_.push_back(range);
      return absl::OkStatus();
    }
    case Match::kIp: {
      LB_ASSIGN_OR_RETURN(Network network, ParseNetwork(pattern));
      networks_.push_back(network);
      return absl::OkStatus();
    }
    case Match::kRegex: {
      LB_ASSIGN_OR_RETURN(Regex regex, Regex::Compile(pattern, ignore_case_));
      regexes_.push_back(std::move(regex));
      return absl::OkStatus();
    }
    default:
      break;
  }
  if (match_ == Match::kBinary) {
    const absl::string_view hex(pattern);
    if (hex.size() % 2 != 0 || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
      return absl::InvalidArgumentError("pattern '" + pattern + "': expected hexadecimal digits");
    }
    exact_.insert(absl::HexStringToBytes(hex));
    return absl::OkStatus();
  }
  std::string text = ignore_case_ ? LowerCopy(pattern) : pattern;
  if (match_ == Match::kString) {
    exact_.insert(std::move(text));
    return absl::OkStatus();
  }
  if (match_ == Match::kDir || match_ == Match::kDomain) {
    text = StripDelimiters(text, Delimiters(match_));
    if (text.empty()) {
      return absl::InvalidArgumentError("pattern '" + pattern + "' has nothing but delimiters");
    }
  }
  texts_.push_back(std::move(text));
  return absl::OkStatus();
}

absl::StatusOr<PatternSet::Range> PatternSet::ParseRange(std::string_view text) {
  absl::Status error =
      absl::InvalidArgumentError("pattern '" + std::string(text) +
                                 "': expected an integer, a range such as 1024:65535 or a "
                                 "comparison such as ge:5");
  Range range;
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    if (!ReadNumber(text, &range.low)) return error;
    range.high = range.low;
    return range;
  }
  std::string_view low = text.substr(0, colon);
  std::string_view high = text.substr(colon + 1);
  bool is_above = low == "gt" || low == "ge";
  if (is_above || low == "lt" || low == "le" || low == "eq") {
    int64_t number;
    if (!ReadNumber(high, &number)) return error;
    if (is_above || low == "eq") range.low = number + (low == "gt" ? 1 : 0);
    if (!is_above) range.high = number - (low == "lt" ? 1 : 0);
    return range;
  }
  if (!low.empty() && !ReadNumber(low, &range.low)) return error;
  if (!high.empty() && !ReadNumber(high, &range.high)) return error;
  if (text.size() == 1) return error;
  return range;
}

absl::StatusOr<PatternSet::Network> PatternSet::ParseNetwork(std::string_view text) {
  size_t slash = text.find('/');
  std::optional<IpAddress> ip = IpAddress::Parse(text.substr(0, slash));
  if (!ip.has_value()) {
    return absl::InvalidArgumentError("pattern '" + std::string(text) +
                                      "': expected an address or a network such as 10.0.0.0/8");
  }
  int64_t most = ip->family == 4 ? 32 : 128;
  int64_t bits = most;
  if (slash != std::string_view::npos &&
      (!ReadNumber(text.substr(slash + 1), &bits) || bits < 0 || bits > most)) {
    return absl::InvalidArgumentError("pattern '" + std::string(text) +
                                      "': expected a prefix length of 0 to " +
                                      std::to_string(most));
  }
  return Network{*ip, static_cast<uint8_t>(bits)};
}

bool PatternSet::Matches(const Sample& sample, http::Arena& arena) const {
  if (match_ == Match::kFound) return sample.has_value();
  if (match_ == Match::kBool) return sample.ToBool().value_or(false);
  if (match_ == Match::kInt) {
    std::optional<int64_t> number = sample.ToInt();
    return number.has_value() && MatchesNumber(*number);
  }
  if (match_ == Match::kIp) {
    std::optional<IpAddress> ip = sample.ToIp();
    return ip.has_value() && MatchesIp(*ip);
  }
  if (match_ == Match::kBinary) {
    std::optional<std::string_view> bytes = sample.ToBytes(arena);
    return bytes.has_value() && exact_.contains(absl::string_view(bytes->data(), bytes->size()));
  }
  std::optional<std::string_view> text = sample.ToText(arena);
  if (!text.has_value()) return false;
  if (match_ == Match::kLength) return MatchesNumber(static_cast<int64_t>(text->size()));
  if (!IsTextMatch(match_)) return false;
  // Regular expressions ignore case by themselves.
  bool lowers = ignore_case_ && match_ != Match::kRegex;
  return MatchesText(lowers ? LowerInArena(*text, arena) : *text);
}

bool PatternSet::MatchesText(std::string_view text) const {
  auto any = [this](auto matches) { return std::any_of(texts_.begin(), texts_.end(), matches); };
  switch (match_) {
    case Match::kString:
      return exact_.contains(absl::string_view(text.data(), text.size()));
    case Match::kBegin:
      return any([&](const std::string& pattern) { return text.starts_with(pattern); });
    case Match::kEnd:
      return any([&](const std::string& pattern) { return text.ends_with(pattern); });
    case Match::kSub:
      return any([&](const std::string& pattern) { return text.find(pattern) != text.npos; });
    case Match::kRegex:
      return std::any_of(regexes_.begin(), regexes_.end(),
                         [&](const Regex& regex) { return regex.Matches(text); });
    default:
      return any([&](const std::string& pattern) {
        return ContainsWord(text, pattern, Delimiters(match_));
      });
  }
}

bool PatternSet::MatchesNumber(int64_t number) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [number](const Range& range) {
    return number >= range.low && number <= range.high;
  });
}

bool PatternSet::MatchesIp(const IpAddress& ip) const {
  return std::any_of(networks_.begin(), networks_.end(), [&ip](const Network& network) {
    if (ip.family == network.address.family) return SharesPrefix(ip, network.address, network.bits);
    if (ip.family == 4) return SharesPrefix(MapToV6(ip), network.address, network.bits);
    std::optional<IpAddress> v4 = EmbeddedV4(ip);
    return v4.has_value() && SharesPrefix(*v4, network.address, network.bits);
  });
}

bool AclTest::Holds(TxnContext& context) const {
  FetchCursor cursor;
  do {
    Sample sample = expr.EvaluateNext(context, &cursor);
    if (sample.has_value() && patterns.Matches(sample, *context.arena)) return true;
  } while (cursor.has_more);
  return false;
}

Truth AclTest::Decide(TxnContext& context) const {
  Truth truth = Truth::kNo;
  FetchCursor cursor;
  do {
    context.may_change = false;
    Sample sample = expr.EvaluateNext(context, &cursor);
    if (sample.has_value() && patterns.Matches(sample, *context.arena)) return Truth::kYes;
    const bool awaits_request =
        needs_request && context.request == nullptr && context.may_be_request;
    if (context.may_change || awaits_request) truth = Truth::kUndecided;
  } while (cursor.has_more);
  return truth;
}

Truth Acl::Decide(TxnContext& context) const {
  Truth truth = Truth::kNo;
  for (const AclTest& test : tests) {
    truth = std::max(truth, test.Decide(context));
    if (truth == Truth::kYes) break;
  }
  return truth;
}

bool Acl::Holds(TxnContext& context) const {
  return std::any_of(tests.begin(), tests.end(),
                     [&context](const AclTest& test) { return test.Holds(context); });
}

}  // namespace lb::rules
