#include "dataplane/proxy/upstream_connect.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::kGet;
using testing::kOk;
using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

class UpstreamConnectTest : public ::testing::Test {
 protected:
  UpstreamConnectTest() : proxy_(ProxyFixture::kHttp) {
    proxy_.backend->connect_timeout = Millis(5000);
  }

  TestPeer* Request() {
    TestPeer* client = proxy_.Connect();
    client->Send(kGet);
    return client;
  }
  bool Logged(const std::string& start, size_t line = 0) {
    if (!proxy_.UntilLogged(line + 1)) return false;
    EXPECT_THAT(proxy_.log_lines[line], StartsWith(start));
    return proxy_.log_lines[line].rfind(start, 0) == 0;
  }

  ProxyFixture proxy_;
};

TEST_F(UpstreamConnectTest, WhoFindsAllPlacesTakenWaitsForOne) {
  TestServer* server = proxy_.AddServer("a", /*maxconn=*/1);
  proxy_.Start();
  TestPeer* first = Request();
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1 && (*server)[0].received == kGet; }));
  TestPeer* second = Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  proxy_.Settle();
  EXPECT_EQ(server->size(), 1u);
  (*server)[0].Send(kOk);
  ASSERT_TRUE(proxy_.Until([&] { return first->received == kOk; }));
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 2 && (*server)[1].received == kGet; }));
  (*server)[1].Send(kOk);
  EXPECT_TRUE(proxy_.Until([&] { return second->received == kOk; }));
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
  EXPECT_EQ(proxy_.entries[0].runtime->max_sessions.load(), 1u);
}

TEST_F(UpstreamConnectTest, TheQueueHasATimeout) {
  proxy_.backend->queue_timeout = Millis(2000);
  TestServer* server = proxy_.AddServer("a", /*maxconn=*/1);
  proxy_.Start();
  Request();
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1; }));
  TestPeer* second = Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  proxy_.Advance(Millis(1900));
  EXPECT_EQ(second->received, "");
  proxy_.Advance(Millis(200));
  EXPECT_THAT(second->received, StartsWith("HTTP/1.1 503 "));
  EXPECT_TRUE(Logged("<NOSRV> 503 sQ 0"));
  EXPECT_EQ(proxy_.backend->runtime->queue.size(), 0u);
}

TEST_F(UpstreamConnectTest, AbortOnCloseLeavesTheQueue) {
  proxy_.backend->abort_on_close = true;
  TestServer* server = proxy_.AddServer("a", /*maxconn=*/1);
  proxy_.Start();
  Request();
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1; }));
  TestPeer* second = Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  second->Close();
  EXPECT_TRUE(Logged("<NOSRV> 503 CQ "));
  EXPECT_EQ(proxy_.backend->runtime->queue.size(), 0u);
}

TEST_F(UpstreamConnectTest, AKilledWaiterLeavesTheQueue) {
  TestServer* server = proxy_.AddServer("a", /*maxconn=*/1);
  proxy_.Start();
  Request();
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1; }));
  Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  proxy_.worker.sessions.KillAll(KillReason::kAdmin);
  ASSERT_TRUE(proxy_.UntilLogged(2));
  EXPECT_EQ(proxy_.backend->runtime->queue.size(), 0u);
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

TEST_F(UpstreamConnectTest, WhoFindsOnlyServersWithoutAVerdictWaitsForIt) {
  TestServer* server = proxy_.AddServer("a");
  proxy_.entries[0].status = upstream::ServerStatus::kPending;
  proxy_.Start();
  TestPeer* client = Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  proxy_.entries[0].status = upstream::ServerStatus::kUp;
  proxy_.PublishView();
  proxy_.backend->runtime->ServeQueue(*proxy_.view, proxy_.backend->balance);
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1 && (*server)[0].received == kGet; }));
  (*server)[0].Send(kOk);
  EXPECT_TRUE(proxy_.Until([&] { return client->received == kOk; }));
}

