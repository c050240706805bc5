// The balancers, through BackendRuntime::Choose().
#include <map>
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
using ::testing::UnorderedElementsAre;

TEST(RoundRobin, WalksTheServersInOrder) {
  BackendFixture backend(Algorithm::kRoundRobin);
  for (const char* name : {"a", "b", "c"}) backend.Add(name);
  backend.Build();
  EXPECT_THAT(backend.Visits(7), ElementsAre("a", "b", "c", "a", "b", "c", "a"));
}

TEST(RoundRobin, FollowsTheWeights) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a", /*weight=*/3);
  backend.Add("b", /*weight=*/1);
  backend.Build();
  EXPECT_THAT(backend.Visits(8), ElementsAre("a", "a", "b", "a", "a", "a", "b", "a"));
}

TEST(RoundRobin, IsExactOverManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  BackendFixture backend(Algorithm::kRoundRobin);
  for (const char* name : {"a", "b", "c"}) backend.Add(name);
  backend.Build();
  std::vector<std::map<std::string, int>> visits(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&backend, &mine = visits[static_cast<size_t>(i)]] {
      for (int round = 0; round < kRounds; ++round) ++mine[backend.Visit()];
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> total;
  for (const auto& mine : visits) {
    for (const auto& [name, count] : mine) total[name] += count;
  }
  const int each = kThreads * kRounds / 3;
  EXPECT_THAT(total, UnorderedElementsAre(::testing::Pair("a", each), ::testing::Pair("b", each),
                                          ::testing::Pair("c", each)));
  for (const ServerEntry& server : backend.entries) EXPECT_EQ(server.runtime->sessions, 0u);
}

TEST(RoundRobin, PassesOverServersThatAreFull) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a", /*weight=*/1, /*maxconn=*/1);
  backend.Add("b", /*weight=*/1, /*maxconn=*/2);
  backend.Build();
  EXPECT_EQ(backend.Choose(), "a");
  EXPECT_EQ(backend.Choose(), "b");
  EXPECT_EQ(backend.Choose(), "b");
  EXPECT_EQ(backend.Choose(), "");
  backend.entries[0].runtime->ReleasePlace();
  EXPECT_EQ(backend.Choose(), "a");
}

TEST(RoundRobin, NeverTakesMorePlacesThanThereAre) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a", /*weight=*/1, /*maxconn=*/5);
  backend.Add("b", /*weight=*/2, /*maxconn=*/5);
  backend.Build();
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int attempt = 0; attempt < 100; ++attempt) {
        if (!backend.Choose().empty()) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(backend.entries[0].runtime->max_sessions, 5u);
}

TEST(RoundRobin, AvoidsTheServerThatFailedUnlessItIsAlone) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a");
  backend.Add("b");
  backend.Build();
  const ServerRuntime* a = backend.entries[0].runtime.get();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(backend.Visit(/*random=*/0, a), "b");
  backend.entries[1].status = ServerStatus::kDown;
  backend.Build();
  EXPECT_EQ(backend.Visit(/*random=*/0, a), "a");
}

TEST(LeastConn, TakesTheFewestSessionsForTheWeight) {
  BackendFixture backend(Algorithm::kLeastConn);
  backend.Add("a", /*weight=*/1);
  backend.Add("b", /*weight=*/3);
  backend.Build();
  std::map<std::string, int> chosen;
  for (int i = 0; i < 40; ++i) ++chosen[backend.Choose()];
  EXPECT_EQ(chosen["a"], 10);
  EXPECT_EQ(chosen["b"], 30);
}

TEST(LeastConn, TakesTheServerThatBecameFree) {
  BackendFixture backend(Algorithm::kLeastConn);
  for (const char* name : {"a", "b", "c"}) backend.Add(name);
  backend.Build();
  for (int i = 0; i < 6; ++i) backend.Choose();
  backend.entries[1].runtime->ReleasePlace();
  EXPECT_EQ(backend.Choose(), "b");
}

TEST(LeastConn, TakesTurnsAmongEquals) {
  BackendFixture backend(Algorithm::kLeastConn);
  for (const char* name : {"a", "b", "c"}) backend.Add(name);
  backend.Build();
  EXPECT_THAT(backend.Visits(3), UnorderedElementsAre("a", "b", "c"));
}

TEST(LeastConn, PassesOverServersThatAreFull) {
  BackendFixture backend(Algorithm::kLeastConn);
  backend.Add("a", /*weight=*/1, /*maxconn=*/1);
  backend.Add("b", /*weight=*/1, /*maxconn=*/1);
  backend.Build();
  EXPECT_THAT((std::vector<std::string>{backend.Choose(), backend.Choose()}),
              UnorderedElementsAre("a", "b"));
  EXPECT_EQ(backend.Choose(), "");
}

TEST(First, FillsServersInFileOrder) {
  BackendFixture backend(Algorithm::kFirst);
  backend.Add("a", /*weight=*/1, /*maxconn=*/2);
  backend.Add("b", /*weight=*/1, /*maxconn=*/1);
  backend.Build();
  std::vector<std::string> chosen;
  for (int i = 0; i < 4; ++i) chosen.push_back(backend.Choose());
  EXPECT_THAT(chosen, ElementsAre("a", "a", "b", ""));
  backend.entries[0].runtime->ReleasePlace();
  EXPECT_EQ(backend.Choose(), "a");
}

TEST(Random, FollowsTheWeightsRoughly) {
  BackendFixture backend(Algorithm::kRandom);
  backend.balance.random_draws = 1;
  backend.Add("a", /*weight=*/1);
  backend.Add("b", /*weight=*/4);
  backend.Build();
  std::map<std::string, int> visits;
  for (uint64_t seed = 1; seed <= 5000; ++seed) ++visits[backend.Visit(seed * 0x9e3779b97f4a7c15u)];
  EXPECT_NEAR(visits["a"], 1000, 150);
  EXPECT_NEAR(visits["b"], 4000, 150);
}

TEST(Random, TakesTheLessLoadedOfTheDrawn) {
  BackendFixture backend(Algorithm::kRandom);
  backend.balance.random_draws = 8;
  backend.Add("busy");
  backend.Add("idle");
  backend.Build();
  for (int i = 0; i < 50; ++i) backend.entries[0].runtime->Acquire();
  int busy = 0;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    if (backend.Visit(seed * 0x9e3779b97f4a7c15u) == "busy") ++busy;
  }
  EXPECT_LT(busy, 30);  // all eight draws must have hit it: one in 256
}

TEST(Random, FindsAPlaceAnywhereBeforeItGivesUp) {
  BackendFixture backend(Algorithm::kRandom);
  backend.Add("heavy", /*weight=*/256, /*maxconn=*/1);
  backend.Add("light", /*weight=*/1, /*maxconn=*/1);
  backend.Build();
  EXPECT_THAT((std::vector<std::string>{backend.Choose(1), backend.Choose(2)}),
              UnorderedElementsAre("heavy", "light"));
  EXPECT_EQ(backend.Choose(3), "");
}

TEST(Choose, FindsNobodyInAnEmptyView) {
  for (Algorithm algorithm : {Algorithm::kRoundRobin, Algorithm::kStaticRoundRobin,
                              Algorithm::kLeastConn, Algorithm::kFirst, Algorithm::kRandom}) {
    BackendFixture backend(algorithm);
    backend.Add("a")->status = ServerStatus::kDown;
    backend.Build();
    EXPECT_EQ(backend.Choose(), "");
  }
}

}  // namespace
}  // namespace lb::upstream
