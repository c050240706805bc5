#include "controlplane/config/condition.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

std::optional<std::string> OnlySet(std::string_view name) {
  if (name == "SET") return "";
  return std::nullopt;
}

TEST(Condition, Evaluates) {
  struct Case {
    const char* text;
    bool holds;
  };
  for (const Case& c : std::vector<Case>{{"", false},
                                         {"  ", false},
                                         {"0", false},
                                         {"1", true},
                                         {"-1", true},
                                         {"!0", true},
                                         {"!!1", true},
                                         {"! 1", false},
                                         {"defined(SET)", true},
                                         {"defined(NOPE)", false},
                                         {"feature(THREAD)", true},
                                         {"feature(thread)", false},
                                         {"feature(QUIC)", false},
                                         {"streq(a,a)", true},
                                         {"streq(a b,a b)", true},
                                         {"streq(,)", true},
                                         {"streq(\"a,b\",'a,b')", true},
                                         {"streq(a\\,b,a\\,b)", true},
                                         {"strneq(a,b)", true},
                                         {"version_atleast(2.6)", true},
                                         {"version_atleast(2.6.12)", true},
                                         {"version_atleast(2.6.13)", false},
                                         {"version_atleast(2.7-dev1)", false},
                                         {"version_atleast(2.6-dev1)", true},
                                         {"version_before(3)", true},
                                         {"version_before(2.6)", false},
                                         {"1 && 0 || 1 && 1", true},
                                         {"1 && (0 || 0)", false},
                                         {"0||1", true},
                                         {"( 1 )", true}}) {
    const auto result = EvaluateCondition(c.text, OnlySet);
    ASSERT_TRUE(result.ok()) << c.text << ": " << result.status();
    EXPECT_EQ(*result, c.holds) << c.text;
  }
}

TEST(Condition, RefusesWhatIsNotAnExpression) {
  for (const char* text :
       {"foo", "foo(1)", "1 2", "1 &&", "&& 1", "(1", "1)", "streq(a)", "streq(a,b,c)", "defined(a",
        "version_atleast(x)", "!", "()", "feature()x"}) {
    EXPECT_FALSE(EvaluateCondition(text, OnlySet).ok()) << text;
  }
}

TEST(Condition, BoundsItsDepth) {
  EXPECT_FALSE(EvaluateCondition(std::string(100'000, '('), OnlySet).ok());
  EXPECT_FALSE(EvaluateCondition(std::string(100'000, '!'), OnlySet).ok());
}

}  // namespace
}  // namespace lb::config
