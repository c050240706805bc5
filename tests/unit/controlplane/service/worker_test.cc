#include "controlplane/service/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace lb::service {
namespace {

TEST(Worker, RunsJobsInOrderOnItsThreadAndWhatFollowsOnTheLoop) {
  event::EventLoop loop;
  Worker worker(&loop);
  const std::thread::id here = std::this_thread::get_id();
  std::vector<int> results;
  for (int i = 0; i < 3; ++i) {
    worker.Run(
        [i, here] {
          EXPECT_NE(std::this_thread::get_id(), here);
          return std::make_unique<int>(i);
        },
        [&](std::unique_ptr<int> result) {
          EXPECT_EQ(std::this_thread::get_id(), here);
          results.push_back(*result);
        });
  }
  while (results.size() < 3) loop.RunOnce(Millis(100));
  EXPECT_EQ(results, (std::vector<int>{0, 1, 2}));
}

TEST(Worker, NothingFollowsAfterItsEnd) {
  event::EventLoop loop;
  bool has_followed = false;
  std::promise<void> started;
  {
    Worker worker(&loop);
    worker.Run(
        [&] {
          started.set_value();
          return 1;
        },
        [&](int) { has_followed = true; });
    started.get_future().wait();
  }
  loop.RunOnce(Millis(0));
  EXPECT_FALSE(has_followed);
}

}  // namespace
}  // namespace lb::service
