#include "dataplane/server/state_keeper.h"

#include <functional>

#include "gtest/gtest.h"

#include "tests/testing/snapshots.h"
#include "tests/testing/temp_dir.h"

namespace lb::server {
namespace {

using testing::StateOf;

class StateKeeperTest : public ::testing::Test {
 protected:
  void Until(const std::function<bool()>& holds) {
    const SteadyTime limit = Clock::Real().Now() + std::chrono::seconds(20);
    while (!holds() && Clock::Real().Now() < limit) loop_.RunOnce(Millis(5));
    ASSERT_TRUE(holds());
  }
  v1::ServerStatus Kept() {
    absl::StatusOr<v1::States> states = file_.ReadStates();
    return states.ok() ? states->states(0).status() : v1::SERVER_STATUS_UNSPECIFIED;
  }
  std::unique_ptr<StateKeeper> NewKeeper() {
    return std::make_unique<StateKeeper>(&loop_, directory_.path(), [this] {
      ++asked_;
      return std::vector<v1::ServerState>{StateOf("b", "s", status_)};
    });
  }

  event::EventLoop loop_;
  testing::TempDir directory_;
  SnapshotFile file_{directory_.path()};
  v1::ServerStatus status_ = v1::SERVER_UP;
  int asked_ = 0;
};

TEST_F(StateKeeperTest, WritesTheFirstChangeAtOnceAndManyAsOne) {
  auto keeper = NewKeeper();
  keeper->SaveStatesSoon();
  Until([&] { return Kept() == v1::SERVER_UP; });
  status_ = v1::SERVER_MAINT;
  for (int i = 0; i < 100; ++i) keeper->SaveStatesSoon();
  Until([&] { return Kept() == v1::SERVER_MAINT; });
  EXPECT_LE(asked_, 3);
}

TEST_F(StateKeeperTest, WritesWhatIsLeftAtTheEnd) {
  auto keeper = NewKeeper();
  keeper->SaveSnapshot(testing::SharedSnapshotOf("revision: 5"));
  status_ = v1::SERVER_DRAIN;
  keeper->SaveStatesSoon();  // too soon after the one before to be written yet
  keeper.reset();
  EXPECT_EQ(file_.ReadSnapshot()->revision(), 5u);
  EXPECT_EQ(Kept(), v1::SERVER_DRAIN);
  loop_.RunOnce(Millis(0));
}

}  // namespace
}  // namespace lb::server
