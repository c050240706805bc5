#include "common/event/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

namespace lb::event {
namespace {

class Action : public Runnable {
 public:
  explicit Action(std::function<void()> fn) : fn_(std::move(fn)) {}
  void Run() override { fn_(); }

 private:
  std::function<void()> fn_;
};

struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    a.Reset(fds[0]);
    b.Reset(fds[1]);
  }
  UniqueFd a;
  UniqueFd b;
};

TEST(EventLoop, RunsPostedFunctionsInOrder) {
  EventLoop loop;
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) loop.Post([&, i] { ran.push_back(i); });
  loop.Post([&] { loop.Post([&] { ran.push_back(9); }); });
  loop.RunOnce(Millis(0));
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  loop.RunOnce(Millis(-1));  // does not sleep: there is something to do
  EXPECT_EQ(ran.back(), 9);
}

TEST(EventLoop, OtherThreadsPostAndStop) {
  EventLoop loop;
  int sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) loop.Post([&] { ++sum; });
    });
  }
  std::thread stopper([&] {
    for (std::thread& thread : threads) thread.join();
    loop.Stop();
  });
  loop.Run();
  stopper.join();
  EXPECT_EQ(sum, 4000) << "what was posted before the stop still runs";
}

TEST(EventLoop, RunsDelayedFunctionsWhenTheirTimeComes) {
  FakeClock clock;
  EventLoop loop(clock);
  std::vector<int> ran;
  loop.RunAfter(Millis(30), [&] { ran.push_back(30); });
  loop.RunAfter(Millis(10), [&] {
    ran.push_back(10);
    loop.RunAfter(Millis(5), [&] { ran.push_back(15); });
  });
  for (int i = 0; i < 20; ++i) {
    clock.Advance(Millis(1));
    loop.RunOnce(Millis(0));
  }
  EXPECT_EQ(ran, (std::vector<int>{10, 15}));
  clock.Advance(Millis(10));
  loop.RunOnce(Millis(0));
  EXPECT_EQ(ran, (std::vector<int>{10, 15, 30}));
}

TEST(EventLoop, ReadsTheClockOnceATurn) {
  FakeClock clock;
  EventLoop loop(clock);
  const SteadyTime before = loop.now();
  clock.Advance(Millis(5));
  EXPECT_EQ(loop.now(), before);
  loop.RunOnce(Millis(0));
  EXPECT_EQ(loop.now(), before + Millis(5));
}

TEST(EventLoop, ReadsTheTimeOfDayOnceATurn) {
  FakeClock clock;
  EventLoop loop(clock);
  const WallTime before = loop.wall_now();
  clock.Advance(Millis(5));
  EXPECT_EQ(loop.wall_now(), before);
  loop.RunOnce(Millis(0));
  EXPECT_EQ(loop.wall_now(), before + Millis(5));
}

TEST(Pollable, WatchesAnotherDescriptorOfTheSameNumberOnceClosed) {
  EventLoop loop;
  loop.set_descriptors_unshared();
  SocketPair pair;
  Pollable watch(&loop);
  watch.Watch(pair.a.get());
  const int number = pair.a.get();
  ASSERT_EQ(write(pair.b.get(), "x", 1), 1);
  watch.UnwatchToClose();
  pair.a.Reset();
  loop.RunOnce(Millis(0));
  EXPECT_FALSE(watch.is_ready(kReadable));

  UniqueFd next(dup2(pair.b.get(), number));
  ASSERT_EQ(next.get(), number);
  watch.Watch(number);
  loop.RunOnce(Millis(0));
  EXPECT_TRUE(watch.is_ready(kHungUp)) << "its peer was closed";
}

TEST(Pollable, TellsReadableWritableAndHungUp) {
  EventLoop loop;
  SocketPair pair;
  Pollable watch(&loop);
  watch.Watch(pair.a.get());
  loop.RunOnce(Millis(0));
  EXPECT_EQ(watch.ready(), kWritable);

  ASSERT_EQ(write(pair.b.get(), "x", 1), 1);
  loop.RunOnce(Millis(0));
  EXPECT_TRUE(watch.is_ready(kReadable));
  EXPECT_FALSE(watch.is_ready(kHungUp));

  shutdown(pair.b.get(), SHUT_WR);
  loop.RunOnce(Millis(0));
  EXPECT_TRUE(watch.is_ready(kHungUp));
}

