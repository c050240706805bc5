#include "controlplane/config/tls/crt_list.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;

std::vector<std::string> Texts(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  for (const Word& word : words) texts.push_back(word.text);
  return texts;
}

TEST(CrtList, ReadsCertificateSettingsAndNames) {
  Diagnostics diagnostics;
  const auto entries = ParseCrtList(
      "x.list", "# none\n\n a.pem\nb.pem[alpn h2]*.Example.test !c.example.test\r\n", &diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.Render();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].file.text, "a.pem");
  EXPECT_TRUE(entries[0].filters.empty());
  EXPECT_EQ(entries[1].file.text, "b.pem");
  EXPECT_THAT(Texts(entries[1].options.args), ElementsAre("alpn", "h2"));
  EXPECT_THAT(Texts(entries[1].filters), ElementsAre("*.example.test", "!c.example.test"));
  const SourcePlace place = entries[1].Place(entries[1].filters[1]);
  EXPECT_EQ(place.file, "x.list");
  EXPECT_EQ(place.line, 4);
  EXPECT_EQ(place.column, 30);
}

TEST(CrtList, LeavesLinesWithAnErrorOut) {
  for (const char* line : {"[alpn h2] a.pem", "a.pem [alpn h2", "a.pem [[alpn h2]", "a.pem ]",
                           "a.pem [] []", "a.pem name [alpn h2]", "[", "]"}) {
    Diagnostics diagnostics;
    const auto entries = ParseCrtList("x.list", std::string(line) + "\nb.pem\n", &diagnostics);
    EXPECT_EQ(diagnostics.errors(), 1u) << line;
    ASSERT_EQ(entries.size(), 1u) << line;
    EXPECT_EQ(entries[0].file.text, "b.pem");
  }
}

TEST(CrtList, EmptyBracketsSetNothing) {
  Diagnostics diagnostics;
  const auto entries = ParseCrtList("x.list", "a.pem [ ] name", &diagnostics);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_TRUE(entries[0].options.args.empty());
  EXPECT_THAT(Texts(entries[0].filters), ElementsAre("name"));
}

}  // namespace
}  // namespace lb::config
