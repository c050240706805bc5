#include "dataplane/server/registry.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "dataplane/server/compiler.h"
#include "tests/testing/snapshots.h"

namespace lb::server {
namespace {

using testing::SnapshotOf;
using testing::StateOf;

constexpr char kTwoServers[] = R"(
  frontends { common { name: "f" } default_backend: "b" }
  backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 }
    servers { name: "s2" address: "10.0.0.2:80" weight: 1
              on_marked_down: ON_MARKED_DOWN_SHUTDOWN_SESSIONS
              on_marked_up: ON_MARKED_UP_SHUTDOWN_BACKUP_SESSIONS } })";

class RegistryTest : public ::testing::Test {
 protected:
  Changes Adopt(const std::string& text, const std::vector<v1::ServerState>& states = {}) {
    v1::Snapshot snapshot = SnapshotOf(text);
    CompileInput input;
    input.snapshot = &snapshot;
    input.runtimes = &registry_;
    input.previous = config_ == nullptr ? nullptr : &snapshot_;
    input.previous_config = config_;
    Compiled compiled = Compile(input);
    EXPECT_EQ(compiled.problem.ToString(), "");
    snapshot_ = std::move(snapshot);
    config_ = compiled.config;
    return registry_.Adopt(config_, snapshot_, states);
  }
  upstream::ServerRuntime& Server(const std::string& name) {
    return *registry_.serving()
                ->servers[registry_.serving()->server_index.at(ServerIdOf("b", name))]
                .runtime;
  }
  static std::vector<std::string> NamesOf(const Changes& changes) {
    std::vector<std::string> names;
    for (const auto& candidate : changes.views.at(0).view->candidates) {
      names.push_back(candidate.config->name);
    }
    return names;
  }

  Registry registry_{1};
  v1::Snapshot snapshot_;
  std::shared_ptr<const proxy::Config> config_;
};

TEST_F(RegistryTest, BuildsTheViewsOfWhatIsNew) {
  Changes changes =
      Adopt(kTwoServers, {StateOf("b", "s1", v1::SERVER_UP), StateOf("b", "s2", v1::SERVER_DOWN)});
  ASSERT_EQ(changes.views.size(), 1u);
  EXPECT_THAT(NamesOf(changes), ::testing::ElementsAre("s1"));
  EXPECT_EQ(Server("s2").status, upstream::ServerStatus::kDown);
  EXPECT_TRUE(changes.kills.empty());
}

TEST_F(RegistryTest, AServerWithoutAStateIsAsItsConfigurationSays) {
  Changes changes = Adopt(R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 }
    servers { name: "s2" address: "10.0.0.2:80" weight: 1 disabled: true } })");
  EXPECT_THAT(NamesOf(changes), ::testing::ElementsAre("s1"));
}

TEST_F(RegistryTest, CountersStatesAndRuntimesSurviveAPush) {
  Adopt(kTwoServers, {StateOf("b", "s1", v1::SERVER_UP), StateOf("b", "s2", v1::SERVER_MAINT)});
  upstream::ServerRuntime* s1 = &Server("s1");
  s1->counters[0].sessions.Add(42);
  s1->sessions = 3;
  config_->frontends[0]->runtime->counters[0].requests.Add(7);
  Changes changes = Adopt(std::string(kTwoServers) + "backends { common { name: 'more' } }");
  EXPECT_EQ(&Server("s1"), s1);
  EXPECT_EQ(Server("s1").counters[0].sessions.get(), 42u);
  EXPECT_EQ(Server("s1").sessions, 3u);
  EXPECT_EQ(config_->frontends[0]->runtime->counters[0].requests.get(), 7u);
  EXPECT_EQ(Server("s2").status, upstream::ServerStatus::kMaint);
  ASSERT_EQ(changes.views.size(), 1u);
  EXPECT_EQ(changes.views[0].runtime->name, "more");  // the backend that stays is not touched
}

