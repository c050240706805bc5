#include "controlplane/config/keyword.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "controlplane/config/keywords/http_actions.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

const Keyword* Find(SectionKind section, std::vector<std::string_view> words, size_t* used) {
  return FindKeyword(section, words, used);
}

TEST(Keyword, TheLongestNameWins) {
  size_t used = 0;
  const Keyword* keyword = Find(SectionKind::kListen, {"timeout", "client", "5s"}, &used);
  ASSERT_NE(keyword, nullptr);
  EXPECT_EQ(keyword->text.name, "timeout client");
  EXPECT_EQ(used, 2u);
  keyword = Find(SectionKind::kFrontend, {"capture", "request", "header", "x"}, &used);
  ASSERT_NE(keyword, nullptr);
  EXPECT_EQ(used, 3u);
  EXPECT_EQ(Find(SectionKind::kListen, {"timeout", "nosuch"}, &used), nullptr);
}

TEST(Keyword, TheSectionChoosesAmongRowsOfOneName) {
  size_t used = 0;
  EXPECT_EQ(Find(SectionKind::kGlobal, {"maxconn"}, &used)->sections, kInGlobal);
  EXPECT_TRUE(Find(SectionKind::kFrontend, {"maxconn"}, &used)->sections & kInFrontend);
}

TEST(Keyword, FindsTheClosestName) {
  const std::vector<std::string_view> names = {"balance", "backlog", "bind"};
  EXPECT_EQ(Closest("blance", names), "balance");
  EXPECT_EQ(Closest("abckolg", names), "backlog");
  EXPECT_EQ(Closest("binds", names), "bind");
  EXPECT_EQ(Closest("something", names), "");
  EXPECT_EQ(Closest("", names), "");
}

TEST(Keyword, SuggestsOnlyWhatTheSectionTakes) {
  const std::vector<std::string_view> words = {"timeout", "clent"};
  EXPECT_EQ(ClosestKeyword(SectionKind::kFrontend, words), "timeout client");
  EXPECT_EQ(ClosestKeyword(SectionKind::kGlobal, words), "");
}

// The four that the parser itself carries out.
bool IsParsersOwn(std::string_view name) {
  return name == "setenv" || name == "presetenv" || name == "unsetenv" || name == "resetenv";
}

bool IsTaken(Support support) { return support == Support::kFull || support == Support::kNotYet; }

TEST(KeywordTable, EveryRowIsComplete) {
  std::set<std::pair<std::string_view, Sections>> seen;
  for (const Keyword& keyword : AllKeywords()) {
    const std::string name(keyword.text.name);
    EXPECT_NE(keyword.sections, 0) << name;
    EXPECT_TRUE(seen.emplace(keyword.text.name, keyword.sections).second) << name;
    EXPECT_FALSE(keyword.text.manual.empty()) << name;
    if (IsTaken(keyword.text.support)) {
      EXPECT_EQ(keyword.apply == nullptr, IsParsersOwn(name)) << name;
      EXPECT_TRUE(keyword.text.summary.ends_with('.')) << name;
      if (keyword.min_args > 0) {
        EXPECT_FALSE(keyword.text.arguments.empty()) << name;
      }
    } else {
      EXPECT_EQ(keyword.apply, nullptr) << name;
    }
    if (keyword.text.support == Support::kNotice) {
      EXPECT_FALSE(keyword.text.reason.empty()) << name;
    }
  }
}

TEST(KeywordTable, NoSectionHasTwoRowsOfOneName) {
  std::set<std::pair<std::string_view, int>> seen;
  for (const Keyword& keyword : AllKeywords()) {
    for (int bit = 0; bit < 8; ++bit) {
      if (!(keyword.sections & (1 << bit))) continue;
      EXPECT_TRUE(seen.emplace(keyword.text.name, bit).second) << keyword.text.name;
    }
  }
}

TEST(KeywordTable, EveryParameterIsComplete) {
  std::set<std::string_view> seen;
  for (const Parameter& parameter : BindParameters()) {
    EXPECT_TRUE(seen.insert(parameter.text.name).second) << parameter.text.name;
    EXPECT_EQ(parameter.apply != nullptr, IsTaken(parameter.text.support)) << parameter.text.name;
  }
  seen.clear();
  for (std::span<const Parameter> table : {ServerParameters(), UnsupportedServerParameters()}) {
    for (const Parameter& parameter : table) {
      EXPECT_TRUE(seen.insert(parameter.text.name).second) << parameter.text.name;
      EXPECT_EQ(parameter.apply != nullptr, IsTaken(parameter.text.support)) << parameter.text.name;
    }
  }
}

TEST(KeywordTable, EveryActionIsComplete) {
  std::set<std::string_view> seen;
  for (const HttpAction& action : HttpActions()) {
    EXPECT_TRUE(seen.insert(action.text.name).second) << action.text.name;
    EXPECT_NE(action.rule_sets, 0) << action.text.name;
  }
}

}  // namespace
}  // namespace lb::config
