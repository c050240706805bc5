#include "common/base/state_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/temp_dir.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

TEST(StateDir, MakesTheDirectoryForItsOwnerOnly) {
  testing::TempDir directory;
  const std::string path = directory / "a/b/node1";
  absl::StatusOr<StateDir> opened = StateDir::Open(path);
  ASSERT_TRUE(opened.ok()) << opened.status();
  struct stat file {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0700u);
}

TEST(StateDir, IsHeldByOneProcessAndNamesIt) {
  testing::TempDir directory;
  absl::StatusOr<StateDir> first = StateDir::Open(directory.path());
  ASSERT_TRUE(first.ok());
  absl::StatusOr<StateDir> second = StateDir::Open(directory.path());
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("in use by process " + std::to_string(getpid())));
}

TEST(StateDir, IsFreeAgainWhenItsHolderHasGone) {
  testing::TempDir directory;
  { ASSERT_TRUE(StateDir::Open(directory.path()).ok()); }
  EXPECT_TRUE(StateDir::Open(directory.path()).ok());
}

TEST(StateDir, SaysWhatItCannotMake) {
  testing::TempDir directory;
  ASSERT_TRUE(StateDir::Open(directory.path()).ok());
  absl::StatusOr<StateDir> opened = StateDir::Open(directory / "lock/below");
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(directory / "lock/below"));
}

}  // namespace
}  // namespace lb
