#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

class TcpSessionTest : public ::testing::Test {
 protected:
  TcpSessionTest() : proxy_(ProxyFixture::kTcp) {}
  bool Logged(const std::string& start) {
    if (!proxy_.UntilLogged()) return false;
    EXPECT_THAT(proxy_.log_lines[0], StartsWith(start));
    return proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; });
  }
  static rules::TcpRules RejectAll() {
    rules::TcpRule rule;
    rule.kind = rules::TcpRule::Kind::kReject;
    return rules::TcpRules({rule});
  }

  ProxyFixture proxy_;
};

TEST_F(TcpSessionTest, WithoutABackendOrAServerItCloses) {
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  EXPECT_TRUE(Logged("<NOSRV> 0 SC 0 0 0"));
  EXPECT_TRUE(proxy_.Until([&] { return client->ended; }));
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

TEST_F(TcpSessionTest, ARefusingServerIsToldApart) {
  proxy_.backend->retries = 0;
  proxy_.AddRefusingServer("a");
  proxy_.Start();
  proxy_.Connect();
  EXPECT_TRUE(Logged("a 0 SC 0 "));
  EXPECT_EQ(proxy_.server_counters(0).connect_errors.get(), 1u);
}

TEST_F(TcpSessionTest, AConnectionIsCountedOnceEverywhere) {
  TestServer* server = proxy_.AddServer("a");
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("hello");
  ASSERT_TRUE(
      proxy_.Until([&] { return server->size() == 1 && (*server)[0].received == "hello"; }));
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 1u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 1u);
  client->Close();
  (*server)[0].Close();
  EXPECT_TRUE(Logged("a 0 -- 0 0 5"));
  EXPECT_EQ(proxy_.frontend_counters().sessions.get(), 1u);
  EXPECT_EQ(proxy_.backend_counters().sessions.get(), 1u);
  EXPECT_EQ(proxy_.server_counters(0).sessions.get(), 1u);
  EXPECT_EQ(proxy_.server_counters(0).bytes_in.get(), 5u);
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
  EXPECT_EQ(proxy_.load.connections.load(), 0u);
}

TEST_F(TcpSessionTest, ConnectionRulesCloseWithoutALine) {
  proxy_.frontend->tcp_session = RejectAll();
  proxy_.AddServer("a");
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  EXPECT_TRUE(proxy_.Until([&] { return client->ended; }));
  EXPECT_TRUE(proxy_.log_lines.empty());
}

TEST_F(TcpSessionTest, ContentRulesOfEitherSectionAreLogged) {
  proxy_.backend->tcp_content = RejectAll();
  proxy_.AddServer("a");
  proxy_.Start();
  proxy_.Connect();
  EXPECT_TRUE(Logged("<NOSRV> 0 PR "));
  EXPECT_EQ(proxy_.frontend_counters().denied_requests.get(), 1u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

TEST_F(TcpSessionTest, AClientThatLeavesTheQueueWithoutAWordIsNotServed) {
  TestServer* server = proxy_.AddServer("a", /*maxconn=*/1);
  proxy_.Start();
  proxy_.Connect();
  ASSERT_TRUE(proxy_.Until([&] { return server->size() == 1; }));
  TestPeer* second = proxy_.Connect();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  second->Close();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 0 CQ "));
  EXPECT_EQ(proxy_.backend->runtime->queue.size(), 0u);
}

}  // namespace
}  // namespace lb::proxy
