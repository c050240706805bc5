#include "common/catalog/log_formats.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace lb::catalog {
namespace {

// The names of the "%" tags of a format.
std::set<std::string> TagsOf(std::string_view format) {
  std::set<std::string> names;
  for (size_t at = format.find('%'); at != format.npos; at = format.find('%', at)) {
    ++at;
    if (at < format.size() && format[at] == '[') continue;  // an expression
    if (at < format.size() && format[at] == '{') at = format.find('}', at) + 1;
    size_t end = at;
    while (end < format.size() && std::isalpha(static_cast<unsigned char>(format[end]))) ++end;
    names.emplace(format.substr(at, end - at));
    at = end;
  }
  return names;
}

TEST(LogFormats, TagsAreUnique) {
  std::set<std::string_view> seen;
  for (const LogTag& tag : AllLogTags()) EXPECT_TRUE(seen.insert(tag.name).second) << tag.name;
}

TEST(LogFormats, TagsAreFoundByTheirExactName) {
  ASSERT_NE(FindLogTag("TR"), nullptr);
  EXPECT_EQ(FindLogTag("TR")->name, "TR");
  EXPECT_EQ(FindLogTag("Tr")->name, "Tr");
  EXPECT_EQ(FindLogTag("nope"), nullptr);
  EXPECT_EQ(FindLogTag("o"), nullptr) << "flags of later tags are the analyzer's";
}

TEST(LogFormats, DefaultFormatsUseKnownTags) {
  for (std::string_view format : {kTcpLogFormat, kHttpLogFormat, kHttpsLogFormat, kClfLogFormat,
                                  kConnectLogFormatHttp, kConnectLogFormatTcp}) {
    for (const std::string& name : TagsOf(format)) {
      bool is_known = name == "o" || FindLogTag(name) != nullptr;
      EXPECT_TRUE(is_known) << name << " in " << format;
    }
  }
}

TEST(LogFormats, TcpFormatHasNoTagOfHttp) {
  for (std::string_view format : {kTcpLogFormat, kConnectLogFormatTcp}) {
    for (const std::string& name : TagsOf(format)) {
      EXPECT_FALSE(FindLogTag(name)->http_only) << name;
    }
  }
}

}  // namespace
}  // namespace lb::catalog
