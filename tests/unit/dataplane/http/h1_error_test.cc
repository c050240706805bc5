#include "dataplane/http/h1_error.h"

#include <set>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

TEST(ParseError, EveryErrorHasAStatusAndATextOfItsOwn) {
  std::set<std::string_view> texts;
  for (int i = 0; i <= static_cast<int>(ParseError::kTrailersTooLarge); ++i) {
    ParseError error = static_cast<ParseError>(i);
    EXPECT_TRUE(texts.insert(Describe(error)).second) << Describe(error);
    if (error == ParseError::kNone) continue;
    EXPECT_GE(StatusOf(error), 400);
    EXPECT_LT(StatusOf(error), 600);
  }
}

// One row each end and around the special ones: a row out of place shifts them.
TEST(ParseError, TheTableIsInTheOrderOfTheEnum) {
  EXPECT_EQ(Describe(ParseError::kBadMethod), "bad method");
  EXPECT_EQ(StatusOf(ParseError::kUnsupportedVersion), 400);
  EXPECT_EQ(Describe(ParseError::kObsFold), "obsolete line folding");
  EXPECT_EQ(StatusOf(ParseError::kUnsupportedTransferEncoding), 422);
  EXPECT_EQ(Describe(ParseError::kMissingHost), "missing Host");
  EXPECT_EQ(StatusOf(ParseError::kTargetTooLong), 414);
  EXPECT_EQ(StatusOf(ParseError::kHeadTooLarge), 431);
  EXPECT_EQ(StatusOf(ParseError::kTooManyHeaders), 431);
  EXPECT_EQ(Describe(ParseError::kTrailersTooLarge), "trailer fields too large");
}

}  // namespace
}  // namespace lb::http
