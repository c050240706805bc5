#include "controlplane/config/acl_pattern.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using catalog::Match;
using testing::ElementsAre;

TEST(AclPattern, NormalizesByMethod) {
  struct Case {
    Match match;
    const char* comparison;
    const char* text;
    const char* pattern;
  };
  for (const Case& c :
       std::vector<Case>{{Match::kInt, "", "80", "80"},
                         {Match::kInt, "eq", "080", "80"},
                         {Match::kInt, "ge", "5", "ge:5"},
                         {Match::kInt, "", "10:20", "10:20"},
                         {Match::kInt, "", "10:", "ge:10"},
                         {Match::kInt, "", ":20", "le:20"},
                         {Match::kInt, "lt", "-3", "lt:-3"},
                         {Match::kLength, "gt", "8", "gt:8"},
                         {Match::kIp, "", "10.0.0.0/8", "10.0.0.0/8"},
                         {Match::kIp, "", "10/8", "10.0.0.0/8"},
                         {Match::kIp, "", "172.16.0.0/255.240.0.0", "172.16.0.0/12"},
                         {Match::kIp, "", "::1", "::1"},
                         {Match::kIp, "", "2001:db8::/32", "2001:db8::/32"},
                         {Match::kString, "", "a b", "a b"},
                         {Match::kRegex, "", "^a(b)$", "^a(b)$"}}) {
    const auto pattern = NormalizePattern(c.match, c.comparison, c.text);
    ASSERT_TRUE(pattern.ok()) << c.text << ": " << pattern.status();
    EXPECT_EQ(*pattern, c.pattern) << c.text;
  }
}

TEST(AclPattern, RefusesWhatDoesNotFit) {
  struct Case {
    Match match;
    const char* comparison;
    const char* text;
  };
  for (const Case& c : std::vector<Case>{{Match::kInt, "", "x"},
                                         {Match::kInt, "", ":"},
                                         {Match::kInt, "", "9:1"},
                                         {Match::kInt, "ge", "1:2"},
                                         {Match::kIp, "", "10.0.0.0/33"},
                                         {Match::kIp, "", "10.0.0.0/255.0.255.0"},
                                         {Match::kIp, "", "::/129"},
                                         {Match::kIp, "", ""},
                                         {Match::kIp, "", "name"},
                                         {Match::kRegex, "", "("}}) {
    EXPECT_FALSE(NormalizePattern(c.match, c.comparison, c.text).ok()) << c.text;
  }
}

TEST(AclPattern, ReadsPatternFiles) {
  EXPECT_THAT(SplitPatternFile("# head\na\n\n  b c\r\n#x\nd"), ElementsAre("a", "b c", "d"));
  EXPECT_THAT(SplitPatternFile(""), ElementsAre());
}

}  // namespace
}  // namespace lb::config
