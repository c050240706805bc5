#include "controlplane/service/ticket_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/testing/temp_dir.h"

namespace lb::service {
namespace {

class TicketRingTest : public ::testing::Test {
 protected:
  std::unique_ptr<TicketRing> Start() {
    auto ring = std::make_unique<TicketRing>(
        &loop_, path_, [this](const v1::TicketKeys& keys) { published_.push_back(keys); });
    ring->Begin();
    return ring;
  }
  void After(Millis delay) {
    clock_.Advance(delay);
    loop_.RunOnce(Millis(0));
  }
  const v1::TicketKeys& last() const { return published_.back(); }

  testing::TempDir temp_;
  const std::string path_ = temp_.path() + "/ticket.keys";
  FakeClock clock_;
  event::EventLoop loop_{clock_};
  std::vector<v1::TicketKeys> published_;
};

TEST_F(TicketRingTest, PublishesThreeKeysAndSealsWithTheMiddleOne) {
  auto ring = Start();
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(last().keys_size(), 3);
  EXPECT_EQ(last().seals_with(), 1u);
  EXPECT_NE(last().keys(0), last().keys(1));
  EXPECT_EQ(last().keys(0).size(), 80u);
}

TEST_F(TicketRingTest, SealsNextWithTheKeyThatAllKnowAlready) {
  auto ring = Start();
  const v1::TicketKeys before = last();
  ring->Rotate();
  ASSERT_EQ(published_.size(), 2u);
  EXPECT_EQ(last().keys(0), before.keys(1)) << "what was sealed last still opens";
  EXPECT_EQ(last().keys(1), before.keys(2));
}

TEST_F(TicketRingTest, ARestartKeepsTheKeys) {
  Start();
  const v1::TicketKeys before = last();
  Start();
  EXPECT_EQ(last().SerializeAsString(), before.SerializeAsString());
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(TicketRingTest, TheyAreRotatedWhenTheyAreDueAlsoOverRestarts) {
  const Millis hour{3'600'000};
  auto ring = Start();
  const v1::TicketKeys first = last();
  After(7 * hour);
  ring = Start();
  EXPECT_EQ(last().keys(1), first.keys(1)) << "not due yet";
  After(4 * hour);
  EXPECT_EQ(last().keys(1), first.keys(1)) << "not due yet";
  After(2 * hour);
  EXPECT_EQ(last().keys(1), first.keys(2)) << "twelve hours after they were made";
  const v1::TicketKeys second = last();
  ring.reset();
  After(13 * hour);
  ring = Start();
  EXPECT_EQ(last().keys(0), second.keys(1)) << "what was sealed last still opens";
  EXPECT_EQ(last().keys(1), second.keys(2));
}

TEST_F(TicketRingTest, KeysThatAreTooOldAreAllReplaced) {
  Start();
  const v1::TicketKeys before = last();
  After(3 * TicketRing::kPeriod);
  Start();
  for (const std::string& key : last().keys()) {
    for (const std::string& old : before.keys()) EXPECT_NE(key, old);
  }
}

TEST_F(TicketRingTest, AFileThatMakesNoSenseIsReplaced) {
  std::ofstream(path_) << "rubbish\n";
  Start();
  EXPECT_EQ(last().keys_size(), 3);
  const v1::TicketKeys before = last();
  Start();
  EXPECT_EQ(last().SerializeAsString(), before.SerializeAsString());
}

}  // namespace
}  // namespace lb::service
