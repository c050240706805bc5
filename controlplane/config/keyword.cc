#include "controlplane/config/keyword.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

// Names have at most three words: "capture request header".
constexpr size_t kMaxNameWords = 3;

std::string Join(std::span<const std::string_view> words) {
  std::string joined;
  for (std::string_view word : words) {
    if (!joined.empty()) joined.push_back(' ');
    joined.append(word);
  }
  return joined;
}

// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

using Index = std::multimap<std::string_view, const Keyword*>;

const Index& IndexByName() {
  static const Index* const index = [] {
    auto* made = new Index;
    for (const Keyword& keyword : AllKeywords()) made->emplace(keyword.text.name, &keyword);
    return made;
  }();
  return *index;
}

size_t WordCount(std::string_view name) {
  return 1 + static_cast<size_t>(std::ranges::count(name, ' '));
}

// Tracks the best candidate so far; a candidate must be within a third of its length.
class Best {
 public:
  void Offer(std::string_view text, std::string_view candidate) {
    const size_t limit = std::max<size_t>(1, candidate.size() / 3);
    if (text.size() > candidate.size() + limit || candidate.size() > text.size() + limit) return;
    const size_t distance = Distance(text, candidate);
    if (distance > limit || (!name_.empty() && distance >= distance_)) return;
    name_ = candidate;
    distance_ = distance;
  }
  std::string name() const { return std::string(name_); }

 private:
  std::string_view name_;
  size_t distance_ = 0;
};

}  // namespace

std::string_view SectionName(SectionKind kind) {
  switch (kind) {
    case SectionKind::kGlobal:
      return "global";
    case SectionKind::kDefaults:
      return "defaults";
    case SectionKind::kFrontend:
      return "frontend";
    case SectionKind::kListen:
      return "listen";
    case SectionKind::kBackend:
      return "backend";
    case SectionKind::kIgnored:
      break;
  }
  return "ignored";
}

std::span<const KeywordTable> KeywordTables() {
  static const std::vector<KeywordTable>* const tables =
      new std::vector<KeywordTable>{{"The process", GlobalKeywords()},
                                    {"TLS and HTTP/2", TlsKeywords()},
                                    {"Runtime socket and statistics page", StatsKeywords()},
                                    {"Logs", LogKeywords()},
                                    {"Proxies", ProxyKeywords()},
                                    {"Timeouts", TimeoutKeywords()},
                                    {"Options", OptionKeywords()},
                                    {"Listeners", BindKeywords()},
                                    {"Choosing a backend", RoutingKeywords()},
                                    {"Choosing a server", BalanceKeywords()},
                                    {"Servers", ServerKeywords()},
                                    {"Health checks", CheckKeywords()},
                                    {"HTTP rules", HttpRuleKeywords()},
                                    {"TCP rules", TcpRuleKeywords()},
                                    {"Error replies", ErrorKeywords()},
                                    {"Kept for other programs", ProcessKeywords()},
                                    {"Not supported yet", UnsupportedKeywords()}};
  return *tables;
}

std::span<const Keyword> AllKeywords() {
  static const std::vector<Keyword>* const all = [] {
    auto* made = new std::vector<Keyword>;
    for (const KeywordTable& table : KeywordTables()) {
      made->insert(made->end(), table.rows.begin(), table.rows.end());
    }
    return made;
  }();
  return *all;
}

const Keyword* FindKeyword(SectionKind section, std::span<const std::string_view> words,
                           size_t* used) {
  for (size_t count = std::min(kMaxNameWords, words.size()); count > 0; --count) {
    const std::string name = Join(words.first(count));
    const auto [begin, end] = IndexByName().equal_range(name);
    if (begin == end) continue;
    *used = count;
    for (auto it = begin; it != end; ++it) {
      if (it->second->sections & Bit(section)) return it->second;
    }
    return begin->second;
  }
  return nullptr;
}

std::string ClosestKeyword(SectionKind section, std::span<const std::string_view> words) {
  Best best;
  for (const Keyword& keyword : AllKeywords()) {
    if (!(keyword.sections & Bit(section)) || keyword.text.support != Support::kFull) continue;
    const size_t count = WordCount(keyword.text.name);
    if (count <= words.size()) best.Offer(Join(words.first(count)), keyword.text.name);
  }
  return best.name();
}

std::string Closest(std::string_view text, std::span<const std::string_view> candidates) {
  Best best;
  for (std::string_view candidate : candidates) best.Offer(text, candidate);
  return best.name();
}

std::string DidYouMean(std::string_view closest) {
  return closest.empty() ? "" : absl::StrCat("did you mean '", std::string(closest), "'?");
}

}  // namespace lb::config
