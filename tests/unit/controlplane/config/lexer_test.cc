#include "controlplane/config/lexer.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;

std::optional<std::string> WordVariable(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> variables = {
      {"A", "value"}, {"LIST", " p q  r "}, {"EMPTY", ""}, {"QUOTED", "a\"b c"}, {".LINE", "12"}};
  auto it = variables.find(name);
  if (it == variables.end()) return std::nullopt;
  return it->second;
}

std::vector<std::string> Words(std::string_view line) {
  const LexedLine lexed = LexLine(line, WordVariable);
  EXPECT_FALSE(lexed.error) << line << ": " << lexed.error->message;
  std::vector<std::string> texts;
  for (const Word& word : lexed.words) texts.push_back(word.text);
  return texts;
}

TEST(Lexer, SplitsAtBlanksAndDropsComments) {
  EXPECT_THAT(Words("  a\tb  c # d"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Words("a b#c d"), ElementsAre("a", "b"));
  EXPECT_THAT(Words("# nothing"), ElementsAre());
  EXPECT_THAT(Words(""), ElementsAre());
}

TEST(Lexer, UnquotesAsHaproxyDoes) {
  struct Case {
    const char* line;
    const char* word;
  };
  // Measured on HAProxy 2.6.
  for (const Case& c : std::vector<Case>{{R"(a\ b)", "a b"},
                                         {R"(a\#b)", "a#b"},
                                         {R"(a\\b)", "a\\b"},
                                         {R"(a\"b\'c)", "a\"b'c"},
                                         {R"(\n\r\t)", "\n\r\t"},
                                         {R"(\x41\x7e)", "A~"},
                                         {R"(foo\.bar\q)", R"(foo\.bar\q)"},
                                         {R"(abc\)", R"(abc\)"},
                                         {R"("a b # c")", "a b # c"},
                                         {R"("a\"b\$\d")", R"(a"b$\d)"},
                                         {R"('a\n"$A"')", R"(a\n"$A")"},
                                         {R"(con"cat"'ed')", "concated"},
                                         {R"($A)", "$A"},
                                         {R"("$A/x")", "value/x"},
                                         {R"("${A}x")", "valuex"},
                                         {R"("${NOPE-a\nb"c"}")", R"(a\nb"c")"},
                                         {R"("${EMPTY-unused}")", ""},
                                         {R"("${.LINE}")", "12"},
                                         {R"("${QUOTED}")", "a\"b c"},
                                         {R"("")", ""}}) {
    EXPECT_THAT(Words(c.line), ElementsAre(c.word)) << c.line;
  }
}

TEST(Lexer, ExpandsAListIntoWords) {
  EXPECT_THAT(Words(R"(x "${LIST[*]}" y)"), ElementsAre("x", "p", "q", "r", "y"));
  EXPECT_THAT(Words(R"("-${LIST[*]}-")"), ElementsAre("-", "p", "q", "r-"));
  EXPECT_THAT(Words(R"("${NOPE[*]-a b}")"), ElementsAre("a", "b"));
}

TEST(Lexer, PlacesWordsAsWritten) {
  const LexedLine lexed = LexLine(R"(  one "two three"  four)", WordVariable);
  ASSERT_EQ(lexed.words.size(), 3u);
  EXPECT_EQ(lexed.words[0].column, 3);
  EXPECT_EQ(lexed.words[0].length, 3);
  EXPECT_EQ(lexed.words[1].column, 7);
  EXPECT_EQ(lexed.words[1].length, 11);
  EXPECT_EQ(lexed.words[2].column, 20);
}

TEST(Lexer, NamesTheVariableThatIsNotSet) {
  const LexedLine lexed = LexLine(R"("x${NOPE}" "${A}" "${NOPE-d}")", WordVariable);
  ASSERT_EQ(lexed.words.size(), 3u);
  EXPECT_EQ(lexed.words[0].text, "x");
  EXPECT_EQ(lexed.words[0].unset_variable, "NOPE");
  EXPECT_EQ(lexed.words[1].unset_variable, "");
  EXPECT_EQ(lexed.words[2].unset_variable, "");
}

TEST(Lexer, RefusesMalformedLinesAtTheirPlace) {
  struct Case {
    std::string line;
    int column;
  };
  for (const Case& c : std::vector<Case>{{R"(a "b)", 3},
                                         {R"(a 'b)", 3},
                                         {R"(ab \xZZ)", 4},
                                         {R"(ab \x4)", 4},
                                         {R"(\x00)", 1},
                                         {R"("${A")", 3},
                                         {R"("${A[1]}")", 5},
                                         {R"("$1")", 3},
                                         {R"("$")", 3},
                                         {std::string("a\0b", 3), 2}}) {
    const LexedLine lexed = LexLine(c.line, WordVariable);
    ASSERT_TRUE(lexed.error) << c.line;
    EXPECT_EQ(lexed.error->column, c.column) << c.line;
  }
}

}  // namespace
}  // namespace lb::config