TEST_F(UpstreamConnectTest, ABadVerdictEndsTheWait) {
  proxy_.AddServer("a");
  proxy_.entries[0].status = upstream::ServerStatus::kPending;
  proxy_.Start();
  Request();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  proxy_.entries[0].status = upstream::ServerStatus::kDown;
  proxy_.PublishView();
  proxy_.backend->runtime->NudgeQueue();
  EXPECT_TRUE(Logged("<NOSRV> 503 SC "));
}

TEST_F(UpstreamConnectTest, WithoutAUsableServerItFailsAtOnce) {
  proxy_.AddServer("a");
  proxy_.entries[0].status = upstream::ServerStatus::kDown;
  proxy_.Start();
  Request();
  EXPECT_TRUE(Logged("<NOSRV> 503 SC 0 "));
}

TEST_F(UpstreamConnectTest, ARefusingServerIsTriedAgainAfterAPause) {
  proxy_.backend->retries = 2;
  proxy_.AddRefusingServer("a");
  proxy_.Start();
  TestPeer* client = Request();
  proxy_.Settle();
  EXPECT_EQ(proxy_.server_counters(0).connect_attempts.get(), 1u);
  proxy_.Advance(Millis(900));
  EXPECT_EQ(proxy_.server_counters(0).connect_attempts.get(), 1u);
  proxy_.Advance(Millis(200));
  EXPECT_EQ(proxy_.server_counters(0).connect_attempts.get(), 2u);
  EXPECT_EQ(client->received, "");
  proxy_.Advance(Millis(1100));
  EXPECT_TRUE(Logged("a 503 SC 2 "));
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(proxy_.server_counters(0).retries.get(), 2u);
  EXPECT_EQ(proxy_.server_counters(0).connect_errors.get(), 1u);
  EXPECT_EQ(proxy_.entries[0].runtime->connect_failures.load(), 3u);
}

TEST_F(UpstreamConnectTest, RedispatchGoesToAnotherServerAtOnceWithRoundRobin) {
  proxy_.backend->has_redispatch = true;
  proxy_.AddRefusingServer("a");
  TestServer* b = proxy_.AddServer("b");
  proxy_.Start();
  TestPeer* client = Request();
  ASSERT_TRUE(proxy_.Until([&] { return b->size() == 1 && (*b)[0].received == kGet; }));
  (*b)[0].Send(kOk);
  EXPECT_TRUE(proxy_.Until([&] { return client->received == kOk; }));
  EXPECT_TRUE(Logged("b 200 -- +1 "));
  EXPECT_EQ(proxy_.server_counters(0).redispatches.get(), 1u);
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
  EXPECT_EQ(proxy_.entries[1].runtime->sessions.load(), 0u);
}

TEST_F(UpstreamConnectTest, RedispatchWithoutRoundRobinWaitsForTheLastRetry) {
  proxy_.backend->has_redispatch = true;
  proxy_.backend->retries = 2;
  proxy_.backend->balance.algorithm = upstream::Algorithm::kFirst;
  proxy_.AddRefusingServer("a");
  TestServer* b = proxy_.AddServer("b");
  proxy_.Start();
  Request();
  proxy_.Settle();
  EXPECT_EQ(b->size(), 0u);
  proxy_.Advance(Millis(1100));
  ASSERT_TRUE(proxy_.Until([&] { return b->size() == 1; }));
  EXPECT_EQ(proxy_.server_counters(0).connect_attempts.get(), 2u);
}

TEST_F(UpstreamConnectTest, WithoutRedispatchTheSameServerIsTried) {
  proxy_.backend->retries = 1;
  proxy_.AddRefusingServer("a");
  TestServer* b = proxy_.AddServer("b");
  proxy_.Start();
  Request();
  proxy_.Settle();
  proxy_.Advance(Millis(1100));
  EXPECT_TRUE(Logged("a 503 SC 1 "));
  EXPECT_EQ(b->size(), 0u);
}

