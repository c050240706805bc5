#include "controlplane/service/serving_config.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

config::Compiled Compiled() {
  Diagnostics diagnostics;
  return *FakeCompile({{"f", kWeb}}, &diagnostics);
}

TEST(ServingConfig, HasEveryFormAtOneRevision) {
  ServingConfigPtr config = MakeServingConfig(Compiled(), {{"f", kWeb}}, 7);
  EXPECT_EQ(config->snapshot->revision(), 7u);
  EXPECT_EQ(config->stripped->revision(), 7u);
  EXPECT_EQ(config->snapshot->hash(), config->stripped->hash());
  EXPECT_TRUE(config->snapshot->backends(0).servers(0).has_health_check());
  EXPECT_FALSE(config->stripped->backends(0).servers(0).has_health_check());
}

TEST(ServingConfig, SameMeansSameToEveryPlane) {
  const ServingConfigPtr config = MakeServingConfig(Compiled(), {{"f", kWeb}}, 7);
  EXPECT_TRUE(IsSameConfig(Compiled(), *config));
  const std::function<void(config::Compiled*)> changes[] = {
      [](config::Compiled* c) { c->snapshot.mutable_global()->set_maxconn(1); },
      [](config::Compiled* c) {
        c->snapshot.mutable_backends(0)->mutable_servers(0)->mutable_health_check()->set_rise(9);
      },
      [](config::Compiled* c) { c->control.stats_sockets.push_back({.address = "unix:/x"}); },
      [](config::Compiled* c) { c->control.stats_timeout = Millis(1); },
      [](config::Compiled* c) { c->control.stats_maxconn = 1; },
  };
  for (size_t i = 0; i < std::size(changes); ++i) {
    config::Compiled changed = Compiled();
    changes[i](&changed);
    EXPECT_FALSE(IsSameConfig(changed, *config)) << "change " << i;
  }
}

}  // namespace
}  // namespace lb::service
