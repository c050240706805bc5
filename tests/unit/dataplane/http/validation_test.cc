#include "dataplane/http/validation.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

bool IsTchar(int c) {
  return isalnum(c) ? c < 0x80
                    : c != 0 && std::string("!#$%&'*+-.^_`|~").find(char(c)) != std::string::npos;
}

TEST(Validation, ClassifiesEveryByte) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    EXPECT_EQ(IsToken(text), IsTchar(c)) << c;
    EXPECT_EQ(IsHeaderValue(text), c == '\t' || (c >= ' ' && c != 127)) << c;
    EXPECT_EQ(IsTarget(text), c > ' ' && c < 127) << c;
  }
}

// Texts longer than a vector register, with the bad byte at every position.
TEST(Validation, FindsTheFirstBadByteAtEveryPosition) {
  for (int c = 0; c < 256; ++c) {
    for (size_t length : {1, 15, 16, 17, 40}) {
      for (size_t at = 0; at < length; ++at) {
        std::string text(length, 'a');
        text[at] = static_cast<char>(c);
        const char* begin = text.data();
        const char* end = begin + length;
        size_t bad = at;
        bool value_ok = c == '\t' || (c >= ' ' && c != 127);
        bool target_ok = c > ' ' && c < 127;
        ASSERT_EQ(SkipValue(begin, end) - begin, value_ok ? length : bad) << c << " " << at;
        ASSERT_EQ(SkipTarget(begin, end) - begin, target_ok ? length : bad) << c << " " << at;
        ASSERT_EQ(SkipToken(begin, end) - begin, IsTchar(c) ? length : bad) << c << " " << at;
      }
    }
  }
}

TEST(Validation, EmptyTexts) {
  EXPECT_FALSE(IsToken(""));
  EXPECT_FALSE(IsHeaderName(""));
  EXPECT_TRUE(IsHeaderValue(""));
  EXPECT_FALSE(IsTarget(""));
}

TEST(Validation, RefusesWhatWouldEndALine) {
  EXPECT_FALSE(IsHeaderValue("a\r\nX-Injected: 1"));
  EXPECT_FALSE(IsHeaderValue(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsHeaderName("X-A: b"));
}

TEST(Validation, TrimsBlanksAtBothEnds) {
  EXPECT_EQ(TrimBlanks(" \t a b\t "), "a b");
  EXPECT_EQ(TrimBlanks(" \t"), "");
  EXPECT_EQ(TrimBlanks(""), "");
  EXPECT_EQ(TrimBlanks("\va"), "\va");
}

}  // namespace
}  // namespace lb::http
