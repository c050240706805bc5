#include "controlplane/server/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/state_dir.h"

namespace lb::control {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(DefaultStateDir, IsNamedAfterTheFileAndItsPlace) {
  const std::string a = DefaultStateDir("/etc/a/web.cfg");
  EXPECT_THAT(a, StartsWith(DefaultStateRoot() + "/web-"));
  EXPECT_EQ(a, DefaultStateDir("/etc/a/../a/web.cfg"));
  EXPECT_NE(a, DefaultStateDir("/etc/b/web.cfg"));
  EXPECT_THAT(DefaultStateDir("/etc/a b/my file.cfg"), HasSubstr("/my_file-"));
}

TEST(ReadConfiguration, ReadsWhatWasNamed) {
  ControlOptions options;
  EXPECT_TRUE(ReadConfiguration(options)->empty());
  options.files = {"/no/such/file.cfg"};
  EXPECT_THAT(std::string(ReadConfiguration(options).status().message()),
              HasSubstr("/no/such/file.cfg"));
}

TEST(RealCompiler, CompilesInThisEnvironment) {
  ASSERT_EQ(setenv("LB_TEST_BACKEND", "from_env", 1), 0);
  Diagnostics diagnostics;
  auto compiled = RealCompiler()({{"x.cfg",
                                   "defaults\n  timeout connect 1s\n  timeout client 1s\n"
                                   "  timeout server 1s\nlisten \"${LB_TEST_BACKEND}\"\n  bind :80\n"
                                   "  server s1 127.0.0.1:80\n"}},
                                 &diagnostics);
  ASSERT_TRUE(compiled.has_value()) << diagnostics.Render();
  EXPECT_EQ(compiled->snapshot.backends(0).common().name(), "from_env");
}

TEST(HasWarnings, SeesWarningsOnly) {
  Diagnostics diagnostics;
  diagnostics.Notice({}, "n");
  EXPECT_FALSE(HasWarnings(diagnostics));
  diagnostics.Warning({}, "w");
  EXPECT_TRUE(HasWarnings(diagnostics));
}

}  // namespace
}  // namespace lb::control
