#include "controlplane/server/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

namespace lb::control {
namespace {

TEST(SignalWatch, TurnsSignalsIntoCalls) {
  BlockSignals();
  event::EventLoop loop;
  std::vector<int> seen;
  SignalWatch watch(&loop, [&](int signal) { seen.push_back(signal); });
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGUSR1);
  for (int i = 0; i < 100 && seen.size() < 2; ++i) loop.RunOnce(Millis(10));
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre(SIGHUP, SIGUSR1));
  kill(getpid(), SIGTERM);
  for (int i = 0; i < 100 && seen.size() < 3; ++i) loop.RunOnce(Millis(10));
  EXPECT_EQ(seen.back(), SIGTERM);
}

}  // namespace
}  // namespace lb::control
