#include "controlplane/config/parser.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Environment EnvironmentOf(std::map<std::string, std::string> variables) {
  Environment env;
  env.getenv = [variables](std::string_view name) -> std::optional<std::string> {
    auto it = variables.find(std::string(name));
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
  return env;
}

Ast ParseText(const std::string& text, Diagnostics* diagnostics) {
  const Environment env = EnvironmentOf({});
  return Parse({{"x.cfg", text}}, env, diagnostics);
}

TEST(Parser, MatchesStatementsWithRows) {
  Diagnostics diagnostics;
  const Ast ast = ParseText("frontend f from d # c\n  timeout client 5s\n  no option dontlognull\n",
                            &diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.Render();
  ASSERT_EQ(ast.sections.size(), 1u);
  const Section& section = ast.sections[0];
  EXPECT_EQ(section.kind, SectionKind::kFrontend);
  EXPECT_EQ(section.name, "f");
  EXPECT_EQ(section.from, "d");
  ASSERT_EQ(section.statements.size(), 2u);
  EXPECT_EQ(section.statements[0].keyword->text.name, "timeout client");
  EXPECT_EQ(section.statements[0].args[0].text, "5s");
  EXPECT_EQ(section.statements[1].prefix, Prefix::kNo);
  EXPECT_THAT(section.statements[1].args, IsEmpty());
}

TEST(Parser, PlacesPointIntoTheFile) {
  Diagnostics diagnostics;
  const Ast ast = ParseText("global\n\n   maxconn  12\n", &diagnostics);
  const Statement& statement = ast.sections[0].statements[0];
  EXPECT_EQ(statement.NamePlace().line, 3);
  EXPECT_EQ(statement.NamePlace().column, 4);
  EXPECT_EQ(statement.Place(0).column, 13);
  EXPECT_EQ(statement.Place(1).column, 15);  // past the end
}

TEST(Parser, RecoversAtEachLine) {
  Diagnostics diagnostics;
  const Ast ast =
      ParseText("global\n  nosuch\n  maxconn\n  nbthread 1\n  node \"x\n", &diagnostics);
  EXPECT_EQ(diagnostics.errors(), 3u);
  ASSERT_EQ(ast.sections[0].statements.size(), 1u);
}

TEST(Parser, SectionsGoOnInTheNextFile) {
  Diagnostics diagnostics;
  const Environment env = EnvironmentOf({});
  const Ast ast =
      Parse({{"1.cfg", "global\n  setenv A b"}, {"2.cfg", "  node \"$A\"\n"}}, env, &diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.Render();
  ASSERT_EQ(ast.sections.size(), 1u);
  EXPECT_EQ(ast.sections[0].statements[1].args[0].text, "b");
  EXPECT_EQ(ast.sections[0].statements[1].NamePlace().file, "2.cfg");
}

TEST(Parser, BlocksDoNotSpanFiles) {
  Diagnostics diagnostics;
  const Environment env = EnvironmentOf({});
  Parse({{"1.cfg", "global\n.if 0\n"}, {"2.cfg", ".endif\n"}}, env, &diagnostics);
  EXPECT_EQ(diagnostics.errors(), 2u);
}

TEST(Parser, SetenvActsOnTheLinesBelow) {
  Diagnostics diagnostics;
  const Environment env = EnvironmentOf({{"OLD", "1"}});
  const Ast ast = Parse({{"x.cfg",
                          "global\n node \"$OLD${A-}\"\n setenv A 2\n presetenv OLD 3\n"
                          " presetenv B 4\n node \"$A$OLD$B\"\n unsetenv A\n resetenv B\n"
                          " node \"${A-}${OLD-}$B\"\n"}},
                        env, &diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.Render();
  std::vector<std::string> nodes;
  for (const Statement& statement : ast.sections[0].statements) {
    if (statement.keyword->text.name == "node") nodes.push_back(statement.args[0].text);
  }
  EXPECT_THAT(nodes, ElementsAre("1", "214", "4"));
}

}  // namespace
}  // namespace lb::config
