#include "dataplane/server/lookup.h"

#include "gtest/gtest.h"

#include "tests/testing/backend_fixture.h"

namespace lb::server {
namespace {

class LookupTest : public ::testing::Test {
 protected:
  LookupTest() : backend_(upstream::Algorithm::kRoundRobin) {
    backend_.Add("up", /*weight=*/5);
    backend_.Add("down", /*weight=*/7)->status = upstream::ServerStatus::kDown;
    backend_.Build();
    auto serving = std::make_shared<ServingSet>();
    serving->backends[backend_.runtime->id] = backend_.runtime;
    serving->frontends[frontend_->id] = frontend_;
    for (const upstream::ServerEntry& entry : backend_.entries) {
      entry.runtime->status = entry.status;
      serving->server_index[entry.config->id] = serving->servers.size();
      serving->servers.push_back({entry.config, entry.runtime, backend_.runtime});
    }
    lookup_.Set(std::move(serving));
  }

  testing::BackendFixture backend_;
  std::shared_ptr<upstream::FrontendRuntime> frontend_ =
      std::make_shared<upstream::FrontendRuntime>(FrontendIdOf("f"), "f", 1);
  Lookup lookup_{0};
};

TEST_F(LookupTest, TellsWhatServes) {
  frontend_->sessions = 4;
  backend_.runtime->sessions = 3;
  EXPECT_EQ(lookup_.FindFrontend(frontend_->id)->current_sessions, 4u);
  EXPECT_EQ(lookup_.FindBackend(backend_.runtime->id)->current_sessions, 3u);
  EXPECT_EQ(lookup_.FindBackend(backend_.runtime->id)->usable_servers, 1u);
}

TEST_F(LookupTest, TellsOfAServerAsTheBalancersSeeIt) {
  backend_.entries[0].runtime->sessions = 2;
  auto up = lookup_.FindServer(ServerIdOf("b", "up"));
  EXPECT_TRUE(up->is_up);
  EXPECT_EQ(up->weight, 5u);
  EXPECT_EQ(up->current_sessions, 2u);
  auto down = lookup_.FindServer(ServerIdOf("b", "down"));
  EXPECT_FALSE(down->is_up);
  EXPECT_EQ(down->weight, 0u);
}

TEST_F(LookupTest, KnowsNothingOfOthersNorBeforeAnythingServes) {
  EXPECT_FALSE(lookup_.FindFrontend(1).has_value());
  EXPECT_FALSE(lookup_.FindBackend(1).has_value());
  EXPECT_FALSE(lookup_.FindServer(1).has_value());
  Lookup empty(0);
  EXPECT_FALSE(empty.FindBackend(backend_.runtime->id).has_value());
}

}  // namespace
}  // namespace lb::server
