// "balance" and "hash-type". Source: HAProxy configuration manual, section 4.2.
#include <charconv>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

using Algorithm = v1::Balance::Algorithm;

constexpr std::string_view kAlgorithms[] = {"roundrobin", "static-rr", "leastconn", "first",
                                            "random"};
constexpr std::string_view kNotYet[] = {"source", "uri", "url_param", "hdr", "rdp-cookie", "hash"};

Algorithm FindAlgorithm(std::string_view name) {
  if (name == "roundrobin") return v1::Balance::ROUND_ROBIN;
  if (name == "static-rr") return v1::Balance::STATIC_RR;
  if (name == "leastconn") return v1::Balance::LEAST_CONN;
  if (name == "first") return v1::Balance::FIRST;
  if (name == "random") return v1::Balance::RANDOM;
  return v1::Balance::ALGORITHM_UNSPECIFIED;
}

// "(N)" after "random"; nullopt when it is malformed.
std::optional<uint32_t> Draws(std::string_view text) {
  uint32_t draws = 0;
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') return std::nullopt;
  const char* end = text.data() + text.size() - 1;
  auto [stop, ec] = std::from_chars(text.data() + 1, end, draws);
  if (ec != std::errc() || stop != end || draws == 0) return std::nullopt;
  return draws;
}

void SetBalance(const Statement& statement, Scope& scope) {
  const std::string& text = statement.args[0].text;
  const std::string name = text.substr(0, text.find('('));
  v1::Balance balance;
  balance.set_algorithm(FindAlgorithm(name));
  if (balance.algorithm() == v1::Balance::ALGORITHM_UNSPECIFIED) {
    for (std::string_view known : kNotYet) {
      if (name != known) continue;
      return scope.Error(statement, 0, absl::StrCat("'balance ", name, "' is not supported yet"));
    }
    return scope.Error(statement, 0, absl::StrCat("unknown balance algorithm '", name, "'"),
                       DidYouMean(Closest(name, kAlgorithms)));
  }
  if (name.size() < text.size()) {
    const std::optional<uint32_t> draws = Draws(std::string_view(text).substr(name.size()));
    if (name != "random" || !draws) {
      return scope.Error(statement, 0, absl::StrCat("malformed argument in '", text, "'"));
    }
    balance.set_random_draws(*draws);
  }
  if (statement.args.size() > 1) {
    return scope.Error(
        statement, 1,
        absl::StrCat("unexpected '", statement.args[1].text, "' after 'balance ", name, "'"));
  }
  scope.proxy().balance = std::move(balance);
}

constexpr Keyword kBalanceKeywords[] = {
    {.text = {"balance", "roundrobin|static-rr|leastconn|first|random[(<draws>)]",
              "How a server is chosen.", "roundrobin", "4.2"},
     .sections = kInBackend | kInDefaults,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = SetBalance},
};

}  // namespace

std::span<const Keyword> BalanceKeywords() { return kBalanceKeywords; }

}  // namespace lb::config
