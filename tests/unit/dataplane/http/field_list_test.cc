#include "dataplane/http/field_list.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Members(std::string_view list) {
  std::vector<std::string> members;
  for (std::string_view member : ListMembers(list)) members.emplace_back(member);
  return members;
}

TEST(ListMembers, SplitsAtCommasAndSkipsEmptyMembers) {
  EXPECT_THAT(Members(""), IsEmpty());
  EXPECT_THAT(Members(" , ,"), IsEmpty());
  EXPECT_THAT(Members("a"), ElementsAre("a"));
  EXPECT_THAT(Members("a, b ,\tc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Members(",a,,b,"), ElementsAre("a", "b"));
  EXPECT_THAT(Members("a b;q=1"), ElementsAre("a b;q=1"));
}

TEST(ListMembers, QuotedStringsHideCommas) {
  EXPECT_THAT(Members("x=\"a,b\", c"), ElementsAre("x=\"a,b\"", "c"));
  EXPECT_THAT(Members("\"a\\\",b\", c"), ElementsAre("\"a\\\",b\"", "c"));
  EXPECT_THAT(Members("\"a, b"), ElementsAre("\"a, b"));
  EXPECT_THAT(Members("\"a\\"), ElementsAre("\"a\\"));
}

TEST(ListHasToken, ComparesWholeMembersIgnoringCase) {
  EXPECT_TRUE(ListHasToken("Keep-Alive, Upgrade", "upgrade"));
  EXPECT_FALSE(ListHasToken("xupgrade, upgradex", "upgrade"));
  EXPECT_FALSE(ListHasToken("", "upgrade"));
}

TEST(AnyListHasToken, LooksAtEveryFieldOfTheId) {
  HeaderList headers;
  headers.Add("Connection", "a");
  headers.Add("X", "close");
  headers.Add("connection", "b, close");
  EXPECT_TRUE(AnyListHasToken(headers, HeaderId::kConnection, "close"));
  EXPECT_FALSE(AnyListHasToken(headers, HeaderId::kConnection, "c"));
  EXPECT_FALSE(AnyListHasToken(headers, HeaderId::kTe, "close"));
}

}  // namespace
}  // namespace lb::http
