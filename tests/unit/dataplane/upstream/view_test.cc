#include "dataplane/upstream/view.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/backend_fixture.h"

namespace lb::upstream {
namespace {

using testing::BackendFixture;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(const BackendView& view) {
  std::vector<std::string> names;
  for (const Candidate& candidate : view.candidates) names.push_back(candidate.config->name);
  return names;
}

TEST(BuildView, TakesTheServersThatAreUpInFileOrder) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a");
  backend.Add("down")->status = ServerStatus::kDown;
  backend.Add("maint")->status = ServerStatus::kMaint;
  backend.Add("drain")->status = ServerStatus::kDrain;
  backend.Add("weightless", /*weight=*/0);
  backend.Add("z");
  backend.Build();
  EXPECT_THAT(NamesOf(*backend.view), ElementsAre("a", "z"));
  EXPECT_EQ(backend.view->usable_servers, 2u);
  EXPECT_FALSE(backend.view->has_pending);
}

TEST(BuildView, TakesTheFirstUsableBackupWhenNoOtherServerIsUp) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a")->status = ServerStatus::kDown;
  backend.AddBackup("b1")->status = ServerStatus::kDown;
  backend.AddBackup("b2");
  backend.AddBackup("b3");
  backend.Build();
  EXPECT_THAT(NamesOf(*backend.view), ElementsAre("b2"));
  backend.Build(/*all_backups=*/true);
  EXPECT_THAT(NamesOf(*backend.view), ElementsAre("b2", "b3"));
  backend.entries[0].status = ServerStatus::kUp;
  backend.Build(/*all_backups=*/true);
  EXPECT_THAT(NamesOf(*backend.view), ElementsAre("a"));
}

TEST(BuildView, SaysThatAServerIsPending) {
  BackendFixture backend(Algorithm::kRoundRobin);
  backend.Add("a")->status = ServerStatus::kPending;
  backend.Build();
  EXPECT_THAT(backend.view->candidates, IsEmpty());
  EXPECT_TRUE(backend.view->has_pending);
}

TEST(BuildView, TakesTheAddressTheWeightAndTheLimitOfTheState) {
  BackendFixture backend(Algorithm::kRoundRobin);
  ServerEntry* server = backend.Add("a", /*weight=*/1, /*maxconn=*/10);
  server->address = *Address::Parse("127.0.0.9:81");
  server->weight = 7;
  server->maxconn = 3;
  backend.Build();
  EXPECT_EQ(backend.view->candidates[0].address.ToString(), "127.0.0.9:81");
  EXPECT_EQ(backend.view->candidates[0].weight, 7u);
  EXPECT_EQ(backend.view->candidates[0].maxconn, 3u);
}

TEST(BuildSchedule, GivesEachCandidateItsShareEvenlySpread) {
  EXPECT_THAT(BuildSchedule({1, 1, 1}), ElementsAre(0, 1, 2));
  EXPECT_THAT(BuildSchedule({4, 4}), ElementsAre(0, 1));
  EXPECT_THAT(BuildSchedule({2, 1}), ElementsAre(0, 1, 0));
  EXPECT_THAT(BuildSchedule({5, 1, 1}), ElementsAre(0, 0, 1, 0, 2, 0, 0));
  EXPECT_THAT(BuildSchedule({}), IsEmpty());
}

TEST(BuildSchedule, StaysShortAndVisitsEverybodyWhenWeightsAreManyAndUneven) {
  std::vector<uint32_t> weights(2000, 256);
  weights.back() = 255;
  const std::vector<uint32_t> schedule = BuildSchedule(weights);
  EXPECT_LE(schedule.size(), 70'000u);
  std::map<uint32_t, int> visits;
  for (uint32_t index : schedule) ++visits[index];
  EXPECT_EQ(visits.size(), weights.size());
}

TEST(DynamicLimit, GrowsFromMinconnToMaxconnAsTheBackendFills) {
  auto config = std::make_shared<ServerConfig>();
  Candidate candidate;
  candidate.maxconn = 100;
  candidate.minconn = 10;
  BackendView view;
  view.fullconn = 1000;
  struct Case {
    uint32_t sessions;
    uint32_t limit;
  };
  for (const Case& c : {Case{0, 10}, {50, 10}, {200, 20}, {500, 50}, {1000, 100}, {5000, 100}}) {
    EXPECT_EQ(DynamicLimit(candidate, view, c.sessions), c.limit) << c.sessions;
  }
  candidate.minconn = 0;
  EXPECT_EQ(DynamicLimit(candidate, view, 0), 100u);
}

}  // namespace
}  // namespace lb::upstream
