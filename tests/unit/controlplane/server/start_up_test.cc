#include "controlplane/server/start_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/testing/temp_dir.h"

namespace lb::control {
namespace {

using ::testing::HasSubstr;

constexpr char kValid[] =
    "defaults\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n"
    "listen web\n  bind :80\n  server s1 127.0.0.1:80\n";

class StartUpTest : public ::testing::Test {
 protected:
  StartUpTest() {
    program_.name = "lbx";
    program_.version = "1";
  }
  std::string File(const std::string& text) {
    const std::string path = directory_ + "/lb.cfg";
    std::ofstream(path) << text;
    return path;
  }
  // The exit status and everything printed.
  std::pair<std::optional<int>, std::string> Run(const std::vector<std::string>& arguments) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const StartUp start = PrepareStart(program_, arguments);
    const std::string out = ::testing::internal::GetCapturedStdout();
    return {start.exit_status, out + ::testing::internal::GetCapturedStderr()};
  }

  ProgramFacts program_;
  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
};

TEST_F(StartUpTest, CheckSaysThatAFileIsValid) {
  EXPECT_EQ(Run({"-c", "-f", File(kValid)}),
            std::make_pair(std::optional(0), std::string("Configuration file is valid\n")));
  EXPECT_EQ(Run({"-c", "-q", "-f", File(kValid)}), std::make_pair(std::optional(0), std::string()));
}

TEST_F(StartUpTest, CheckSaysWhereAnErrorIs) {
  const auto [status, said] = Run({"-c", "-f", File("backend web\n  nonsense\n")});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(said, HasSubstr("lb.cfg:2:3: error"));
  EXPECT_THAT(said, HasSubstr("lbx: fatal errors found in configuration"));
}

TEST_F(StartUpTest, AMissingFileIsAnError) {
  const auto [status, said] = Run({"-c", "-f", directory_ + "/missing.cfg"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(said, HasSubstr("missing.cfg"));
}

TEST_F(StartUpTest, ConditionsAreToldByTheStatus) {
  EXPECT_EQ(Run({"-cc", "streq(a,a)"}).first, 0);
  EXPECT_EQ(Run({"-cc", "streq(a,b)"}).first, 1);
  EXPECT_EQ(Run({"-cc", "nonsense("}).first, 1);
}

TEST_F(StartUpTest, ADirectoryThatIsNotThereIsAnError) {
  const auto [status, said] = Run({"-f", "x", "-C", directory_ + "/nowhere"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(said, HasSubstr("cannot change to"));
}

}  // namespace
}  // namespace lb::control
