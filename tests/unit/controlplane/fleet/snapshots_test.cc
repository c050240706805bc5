#include "controlplane/fleet/snapshots.h"

#include <gtest/gtest.h>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::FakeDiff;
using ::lb::testing::SnapshotOf;
using ::lb::testing::StateOf;

SnapshotPtr Made(uint64_t revision) {
  return std::make_shared<v1::Snapshot>(SnapshotOf(revision, "h" + std::to_string(revision)));
}

class SnapshotsTest : public ::testing::Test {
 protected:
  Snapshots snapshots_{FakeDiff};
};

TEST_F(SnapshotsTest, SendsTheDifferenceToANodeWhoseRevisionAndHashAreHeld) {
  snapshots_.Add(Made(4));
  PrepareBuilder builder(&snapshots_, Made(5), {StateOf(1, v1::SERVER_UP)}, 3);
  Outgoing message = builder.For(4, "h4");
  ASSERT_TRUE(message->prepare().has_delta());
  EXPECT_EQ(message->prepare().delta().base_revision(), 4u);
  EXPECT_EQ(message->prepare().states_size(), 1);
  EXPECT_EQ(message->prepare().state_version(), 3u);
  EXPECT_EQ(builder.For(4, "h4"), message) << "one message for all nodes with the same base";
}

TEST_F(SnapshotsTest, SendsTheWholeWhenTheBaseIsNotHeld) {
  snapshots_.Add(Made(4));
  PrepareBuilder builder(&snapshots_, Made(5), {}, 0);
  struct Row {
    uint64_t revision;
    const char* hash;
  };
  for (const Row& row : {Row{0, ""}, Row{3, "h3"}, Row{4, "another"}}) {
    EXPECT_TRUE(builder.For(row.revision, row.hash)->prepare().has_full()) << row.revision;
  }
  EXPECT_EQ(builder.Full()->prepare().full().hash(), "h5");
}

TEST_F(SnapshotsTest, KeepsTheContentsOfOneRevisionApart) {
  snapshots_.Add(std::make_shared<v1::Snapshot>(SnapshotOf(4, "before")));
  snapshots_.Add(std::make_shared<v1::Snapshot>(SnapshotOf(4, "after")));
  snapshots_.Add(std::make_shared<v1::Snapshot>(SnapshotOf(4, "after")));
  PrepareBuilder builder(&snapshots_, std::make_shared<v1::Snapshot>(SnapshotOf(4, "newest")), {},
                         0);
  Outgoing from_before = builder.For(4, "before");
  Outgoing from_after = builder.For(4, "after");
  EXPECT_TRUE(from_before->prepare().has_delta());
  EXPECT_TRUE(from_after->prepare().has_delta());
  EXPECT_NE(from_before, from_after);
}

TEST_F(SnapshotsTest, HoldsTheNewestOnly) {
  for (uint64_t revision = 1; revision <= Snapshots::kHeld + 1; ++revision) {
    snapshots_.Add(Made(revision));
  }
  PrepareBuilder builder(&snapshots_, Made(99), {}, 0);
  EXPECT_TRUE(builder.For(1, "h1")->prepare().has_full());
  EXPECT_TRUE(builder.For(2, "h2")->prepare().has_delta());
}

}  // namespace
}  // namespace lb::fleet