TEST_F(RegistryTest, AServerThatGoesIsRetiredAndItsPoolEmptied) {
  Adopt(kTwoServers);
  std::shared_ptr<upstream::ServerRuntime> s2 = registry_.serving()->servers[1].runtime;
  Changes changes = Adopt(R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 } })");
  EXPECT_TRUE(s2->is_retired);
  ASSERT_EQ(changes.drained.size(), 1u);
  EXPECT_EQ(changes.drained[0], s2);
  EXPECT_EQ(registry_.States().size(), 1u);
}

TEST_F(RegistryTest, StatesTakeEffectAtOnce) {
  Adopt(kTwoServers);
  Changes changes = registry_.SetStates({StateOf("b", "s1", v1::SERVER_MAINT)});
  EXPECT_EQ(Server("s1").status, upstream::ServerStatus::kMaint);
  EXPECT_THAT(NamesOf(changes), ::testing::ElementsAre("s2"));
  EXPECT_EQ(changes.drained.size(), 1u);
}

TEST_F(RegistryTest, AStateThatOnlyLooksDifferentChangesNothing) {
  Adopt(kTwoServers, {StateOf("b", "s1", v1::SERVER_UP)});
  v1::ServerState state = StateOf("b", "s1", v1::SERVER_UP);
  state.set_status_text("UP 1/3");
  state.set_check_duration_ms(12);
  EXPECT_TRUE(registry_.SetStates({state}).empty());
  EXPECT_EQ(registry_.States()[0].status_text(), "UP 1/3");
  EXPECT_TRUE(registry_.SetStates({StateOf("b", "unknown", v1::SERVER_DOWN)}).empty());
}

TEST_F(RegistryTest, AnOperatorsAddressReplacesTheConfiguredOne) {
  Adopt(kTwoServers);
  v1::ServerState state = StateOf("b", "s1", v1::SERVER_NO_CHECK);
  state.set_address("10.9.9.9:99");
  Changes changes = registry_.SetStates({state});
  EXPECT_EQ(changes.views.at(0).view->candidates[0].address.ToString(), "10.9.9.9:99");
  EXPECT_EQ(changes.drained.size(), 1u);
}

TEST_F(RegistryTest, MarkedDownEndsSessionsWhereAskedFor) {
  Adopt(kTwoServers, {StateOf("b", "s1", v1::SERVER_UP), StateOf("b", "s2", v1::SERVER_UP)});
  EXPECT_TRUE(registry_.SetStates({StateOf("b", "s1", v1::SERVER_DOWN)}).kills.empty());
  Changes changes = registry_.SetStates({StateOf("b", "s2", v1::SERVER_DOWN)});
  ASSERT_EQ(changes.kills.size(), 1u);
  EXPECT_EQ(changes.kills[0].server.get(), &Server("s2"));
  EXPECT_EQ(changes.kills[0].reason, proxy::KillReason::kServerDown);
  // Down for another reason is still down.
  EXPECT_TRUE(registry_.SetStates({StateOf("b", "s2", v1::SERVER_MAINT)}).kills.empty());
}

TEST_F(RegistryTest, MarkedUpEndsTheBackupsSessionsWhereAskedFor) {
  Adopt(kTwoServers, {StateOf("b", "s1", v1::SERVER_DOWN), StateOf("b", "s2", v1::SERVER_DOWN)});
  EXPECT_TRUE(registry_.SetStates({StateOf("b", "s1", v1::SERVER_UP)}).kills.empty());
  Changes changes = registry_.SetStates({StateOf("b", "s2", v1::SERVER_UP)});
  ASSERT_EQ(changes.kills.size(), 1u);
  EXPECT_EQ(changes.kills[0].what, KillOrder::What::kBackups);
  EXPECT_EQ(changes.kills[0].backend, BackendIdOf("b"));
}

TEST_F(RegistryTest, AGrownShutdownGenerationEndsSessions) {
  v1::ServerState state = StateOf("b", "s1", v1::SERVER_UP);
  state.set_shutdown_generation(3);
  EXPECT_TRUE(Adopt(kTwoServers, {state}).kills.empty());  // as it is found
  EXPECT_TRUE(registry_.SetStates({state}).kills.empty());
  state.set_shutdown_generation(4);
  Changes changes = registry_.SetStates({state});
  ASSERT_EQ(changes.kills.size(), 1u);
  EXPECT_EQ(changes.kills[0].reason, proxy::KillReason::kAdmin);
}