TEST(Pollable, IsEdgeTriggered) {
  EventLoop loop;
  SocketPair pair;
  Pollable watch(&loop);
  watch.Watch(pair.a.get());
  ASSERT_EQ(write(pair.b.get(), "x", 1), 1);
  loop.RunOnce(Millis(0));
  watch.Clear(kReadable);
  loop.RunOnce(Millis(0));
  EXPECT_FALSE(watch.is_ready(kReadable)) << "the byte was announced once";
  ASSERT_EQ(write(pair.b.get(), "y", 1), 1);
  loop.RunOnce(Millis(0));
  EXPECT_TRUE(watch.is_ready(kReadable));
}

TEST(Pollable, MayBeDestroyedByAnotherOnesTurn) {
  EventLoop loop;
  SocketPair one, two;
  auto a = std::make_unique<Pollable>(&loop);
  auto b = std::make_unique<Pollable>(&loop);
  a->Watch(one.a.get());
  b->Watch(two.a.get());
  Action destroy([&] {
    a.reset();
    b.reset();
  });
  loop.Queue(&destroy);
  ASSERT_EQ(write(one.b.get(), "x", 1), 1);
  ASSERT_EQ(write(two.b.get(), "x", 1), 1);
  loop.RunOnce(Millis(0));
  loop.RunOnce(Millis(0));
  EXPECT_EQ(a, nullptr);
}

TEST(Pollable, CanWatchOneDescriptorAfterTheOther) {
  EventLoop loop;
  SocketPair pair;
  Pollable watch(&loop);
  watch.Watch(pair.a.get());
  watch.Unwatch();
  EXPECT_EQ(watch.fd(), -1);
  ASSERT_EQ(write(pair.b.get(), "x", 1), 1);
  loop.RunOnce(Millis(0));
  EXPECT_FALSE(watch.is_ready(kReadable));
  watch.Watch(pair.a.get());
  loop.RunOnce(Millis(0));
  EXPECT_TRUE(watch.is_ready(kReadable));
}

TEST(Queue, RunsEachOnceInOrder) {
  EventLoop loop;
  std::vector<int> ran;
  Action a([&] { ran.push_back(1); });
  Action b([&] { ran.push_back(2); });
  loop.Queue(&a);
  loop.Queue(&b);
  loop.Queue(&a);
  EXPECT_TRUE(a.is_queued());
  loop.RunOnce(Millis(0));
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
  EXPECT_FALSE(a.is_queued());
}

TEST(Queue, ForgetsWhatIsDequeuedOrDestroyed) {
  EventLoop loop;
  std::vector<int> ran;
  Action a([&] { ran.push_back(1); });
  auto b = std::make_unique<Action>([&] { ran.push_back(2); });
  Action c([&] { ran.push_back(3); });
  loop.Queue(&a);
  loop.Queue(b.get());
  loop.Queue(&c);
  a.Dequeue();
  b.reset();
  loop.RunOnce(Millis(0));
  EXPECT_EQ(ran, std::vector<int>{3});
}

TEST(Queue, WhoQueuesHimselfAgainWaitsForTheNextTurn) {
  EventLoop loop;
  int runs = 0;
  std::unique_ptr<Action> again;
  again = std::make_unique<Action>([&] {
    ++runs;
    loop.Queue(again.get());
  });
  loop.Queue(again.get());
  loop.RunOnce(Millis(-1));
  EXPECT_LE(runs, 2) << "before and after the timers";
  loop.RunOnce(Millis(-1));
  EXPECT_LE(runs, 4);
}

// A turn ends even when the last in the queue goes away in it.
TEST(Queue, ATurnEndsWhoeverLeavesTheQueue) {
  EventLoop loop;
  int runs = 0;
  auto last = std::make_unique<Action>([] {});
  std::unique_ptr<Action> again;
  again = std::make_unique<Action>([&] {
    last.reset();
    if (++runs < 1000) loop.Queue(again.get());
  });
  loop.Queue(again.get());
  loop.Queue(last.get());
  loop.RunOnce(Millis(0));
  EXPECT_LE(runs, 2);
}

TEST(EventLoop, CountsTheTimeItWaits) {
  EventLoop loop;
  EXPECT_EQ(loop.waited_nanos(), 0);
  loop.RunOnce(Millis(2));
  EXPECT_GT(loop.waited_nanos(), 0);
}

}  // namespace
}  // namespace lb::event
