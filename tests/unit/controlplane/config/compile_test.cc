#include "controlplane/config/compile.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

Environment Nothing() {
  Environment env;
  env.getenv = [](std::string_view) { return std::nullopt; };
  env.read_file = [](std::string_view) { return absl::NotFoundError("no file"); };
  env.resolve = [](std::string_view) { return absl::NotFoundError("no name"); };
  return env;
}

TEST(Compile, ReportsInTheOrderOfTheFiles) {
  Diagnostics diagnostics;
  // Found by validation, analysis and parsing, in that order of lines.
  const auto compiled =
      Compile({{"b.cfg", "frontend f\n default_backend none\n maxconn many\n nosuch\n"},
               {"a.cfg", " maxconn\n"}},
              Nothing(), &diagnostics);
  EXPECT_FALSE(compiled);
  std::vector<std::string> places;
  for (const Diagnostic& entry : diagnostics.entries()) {
    if (entry.severity == Severity::kError) {
      places.push_back(entry.place.file + ":" + std::to_string(entry.place.line));
    }
  }
  EXPECT_THAT(places, testing::ElementsAre("b.cfg:2", "b.cfg:3", "b.cfg:4", "a.cfg:1"));
}

TEST(Compile, FilesAreReadAsOne) {
  Diagnostics diagnostics;
  const auto compiled = Compile({{"1.cfg", "defaults\n mode http\n timeout client 1s\n"},
                                 {"2.cfg", "frontend f\n bind :80\n"}},
                                Nothing(), &diagnostics);
  ASSERT_TRUE(compiled) << diagnostics.Render();
  EXPECT_EQ(compiled->snapshot.frontends(0).common().mode(), v1::PROXY_MODE_HTTP);
  EXPECT_EQ(compiled->snapshot.revision(), 0u);
}

TEST(Compile, RootIsWarnedOfAUserThatIsNotTaken) {
  struct Case {
    bool is_root;
    const char* line;
    Severity severity;
  };
  for (const Case& c : std::vector<Case>{{true, "user nobody", Severity::kWarning},
                                         {true, "uid 65534", Severity::kWarning},
                                         {true, "chroot /var/empty", Severity::kWarning},
                                         {true, "user root", Severity::kNotice},
                                         {false, "user nobody", Severity::kNotice},
                                         {false, "gid 65534", Severity::kNotice}}) {
    Environment env = Nothing();
    env.is_root = c.is_root;
    Diagnostics diagnostics;
    EXPECT_TRUE(Compile({{"x.cfg", absl::StrCat("global\n ", c.line, "\nfrontend f\n bind :80\n")}},
                        env, &diagnostics));
    ASSERT_FALSE(diagnostics.entries().empty()) << c.line;
    EXPECT_EQ(diagnostics.entries()[0].severity, c.severity) << c.line;
  }
}

TEST(Compile, AnErrorInALogFormatIsOneAlsoWhereNothingIsLogged) {
  for (const char* format : {"%[nosuch]", "%{+Q", "%[path"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Compile(
        {{"x.cfg",
          absl::StrCat("frontend f\n mode http\n bind :80\n log-format \"", format, "\"\n")}},
        Nothing(), &diagnostics));
    EXPECT_EQ(diagnostics.errors(), 1u) << diagnostics.Render();
  }
}

TEST(Compile, WarningsDoNotRefuse) {
  Diagnostics diagnostics;
  EXPECT_TRUE(
      Compile({{"x.cfg", "frontend f\n bind :80\n.warning hm\n"}}, Nothing(), &diagnostics));
  EXPECT_THAT(diagnostics.Render(), testing::HasSubstr("warning: hm"));
}

TEST(Compile, RefusesAConfigurationThatListensNowhere) {
  for (const char* text : {"", "global\n", "backend b\n server s 127.0.0.1:1\n", "frontend f\n",
                           "frontend f\n bind :80\n disabled\n"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Compile({{"x.cfg", text}}, Nothing(), &diagnostics)) << text;
    EXPECT_THAT(diagnostics.Render(), testing::HasSubstr("has a 'bind' line")) << text;
  }
  Diagnostics diagnostics;
  EXPECT_TRUE(Compile({{"x.cfg", "global\n stats socket /s\n"}}, Nothing(), &diagnostics));
  EXPECT_EQ(diagnostics.entries().size(), 1u) << diagnostics.Render();
}

TEST(Compile, DiagnosticsAreTextWhateverTheFileHolds) {
  Diagnostics diagnostics;
  EXPECT_FALSE(
      Compile({{"x.cfg", "global\n n\xf3 # \xe9\n node \xe9\n"}}, Nothing(), &diagnostics));
  EXPECT_EQ(diagnostics.errors(), 2u);
  EXPECT_TRUE(IsUtf8(diagnostics.Render())) << diagnostics.Render();
}

}  // namespace
}  // namespace lb::config
