#include "dataplane/upstream/idle_pool.h"

#include <sys/socket.h>

#include <utility>

#include "gtest/gtest.h"

#include "common/base/check.h"

namespace lb::upstream {
namespace {

class IdlePoolTest : public ::testing::Test {
 protected:
  struct Pair {
    std::unique_ptr<UpstreamConnection> connection;
    UniqueFd server;  // the other end
  };

  Pair Connect(uint64_t exchanges = 1) {
    int ends[2];
    LB_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    Pair pair;
    pair.connection = std::make_unique<UpstreamConnection>(&loop_, UniqueFd(ends[0]), &buffers_);
    pair.connection->exchanges = exchanges;
    pair.server = UniqueFd(ends[1]);
    return pair;
  }
  // Puts a connection in at `at`; its other end.
  UniqueFd Put(SteadyTime at, uint64_t exchanges = 1) {
    Pair pair = Connect(exchanges);
    pool_.Put(std::move(pair.connection), at);
    return std::move(pair.server);
  }
  void LetEventsArrive() { loop_.RunOnce(Millis(0)); }
  SteadyTime At(int ms) { return SteadyTime(Millis(1'000'000 + ms)); }

  event::EventLoop loop_;
  net::BufferPool buffers_{1024};
  IdlePool pool_;
};

TEST_F(IdlePoolTest, TakesTheMostRecentlyUsed) {
  Pair old_one = Connect();
  Pair new_one = Connect();
  const UpstreamConnection* newest = new_one.connection.get();
  pool_.Put(std::move(old_one.connection), At(1));
  pool_.Put(std::move(new_one.connection), At(2));
  EXPECT_EQ(pool_.Take().get(), newest);
  EXPECT_NE(pool_.Take(), nullptr);
  EXPECT_EQ(pool_.Take(), nullptr);
}

TEST_F(IdlePoolTest, WhatSpeaksForOneClientServesNoOther) {
  Pair speaks = Connect();
  speaks.connection->purpose = "one";
  const UpstreamConnection* ones = speaks.connection.get();
  pool_.Put(std::move(speaks.connection), At(1));
  EXPECT_EQ(pool_.Take(), nullptr);
  EXPECT_EQ(pool_.Take(/*min_exchanges=*/0, "other"), nullptr);
  EXPECT_EQ(pool_.Take(/*min_exchanges=*/0, "one").get(), ones);
  UniqueFd anyones = Put(At(2));
  EXPECT_EQ(pool_.Take(/*min_exchanges=*/0, "one"), nullptr);
}

TEST_F(IdlePoolTest, DropsWhatTheServerHasClosed) {
  UniqueFd stays = Put(At(1));
  UniqueFd goes = Put(At(2));
  goes.Reset();
  LetEventsArrive();
  EXPECT_NE(pool_.Take(), nullptr);
  EXPECT_EQ(pool_.Take(), nullptr);
}

TEST_F(IdlePoolTest, DropsAConnectionOnWhichAnIdleServerSpeaks) {
  UniqueFd server = Put(At(1));
  ASSERT_EQ(send(server.get(), "x", 1, 0), 1);
  LetEventsArrive();
  EXPECT_EQ(pool_.Take(), nullptr);
}

TEST_F(IdlePoolTest, PurgesHalfOfThoseIdleForLong) {
  std::vector<UniqueFd> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(Put(At(i)));
  servers.push_back(Put(At(100)));
  EXPECT_EQ(pool_.Purge(At(50)), 2u);
  EXPECT_EQ(pool_.size(), 3u);
  EXPECT_EQ(pool_.Purge(At(50)), 1u);
  EXPECT_EQ(pool_.Purge(At(50)), 1u);
  EXPECT_EQ(pool_.Purge(At(50)), 0u);
  EXPECT_EQ(pool_.size(), 1u);
}

TEST_F(IdlePoolTest, PurgingDropsTheClosedWhateverTheirAge) {
  UniqueFd stays = Put(At(1));
  UniqueFd goes = Put(At(2));
  goes.Reset();
  LetEventsArrive();
  EXPECT_EQ(pool_.Purge(SteadyTime::min()), 1u);
  EXPECT_EQ(pool_.size(), 1u);
}

TEST_F(IdlePoolTest, EveryDroppedConnectionIsReportedOnce) {
  UniqueFd first = Put(At(1));
  UniqueFd second = Put(At(2));
  first.Reset();
  second.Reset();
  LetEventsArrive();
  EXPECT_EQ(pool_.Take(), nullptr);
  UniqueFd third = Put(At(3));
  EXPECT_EQ(pool_.Clear(), 3u);
  EXPECT_EQ(pool_.Clear(), 0u);
}

}  // namespace
}  // namespace lb::upstream
