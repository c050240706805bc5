#include "dataplane/server/worker_pool.h"

#include <signal.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::server {
namespace {

class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerShared shared() { return {&load_, nullptr, nullptr, &facts_, 16384}; }
  void Until(const bool& flag) {
    for (int turn = 0; !flag && turn < 200; ++turn) loop_.RunOnce(Millis(100));
    ASSERT_TRUE(flag);
  }

  event::EventLoop loop_;
  proxy::ProcessLoad load_;
  rules::ProcessFacts facts_;
  WorkerPool pool_{&loop_};
};

TEST_F(WorkerPoolTest, AnOrderRunsOnEveryThreadAndThenIsDone) {
  pool_.Start(3, shared());
  std::vector<std::thread::id> threads(3);
  bool is_done = false;
  pool_.GiveAll([&](Worker& worker) { threads[worker.index()] = std::this_thread::get_id(); },
                [&] {
                  is_done = true;
                  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3u);
                });
  Until(is_done);
  EXPECT_THAT(threads, ::testing::Not(::testing::Contains(std::this_thread::get_id())));
}

TEST_F(WorkerPoolTest, OrdersReachAWorkerInTheOrderInWhichTheyAreGiven) {
  pool_.Start(2, shared());
  std::vector<std::vector<int>> seen(2);
  bool is_done = false;
  for (int i = 0; i < 100; ++i) {
    pool_.GiveAll([&seen, i](Worker& worker) { seen[worker.index()].push_back(i); },
                  [&is_done, i] { is_done = i == 99; });
  }
  Until(is_done);
  for (const std::vector<int>& orders : seen) {
    ASSERT_EQ(orders.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(orders[static_cast<size_t>(i)], i);
  }
}

TEST_F(WorkerPoolTest, WithoutWorkersAnOrderIsDoneInTheNextTurn) {
  bool is_done = false;
  pool_.GiveAll([](Worker&) { FAIL(); }, [&] { is_done = true; });
  EXPECT_FALSE(is_done);
  Until(is_done);
}

TEST_F(WorkerPoolTest, WorkersTakeNoSignals) {
  pool_.Start(1, shared());
  bool is_done = false;
  std::atomic<bool> is_blocked{false};
  pool_.GiveAll(
      [&](Worker&) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        is_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
      },
      [&] { is_done = true; });
  Until(is_done);
  EXPECT_TRUE(is_blocked);
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_EQ(sigismember(&mine, SIGTERM), 0);
}

}  // namespace
}  // namespace lb::server