TEST_F(UpstreamConnectTest, ASilentAddressTimesOut) {
  // A full backlog answers nothing: connections wait in it.
  proxy_.backend->connect_timeout = Millis(700);
  proxy_.backend->retries = 0;
  TestServer* server = proxy_.AddServer("a");
  server->accepts = false;
  LB_CHECK(::listen(server->fd(), 0) == 0);
  std::vector<UniqueFd> fillers;
  for (int i = 0; i < 4; ++i) {
    absl::StatusOr<UniqueFd> fd = net::StartConnect(server->address, net::ConnectOptions());
    ASSERT_TRUE(fd.ok());
    fillers.push_back(std::move(*fd));
  }
  proxy_.Start();
  Request();
  proxy_.Settle();
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(800));
  EXPECT_TRUE(Logged("a 503 sC 0 "));
}

struct ReuseCase {
  HttpReuse mode;
  uint64_t reused_by_first;   // the first request of a second client
  uint64_t reused_by_second;  // and its second request
};

TEST_F(UpstreamConnectTest, ReuseFollowsTheConfiguration) {
  for (const ReuseCase& c :
       {ReuseCase{HttpReuse::kNever, 0, 0}, ReuseCase{HttpReuse::kSafe, 0, 1},
        ReuseCase{HttpReuse::kAggressive, 0, 1}, ReuseCase{HttpReuse::kAlways, 1, 2}}) {
    ProxyFixture proxy(ProxyFixture::kHttp);
    proxy.backend->http_reuse = c.mode;
    TestServer* server = proxy.AddServer("a");
    proxy.Start();
    const auto exchange = [&](TestPeer* client) {
      client->Send(kGet);
      return proxy.Until([&] {
        for (const auto& connection : server->connections) {
          if (connection->Take() == kGet) connection->Send(kOk);
        }
        return client->received == kOk && client->Take() == kOk;
      });
    };
    TestPeer* first = proxy.Connect();
    ASSERT_TRUE(exchange(first));
    TestPeer* second = proxy.Connect();
    ASSERT_TRUE(exchange(second));
    EXPECT_EQ(proxy.server_counters(0).reused_connections.get(), c.reused_by_first);
    ASSERT_TRUE(exchange(second));
    EXPECT_EQ(proxy.server_counters(0).reused_connections.get(), c.reused_by_second);
  }
}

TEST_F(UpstreamConnectTest, KeepsNoMoreIdleConnectionsThanWereInUseAtATime) {
  TestServer* server = proxy_.AddServer("a");
  proxy_.Start();
  const auto answer_all = [&] {
    for (const auto& connection : server->connections) {
      if (connection->Take() == kGet) connection->Send(kOk);
    }
  };
  upstream::ServerRuntime& runtime = *proxy_.entries[0].runtime;

  std::vector<TestPeer*> at_a_time = {proxy_.Connect(), proxy_.Connect()};
  for (TestPeer* client : at_a_time) client->Send(kGet);
  ASSERT_TRUE(proxy_.Until([&] { return server->connections.size() == 2; }));
  ASSERT_TRUE(proxy_.Until([&] {
    answer_all();
    return at_a_time[0]->received == kOk && at_a_time[1]->received == kOk;
  }));
  EXPECT_TRUE(proxy_.Until([&] { return runtime.idle_connections.load() == 2; }));

  // The first request of a client has a connection of its own: one too many by now.
  TestPeer* third = proxy_.Connect();
  third->Send(kGet);
  ASSERT_TRUE(proxy_.Until([&] {
    answer_all();
    return third->received == kOk;
  }));
  EXPECT_TRUE(proxy_.Until([&] { return server->connections[2]->ended; }));
  EXPECT_TRUE(server->connections[2]->was_reset);
  EXPECT_EQ(runtime.idle_connections.load(), 2u);
}

}  // namespace
}  // namespace lb::proxy
