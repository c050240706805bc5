#include "common/stats/json.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace lb::stats {
namespace {

TEST(Json, EscapesStringsAndReplacesWhatIsNotUtf8) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\n\x01", R"("\u000a\u0001")"},
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
       "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"\xc3", "\"\xef\xbf\xbd\""},
      {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& [text, quoted] : cases) {
    std::string out;
    AppendJsonString(text, &out);
    EXPECT_EQ(out, quoted);
  }
}

}  // namespace
}  // namespace lb::stats
