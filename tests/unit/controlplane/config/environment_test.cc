// Environment::Real() and ReadSources(), on files of the test's own.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "controlplane/config/compile.h"

namespace lb::config {
namespace {

namespace fs = std::filesystem;

class Sources : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/lb_sources_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  fs::path directory_;
};

TEST_F(Sources, ADirectoryIsItsCfgFilesByName) {
  Write("20.cfg", "b");
  Write("10.cfg", "a");
  Write("30.txt", "no");
  Write(".hidden.cfg", "no");
  fs::create_directory(directory_ / "sub.cfg");
  const std::string single = Write("single", "s");
  const auto files = ReadSources({single, directory_.string()});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].text, "s");
  EXPECT_EQ((*files)[1].text, "a");
  EXPECT_EQ((*files)[2].text, "b");
  EXPECT_EQ((*files)[2].path, (directory_ / "20.cfg").string());
}

TEST_F(Sources, ADirectoryIsListedWithoutItsFolders) {
  Write("b.pem", "b");
  Write(".hidden", "h");
  fs::create_directory(directory_ / "folder");
  fs::create_symlink("nowhere", directory_ / "broken");
  const Environment env = Environment::Real();
  const auto names = env.list_directory(directory_.string());
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, testing::UnorderedElementsAre("b.pem", ".hidden"));
  EXPECT_FALSE(env.list_directory((directory_ / "b.pem").string()).ok());
  EXPECT_FALSE(env.list_directory((directory_ / "none").string()).ok());
}

TEST_F(Sources, AFileThatIsNotThereIsNotFound) {
  const auto text = Environment::Real().read_file((directory_ / "none").string());
  EXPECT_TRUE(absl::IsNotFound(text.status())) << text.status();
}

TEST_F(Sources, WhatCannotBeReadIsNamed) {
  EXPECT_FALSE(ReadSources({directory_.string()}).ok());
  const auto missing = ReadSources({(directory_ / "none").string()});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(std::string(missing.status().message()), testing::HasSubstr("none"));
}

TEST_F(Sources, TheRealEnvironmentReadsTheSystem) {
  const Environment env = Environment::Real();
  ASSERT_EQ(setenv("LB_ENVIRONMENT_TEST", "x", /*replace=*/1), 0);
  EXPECT_EQ(env.getenv("LB_ENVIRONMENT_TEST"), "x");
  EXPECT_EQ(env.getenv("LB_ENVIRONMENT_TEST_UNSET"), std::nullopt);
  const auto text = env.read_file(Write("f", "content"));
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "content");
  EXPECT_EQ(env.read_file("/dev/null").value(), "");
  EXPECT_FALSE(env.read_file(directory_.string()).ok());
  // A literal: not every host has names.
  const auto addresses = env.resolve("127.0.0.1");
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_TRUE(addresses->front().is_ip());
}

}  // namespace
}  // namespace lb::config
