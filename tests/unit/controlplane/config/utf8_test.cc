#include "controlplane/config/utf8.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

TEST(Utf8, TakesWellFormedText) {
  for (const char* text :
       {"", "plain", "\u00e9t\u00e9", "\u20ac", "\U0001F600", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  EXPECT_TRUE(IsUtf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesEverythingElse) {
  for (const char* bytes :
       {"\xe9", "\x80", "a\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x82x"}) {
    EXPECT_FALSE(IsUtf8(bytes)) << bytes;
  }
}

TEST(Utf8, ReplacesWhatIsNotText) {
  EXPECT_EQ(ReplaceNonUtf8("caf\u00e9 \xe9 \xe2\x82x\xff"), "caf\u00e9 ? ??x?");
}

}  // namespace
}  // namespace lb::config
