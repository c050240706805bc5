#include "common/event/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/event/event_loop.h"
#include "common/event/waiter.h"

namespace lb::event {
namespace {

// Counts how many of it live.
struct Counted {
  explicit Counted(int* count) : count_(count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  int* count_;
};

Task<int> Add(int a, int b) { co_return a + b; }
Task<int> Sum(int n) {
  int sum = 0;
  for (int i = 1; i <= n; ++i) {
    const int next = co_await Add(sum, i);
    sum = next;
  }
  co_return sum;
}
Task<std::unique_ptr<std::string>> MakeText() { co_return std::make_unique<std::string>("text"); }
Task<void> Store(int* out) {
  *out = co_await Sum(100);
  std::unique_ptr<std::string> text = co_await MakeText();
  *out += static_cast<int>(text->size());
}
Task<void> Await(Source* source, int* count) {
  Counted counted(count);
  co_await Wait(source->loop(), {source, kSignalled}, SteadyTime::max());
}
Task<void> AwaitNested(Source* source, int* count) {
  Counted counted(count);
  co_await Await(source, count);
}
Task<void> Nothing() { co_return; }

TEST(Task, ReturnsValuesThroughAChain) {
  int out = 0;
  Root root;
  root.Start(Store(&out));
  EXPECT_EQ(out, 5054);
  EXPECT_FALSE(root.is_running());
}

TEST(Task, DoesNothingUntilAwaited) {
  int out = 0;
  { Task<void> task = Store(&out); }
  EXPECT_EQ(out, 0);
}

TEST(Root, TellsWhenTheChainIsDone) {
  EventLoop loop;
  Source source(&loop);
  int frames = 0;
  int done = 0;
  Root root;
  root.Start(AwaitNested(&source, &frames), [&] { ++done; });
  EXPECT_TRUE(root.is_running());
  EXPECT_EQ(frames, 2);
  source.Raise(kSignalled);
  EXPECT_EQ(done, 0) << "not inside Raise()";
  loop.RunOnce(Millis(0));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(frames, 0);
  EXPECT_FALSE(root.is_running());
}

TEST(Root, CancellingDestroysTheWholeChain) {
  EventLoop loop;
  Source source(&loop);
  int frames = 0;
  bool is_done = false;
  {
    Root root;
    root.Start(AwaitNested(&source, &frames), [&] { is_done = true; });
  }
  EXPECT_EQ(frames, 0);
  source.Raise(kSignalled);
  loop.RunOnce(Millis(0));
  EXPECT_FALSE(is_done);
}

TEST(Root, CanBeCancelledBetweenReadinessAndItsTurn) {
  EventLoop loop;
  Source source(&loop);
  int frames = 0;
  Root root;
  root.Start(AwaitNested(&source, &frames));
  source.Raise(kSignalled);
  root.Cancel();
  loop.RunOnce(Millis(0));
  EXPECT_EQ(frames, 0);
}

TEST(Root, CanBeStartedAgainAfterCancel) {
  Root root;
  for (int i = 0; i < 3; ++i) {
    bool is_done = false;
    root.Start(Nothing(), [&] { is_done = true; });
    EXPECT_TRUE(is_done);
    root.Cancel();
  }
}

}  // namespace
}  // namespace lb::event
