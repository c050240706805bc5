#include "controlplane/config/expression.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Expression, ReadsFetchArgumentsAndConverters) {
  const auto parsed = ParseExpression("req.hdr(host,1),lower,regsub(\"a,b\",'c)',g)] rest",
                                      ExpressionUse::kSample, kRequestSite);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->consumed, 42u);
  EXPECT_EQ(parsed->expr.fetch(), "req.hdr");
  EXPECT_THAT(parsed->expr.args(), ElementsAre("host", "1"));
  ASSERT_EQ(parsed->expr.converters_size(), 2);
  EXPECT_EQ(parsed->expr.converters(0).name(), "lower");
  EXPECT_THAT(parsed->expr.converters(1).args(), ElementsAre("a,b", "c)", "g"));
}

TEST(Expression, StopsWhereItEnds) {
  const auto parsed = ParseExpression("src]", ExpressionUse::kSample, kRequestSite);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->consumed, 3u);
}

TEST(Expression, SuffixedNamesAreForAcls) {
  const auto acl = ParseExpression("path_beg", ExpressionUse::kAcl, kRequestSite);
  ASSERT_TRUE(acl.ok()) << acl.status();
  EXPECT_EQ(acl->expr.fetch(), "path");
  EXPECT_EQ(acl->match, catalog::Match::kBegin);
  EXPECT_FALSE(ParseExpression("path_beg", ExpressionUse::kSample, kRequestSite).ok());
}

TEST(Expression, HdrFollowsTheDirection) {
  const auto request = ParseExpression("hdr(x)", ExpressionUse::kSample, kRequestSite);
  const auto response = ParseExpression("hdr(x)", ExpressionUse::kSample, kResponseSite);
  ASSERT_TRUE(request.ok() && response.ok());
  EXPECT_EQ(request->expr.fetch(), "req.hdr");
  EXPECT_EQ(response->expr.fetch(), "res.hdr");
}

TEST(Expression, TellsWhatGivesNothingHere) {
  const auto parsed = ParseExpression("res.hdr(x)", ExpressionUse::kSample, kRequestSite);
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->is_usable_here);
}

TEST(Expression, RefusesWithTheClosestName) {
  struct Case {
    const char* text;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{{"", "missing sample fetch"},
                                         {"srcc", "did you mean 'src'"},
                                         {"path,lowr", "did you mean 'lower'"},
                                         {"path,", "missing converter"},
                                         {"req.hdr(host", "missing ')'"},
                                         {"req.hdr(\"host)", "unmatched quote"},
                                         {"src(1)", "src"},
                                         {"var(nowhere.x)", "not a variable"},
                                         {"int(x)", "not an integer"},
                                         {"path,regsub((,b)", "does not compile"}}) {
    const auto parsed = ParseExpression(c.text, ExpressionUse::kSample, kRequestSite);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(c.message)) << c.text;
  }
}

}  // namespace
}  // namespace lb::config
