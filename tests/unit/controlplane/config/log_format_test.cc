#include "controlplane/config/log_format.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/catalog/log_formats.h"

namespace lb::config {
namespace {

using testing::HasSubstr;

// "text|%tag{QEMX}|[fetch]" of each item.
std::string Print(const v1::LogFormat& format) {
  std::string out;
  for (const v1::LogItem& item : format.items()) {
    if (!out.empty()) out += "|";
    if (item.kind_case() == v1::LogItem::kText) out += item.text();
    if (item.kind_case() == v1::LogItem::kTag) absl::StrAppend(&out, "%", item.tag());
    if (item.kind_case() == v1::LogItem::kExpr)
      absl::StrAppend(&out, "[", item.expr().fetch(), "]");
    absl::StrAppend(&out, item.quote() ? "Q" : "", item.escape() ? "E" : "",
                    item.mandatory_space() ? "M" : "", item.hex() ? "X" : "");
  }
  return out;
}

TEST(LogFormat, SplitsIntoItems) {
  struct Case {
    const char* text;
    const char* items;
  };
  for (const Case& c : std::vector<Case>{{"", ""},
                                         {"plain", "plain"},
                                         {"%ci:%cp", "%ci|:|%cp"},
                                         {"a  b   c", "a b c"},
                                         {"100%% %ST", "100% |%ST"},
                                         {"%[src] %[str(a]b),lower]x", "[src]| |[str]|x"},
                                         {"%{+Q}r %r", "%rQ| |%r"},
                                         {"  a ", "a "},
                                         {"%{+Q}o %r %{-Q}r %r", "%rQ| |%r| |%rQ"},
                                         {"%{+X,+E}Ts", "%TsEX"},
                                         {"%{+Q}[src]", "[src]Q"}}) {
    const auto format = ParseLogFormat(c.text, TagScope::kAny, kLogSite, SpaceRuns::kMerge);
    ASSERT_TRUE(format.ok()) << c.text << ": " << format.status();
    EXPECT_EQ(Print(*format), c.items) << c.text;
  }
}

TEST(LogFormat, KeepsSpacesOutsideAccessLogs) {
  const auto format = ParseLogFormat("  a  b%[src]  ", TagScope::kAny, kRequestSite);
  ASSERT_TRUE(format.ok()) << format.status();
  EXPECT_EQ(Print(*format), "  a  b|[src]|  ");
}

TEST(LogFormat, ParsesTheBuiltInFormats) {
  for (std::string_view text : {catalog::kTcpLogFormat, catalog::kConnectLogFormatTcp}) {
    EXPECT_TRUE(ParseLogFormat(text, TagScope::kTcpOnly, kLogSite).ok()) << text;
  }
  for (std::string_view text :
       {catalog::kHttpLogFormat, catalog::kClfLogFormat, catalog::kConnectLogFormatHttp}) {
    EXPECT_TRUE(ParseLogFormat(text, TagScope::kAny, kLogSite).ok()) << text;
  }
}

TEST(LogFormat, RefusesMistakes) {
  struct Case {
    const char* text;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{{"%", "without a tag"},
                                         {"% x", "without a tag"},
                                         {"%zz", "unknown log tag '%zz'"},
                                         {"%{+Q", "missing '}'"},
                                         {"%{+Z}ci", "unknown flag 'Z'"},
                                         {"%[src", "missing ']'"},
                                         {"%[srcc]", "did you mean 'src'"},
                                         {"%[]", "missing sample fetch"}}) {
    const auto format = ParseLogFormat(c.text, TagScope::kAny, kLogSite);
    ASSERT_FALSE(format.ok()) << c.text;
    EXPECT_THAT(std::string(format.status().message()), HasSubstr(c.message)) << c.text;
  }
  EXPECT_FALSE(ParseLogFormat("%HM", TagScope::kTcpOnly, kLogSite).ok());
}

}  // namespace
}  // namespace lb::config
