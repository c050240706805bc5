#include "dataplane/rules/header_values.h"

#include <gtest/gtest.h>

#include <string>

namespace lb::rules {
namespace {

std::string Elements(std::string_view list) {
  std::string all;
  for (size_t offset = 0; offset != std::string_view::npos;) {
    all += "<" + std::string(NextListElement(list, &offset)) + ">";
  }
  return all;
}

std::string Cookies(std::string_view value) {
  std::string all;
  size_t offset = 0;
  while (std::optional<Cookie> cookie = NextCookie(value, &offset)) {
    all += std::string(cookie->name) + "=" + std::string(cookie->value) + "|";
  }
  return all;
}

TEST(HeaderValues, ListsSplitAtCommasOutsideQuotes) {
  EXPECT_EQ(Elements("a, b ,c"), "<a><b><c>");
  EXPECT_EQ(Elements(""), "<>");
  EXPECT_EQ(Elements("a,,b,"), "<a><><b><>");
  EXPECT_EQ(Elements("\"a,b\",c"), "<\"a,b\"><c>");
  EXPECT_EQ(Elements("\"a\\\",b\",c"), "<\"a\\\",b\"><c>");
  EXPECT_EQ(Elements("\"open,a"), "<\"open,a>");
  EXPECT_EQ(Elements(" \t"), "<>");
}

TEST(HeaderValues, CookiesEndAtSemicolonOrComma) {
  EXPECT_EQ(Cookies("a=1; b = 2 ;c=\"q;z\",d="), "a=1|b=2|c=\"q;z\"|d=|");
  EXPECT_EQ(Cookies("a; b=1;;"), "b=1|");
  EXPECT_EQ(Cookies(""), "");
  EXPECT_EQ(Cookies("a=b=c"), "a=b=c|");
}

TEST(HeaderValues, SetCookieHasOneCookieAndAttributes) {
  EXPECT_EQ(ParseSetCookie("a=1; path=/")->value, "1");
  EXPECT_FALSE(ParseSetCookie("a; path=/").has_value());
}

}  // namespace
}  // namespace lb::rules
