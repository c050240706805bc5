#include "dataplane/upstream/place_queue.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/backend_fixture.h"

namespace lb::upstream {
namespace {

using testing::BackendFixture;
using ::testing::ElementsAre;

// One waiting request of a loop.
class Waiting {
 public:
  Waiting(event::EventLoop* loop, BackendFixture* backend) : source(loop), backend_(backend) {
    request = backend->runtime->Join(&source, *backend->view, backend->balance);
  }
  ~Waiting() {
    if (request != nullptr) Leave();
  }
  bool is_woken() const { return source.is_ready(event::kSignalled); }
  // The granted server's name, or ""; the place stays taken.
  std::string Leave() {
    std::optional<Candidate> granted = backend_->runtime->queue.Leave(request.get());
    request.reset();
    return granted.has_value() ? granted->config->name : "";
  }

  event::Source source;
  std::shared_ptr<QueuedRequest> request;

 private:
  BackendFixture* backend_;
};

// A backend of one server with one place, which is taken.
class PlaceQueueTest : public ::testing::Test {
 protected:
  PlaceQueueTest() : backend_(Algorithm::kRoundRobin) {
    backend_.Add("a", /*weight=*/1, /*maxconn=*/1);
    backend_.Build();
    EXPECT_EQ(backend_.Choose(), "a");
  }
  void Release() {
    backend_.runtime->Release(backend_.entries[0].runtime.get(), *backend_.view, backend_.balance);
  }
  uint32_t sessions() { return backend_.entries[0].runtime->sessions; }

  event::EventLoop loop_;
  BackendFixture backend_;
};

TEST_F(PlaceQueueTest, GrantsInOrderOfArrivalAcrossLoops) {
  event::EventLoop other_loop;
  Waiting first(&loop_, &backend_);
  Waiting second(&other_loop, &backend_);
  Waiting third(&loop_, &backend_);
  EXPECT_EQ(backend_.runtime->queue.size(), 3u);
  EXPECT_EQ(*backend_.runtime->queue.max_size(), 3u);

  std::vector<std::string> woken;
  const auto turn = [&] {
    Release();
    loop_.RunOnce(Millis(0));
    other_loop.RunOnce(Millis(0));
    woken.push_back(std::string(first.is_woken() ? "1" : "") + (second.is_woken() ? "2" : "") +
                    (third.is_woken() ? "3" : ""));
  };
  turn();
  turn();
  turn();
  EXPECT_THAT(woken, ElementsAre("1", "12", "123"));
  EXPECT_EQ(backend_.runtime->queue.size(), 0u);
  EXPECT_EQ(first.Leave(), "a");
  EXPECT_EQ(sessions(), 1u);
}

TEST_F(PlaceQueueTest, WhoLeavesIsPassedOver) {
  Waiting first(&loop_, &backend_);
  Waiting second(&loop_, &backend_);
  EXPECT_EQ(first.Leave(), "");
  EXPECT_EQ(backend_.runtime->queue.size(), 1u);
  Release();
  loop_.RunOnce(Millis(0));
  EXPECT_FALSE(first.is_woken());
  EXPECT_EQ(second.Leave(), "a");
}

TEST_F(PlaceQueueTest, LeavingAfterTheGrantHandsThePlaceOver) {
  Waiting waiting(&loop_, &backend_);
  Release();
  // The wake-up is still on its way when the waiter gives up.
  EXPECT_EQ(waiting.Leave(), "a");
  loop_.RunOnce(Millis(0));
  EXPECT_FALSE(waiting.is_woken());
  EXPECT_EQ(sessions(), 1u);
}

TEST_F(PlaceQueueTest, JoiningFindsAPlaceThatBecameFreeJustBefore) {
  backend_.entries[0].runtime->ReleasePlace();  // nobody waited, so nobody was served
  Waiting waiting(&loop_, &backend_);
  loop_.RunOnce(Millis(0));
  EXPECT_TRUE(waiting.is_woken());
  EXPECT_EQ(waiting.Leave(), "a");
}

TEST_F(PlaceQueueTest, ServesManyAtOnceWhenTheLimitIsRaised) {
  Waiting first(&loop_, &backend_);
  Waiting second(&loop_, &backend_);
  Waiting third(&loop_, &backend_);
  backend_.entries[0].maxconn = 3;
  backend_.Build();
  backend_.runtime->ServeQueue(*backend_.view, backend_.balance);
  EXPECT_EQ(first.Leave(), "a");
  EXPECT_EQ(second.Leave(), "a");
  EXPECT_EQ(third.Leave(), "");
  EXPECT_EQ(sessions(), 3u);
}

TEST_F(PlaceQueueTest, ServesThoseWhoWaitForTheFirstVerdict) {
  backend_.entries[0].runtime->ReleasePlace();
  backend_.entries[0].status = ServerStatus::kPending;
  backend_.Build();
  Waiting waiting(&loop_, &backend_);
  loop_.RunOnce(Millis(0));
  EXPECT_FALSE(waiting.is_woken());
  backend_.entries[0].status = ServerStatus::kUp;
  backend_.Build();
  backend_.runtime->ServeQueue(*backend_.view, backend_.balance);
  EXPECT_EQ(waiting.Leave(), "a");
}

TEST_F(PlaceQueueTest, NudgingWakesEverybodyAndGrantsNothing) {
  Waiting first(&loop_, &backend_);
  Waiting second(&loop_, &backend_);
  backend_.runtime->NudgeQueue();
  loop_.RunOnce(Millis(0));
  EXPECT_TRUE(first.is_woken());
  EXPECT_TRUE(second.is_woken());
  EXPECT_EQ(first.Leave(), "");
  EXPECT_EQ(backend_.runtime->queue.size(), 1u);
}

// Threads take places, wait for them and give them back; every place is given back in the end and
// nobody is forgotten.
TEST(PlaceQueue, LosesNobodyUnderContention) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  BackendFixture backend(Algorithm::kLeastConn);
  backend.Add("a", /*weight=*/1, /*maxconn=*/1);
  backend.Add("b", /*weight=*/1, /*maxconn=*/1);
  backend.Build();
  std::atomic<int> served{0};
  std::atomic<uint32_t> at_once{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      event::EventLoop loop;
      for (int round = 0; round < kRounds; ++round) {
        std::optional<Candidate> place;
        if (backend.runtime->queue.size() == 0) {
          place = backend.runtime->Choose(*backend.view, backend.balance, 0, nullptr);
        }
        if (!place.has_value()) {
          event::Source source(&loop);
          auto request = backend.runtime->Join(&source, *backend.view, backend.balance);
          while (!source.is_ready(event::kSignalled)) loop.RunOnce(Millis(1000));
          place = backend.runtime->queue.Leave(request.get());
        }
        ASSERT_TRUE(place.has_value());
        EXPECT_LE(at_once.fetch_add(1) + 1, 2u);
        ++served;
        at_once.fetch_sub(1);
        backend.runtime->Release(place->runtime.get(), *backend.view, backend.balance);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, kThreads * kRounds);
  for (const ServerEntry& server : backend.entries) EXPECT_EQ(server.runtime->sessions, 0u);
}

}  // namespace
}  // namespace lb::upstream
