#include "controlplane/service/checker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "common/net/socket.h"

namespace lb::service {
namespace {

TEST(EngineChecker, ReportsTheResultOfARealCheck) {
  auto listener = net::Listen(*Address::FromIp("127.0.0.1", 0), {});
  ASSERT_TRUE(listener.ok());
  const std::string address = Address::LocalOf(listener->get()).ToString();
  v1::Backend backend;
  backend.mutable_common()->set_name("web");
  v1::Server* server = backend.add_servers();
  server->set_name("s1");
  server->set_address(address);
  server->set_is_checked(true);
  v1::HealthCheck* check = server->mutable_health_check();
  check->set_kind(v1::HealthCheck::TCP);
  check->set_address(address);
  check->set_inter_ms(1000);
  check->set_rise(2);
  check->set_fall(3);

  event::EventLoop loop;
  std::unique_ptr<Checker> checker =
      MakeEngineChecker(&loop, /*seed=*/1, [](ServerId) { return 0u; });
  std::optional<checks::CheckResult> result;
  checker->SetObserver([&](ServerId id, const checks::CheckResult& r) {
    EXPECT_EQ(id, ServerIdOf("web", "s1"));
    result = r;
  });
  checker->SetTargets({checks::Target::Of(backend, *server, TlsFiles(v1::Snapshot()))}, /*spread_percent=*/0);
  for (int i = 0; i < 1000 && !result.has_value(); ++i) loop.RunOnce(Millis(10));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status, checks::CheckStatus::kL4Ok);
}

}  // namespace
}  // namespace lb::service
