#include "controlplane/service/runtime/lookup.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Lookup, WordsAreSeparatedByBlanksThatAreNotEscaped) {
  EXPECT_THAT(SplitWords("  show   stat\tup "), ElementsAre("show", "stat", "up"));
  EXPECT_THAT(SplitWords("a\\ b c\\"), ElementsAre("a b", "c\\"));
  EXPECT_THAT(SplitWords(" \t"), IsEmpty());
}

TEST(Lookup, ServerNamesNeedBothParts) {
  std::string backend, server;
  EXPECT_TRUE(SplitServerName("app/s1", &backend, &server));
  EXPECT_EQ(backend, "app");
  EXPECT_EQ(server, "s1");
  EXPECT_FALSE(SplitServerName("", &backend, &server));
  EXPECT_FALSE(SplitServerName("app", &backend, &server));
  EXPECT_FALSE(SplitServerName("app/", &backend, &server));
}

}  // namespace
}  // namespace lb::service
