#include "dataplane/rules/regex.h"

#include <gtest/gtest.h>

namespace lb::rules {
namespace {

Regex MustCompile(std::string_view pattern, bool ignore_case = false) {
  absl::StatusOr<Regex> regex = Regex::Compile(pattern, ignore_case);
  EXPECT_TRUE(regex.ok()) << regex.status();
  return *regex;
}

TEST(Regex, MatchesAnywhereUnlessAnchored) {
  EXPECT_TRUE(MustCompile("b+").Matches("abbc"));
  EXPECT_FALSE(MustCompile("^b").Matches("abbc"));
  EXPECT_FALSE(MustCompile("B").Matches("abbc"));
  EXPECT_TRUE(MustCompile("B", /*ignore_case=*/true).Matches("abbc"));
  EXPECT_TRUE(MustCompile("^$").Matches(std::string_view()));
}

TEST(Regex, ErrorsNamePatternReasonAndOffset) {
  absl::StatusOr<Regex> regex = Regex::Compile("(a", /*ignore_case=*/false);
  ASSERT_FALSE(regex.ok());
  EXPECT_EQ(regex.status().message(), "regex '(a': missing closing parenthesis at offset 2");
}

TEST(Regex, FindGivesGroups) {
  Regex::Groups groups;
  ASSERT_TRUE(MustCompile("(a)(x)?(b)").Find("zab", 0, &groups));
  EXPECT_EQ(groups[0], "ab");
  EXPECT_EQ(groups[1], "a");
  EXPECT_EQ(groups[2], "");
  EXPECT_EQ(groups[3], "b");
  EXPECT_EQ(groups[9], "");
  EXPECT_FALSE(MustCompile("q").Find("zab", 0, &groups));
  EXPECT_FALSE(MustCompile("^a").Find("aa", 1, &groups)) << "not the beginning";
}

TEST(Regex, MoreThanTenGroupsKeepTheFirstTen) {
  Regex::Groups groups;
  ASSERT_TRUE(MustCompile("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)").Find("abcdefghijk", 0, &groups));
  EXPECT_EQ(groups[0], "abcdefghijk");
  EXPECT_EQ(groups[9], "i");
}

TEST(Regex, APatternThatExplodesDoesNotMatch) {
  EXPECT_FALSE(MustCompile("^(a+)+$").Matches(std::string(64, 'a') + "b"));
}

TEST(Regex, ReplacementsExpand) {
  Regex::Groups groups;
  groups[0] = "whole";
  groups[1] = "one";
  struct {
    const char* replacement;
    const char* text;
  } cases[] = {
      {"[\\0]", "[whole]"}, {"\\1\\1", "oneone"}, {"\\2", ""},  {"\\x41", "A"},
      {"\\xZZ", "xZZ"},     {"\\\\n", "\\n"},     {"\\.", "."}, {"plain", "plain"},
      {"end\\", "end\\"},   {"\\x4", "x4"},
  };
  for (const auto& c : cases) {
    std::string out = ">";
    ExpandReplacement(c.replacement, groups, &out);
    EXPECT_EQ(out, std::string(">") + c.text) << c.replacement;
  }
}

}  // namespace
}  // namespace lb::rules