TEST_F(RegistryTest, WhatWasOnlyPreparedIsForgotten) {
  Adopt(kTwoServers);
  std::weak_ptr<upstream::BackendRuntime> prepared = registry_.BackendOf("prepared");
  std::weak_ptr<upstream::BackendRuntime> served = registry_.BackendOf("b");
  registry_.DropUnused();
  EXPECT_TRUE(prepared.expired());
  EXPECT_FALSE(served.expired());
}

// The weights and limits of the first view of `changes`, as "s1:16/100 s2:1/0".
std::string SharesOf(const Changes& changes) {
  std::string text;
  for (const auto& candidate : changes.views.at(0).view->candidates) {
    text += (text.empty() ? "" : " ") + candidate.config->name + ":" +
            std::to_string(candidate.weight) + "/" + std::to_string(candidate.maxconn);
  }
  return text;
}

TEST_F(RegistryTest, AServerThatComesUpIsWarmedUp) {
  const SteadyTime start{std::chrono::seconds(100)};
  registry_.WarmUp(start);
  const std::string text = R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 maxconn: 100 slowstart_ms: 10000 }
    servers { name: "s2" address: "10.0.0.2:80" weight: 1 } })";
  // Not at the start, which would hold up what ran before.
  EXPECT_EQ(SharesOf(Adopt(text, {StateOf("b", "s1", v1::SERVER_UP)})), "s1:1/100 s2:1/0");
  registry_.SetStates({StateOf("b", "s1", v1::SERVER_DOWN)});
  EXPECT_EQ(SharesOf(registry_.SetStates({StateOf("b", "s1", v1::SERVER_UP)})), "s1:1/1 s2:16/0");
  EXPECT_EQ(SharesOf(registry_.WarmUp(start + Millis(2500))), "s1:4/25 s2:16/0");
  EXPECT_EQ(SharesOf(registry_.WarmUp(start + Millis(5000))), "s1:8/50 s2:16/0");
  EXPECT_EQ(SharesOf(registry_.WarmUp(start + Millis(10000))), "s1:1/100 s2:1/0");
  EXPECT_TRUE(registry_.WarmUp(start + Millis(11000)).empty());
}

TEST_F(RegistryTest, APushThatTakesTheTimeAwayEndsTheWarmUp) {
  const SteadyTime start{std::chrono::seconds(100)};
  registry_.WarmUp(start);
  Adopt(R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 maxconn: 100 slowstart_ms: 10000 } })",
        {StateOf("b", "s1", v1::SERVER_DOWN)});
  EXPECT_EQ(SharesOf(registry_.SetStates({StateOf("b", "s1", v1::SERVER_UP)})), "s1:1/1");
  EXPECT_EQ(SharesOf(Adopt(R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 maxconn: 100 } })",
                           {})),
            "s1:16/100");
  EXPECT_EQ(SharesOf(registry_.WarmUp(start + Millis(1000))), "s1:1/100");
}

TEST_F(RegistryTest, AServerThatGoesDownAgainIsNotWarmedUpAnyMore) {
  registry_.WarmUp(SteadyTime(std::chrono::seconds(100)));
  Adopt(R"(backends { common { name: "b" }
    servers { name: "s1" address: "10.0.0.1:80" weight: 1 slowstart_ms: 10000 }
    servers { name: "s2" address: "10.0.0.2:80" weight: 1 } })",
        {StateOf("b", "s1", v1::SERVER_DOWN)});
  registry_.SetStates({StateOf("b", "s1", v1::SERVER_UP)});
  EXPECT_EQ(SharesOf(registry_.SetStates({StateOf("b", "s1", v1::SERVER_DOWN)})), "s2:1/0");
  EXPECT_TRUE(registry_.WarmUp(SteadyTime(std::chrono::seconds(101))).empty());
}

}  // namespace
}  // namespace lb::server
