#include "dataplane/server/snapshot_file.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/snapshots.h"
#include "tests/testing/temp_dir.h"

namespace lb::server {
namespace {

using ::testing::HasSubstr;
using testing::SnapshotOf;
using testing::StateOf;

class SnapshotFileTest : public ::testing::Test {
 protected:
  std::string Content() {
    std::ifstream in(path_, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void SetContent(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  void ExpectRefused(const std::string& why) {
    absl::StatusOr<v1::Snapshot> read = file_.ReadSnapshot();
    ASSERT_FALSE(read.ok());
    EXPECT_TRUE(absl::IsDataLoss(read.status())) << read.status();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(path_));
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(why));
  }

  testing::TempDir directory_;
  const std::string path_ = directory_ / "snapshot";
  SnapshotFile file_{directory_.path()};
  v1::Snapshot snapshot_ = SnapshotOf("revision: 3 frontends { common { name: 'f' } }");
};

TEST_F(SnapshotFileTest, ReadsWhatItWrote) {
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  absl::StatusOr<v1::Snapshot> read = file_.ReadSnapshot();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), snapshot_.SerializeAsString());

  v1::States states;
  *states.add_states() = StateOf("b", "s", v1::SERVER_MAINT);
  ASSERT_TRUE(file_.WriteStates(states).ok());
  EXPECT_EQ(file_.ReadStates()->states(0).status(), v1::SERVER_MAINT);
}

TEST_F(SnapshotFileTest, IsForItsOwnerOnlyAndLeavesNothingBeside) {
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  struct stat file {};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    ++files;
    EXPECT_EQ(entry.path().string(), path_);
  }
  EXPECT_EQ(files, 1);
}

TEST_F(SnapshotFileTest, ReplacesTheOneBefore) {
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  ASSERT_TRUE(file_.WriteSnapshot(SnapshotOf("revision: 4")).ok());
  EXPECT_EQ(file_.ReadSnapshot()->revision(), 4u);
}

TEST_F(SnapshotFileTest, SaysWhenThereIsNone) {
  EXPECT_TRUE(absl::IsNotFound(file_.ReadSnapshot().status()));
  EXPECT_TRUE(absl::IsNotFound(file_.ReadStates().status()));
}

TEST_F(SnapshotFileTest, RefusesATornFileWhereverItIsTorn) {
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  const std::string whole = Content();
  for (size_t length = 0; length < whole.size(); ++length) {
    SetContent(whole.substr(0, length));
    EXPECT_TRUE(absl::IsDataLoss(file_.ReadSnapshot().status())) << length;
  }
  SetContent(whole + "x");
  ExpectRefused("torn or changed");
}

TEST_F(SnapshotFileTest, RefusesAChangedByte) {
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  std::string text = Content();
  text.back() ^= 1;
  SetContent(text);
  ExpectRefused("torn or changed");
}

TEST_F(SnapshotFileTest, RefusesAForeignFile) {
  SetContent("frontend www\n  bind *:80\n");
  ExpectRefused("not a file of this program's");
  v1::States states;
  *states.add_states() = StateOf("b", "s", v1::SERVER_UP);
  ASSERT_TRUE(file_.WriteStates(states).ok());
  std::filesystem::rename(directory_ / "states", path_);
  ExpectRefused("not a file of this program's");
}

TEST_F(SnapshotFileTest, RefusesASnapshotThatIsNotWhatItsHashSays) {
  snapshot_.set_hash("00");
  ASSERT_TRUE(file_.WriteSnapshot(snapshot_).ok());
  ExpectRefused("not that of its hash");
}

}  // namespace
}  // namespace lb::server
