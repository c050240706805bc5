#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using ::testing::HasSubstr;
using testing::kGet;
using testing::kOk;
using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

class HttpSessionTest : public ::testing::Test {
 protected:
  HttpSessionTest() : proxy_(ProxyFixture::kHttp) {
    proxy_.frontend->http_request_timeout = Millis(2000);
    proxy_.frontend->http_keep_alive_timeout = Millis(500);
  }

  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    client_ = proxy_.Connect();
  }
  void Exchange() {
    client_->Send(kGet);
    ASSERT_TRUE(
        proxy_.Until([&] { return server_->size() > 0 && server_->last().received == kGet; }));
    server_->last().Take();
    server_->last().Send(kOk);
    ASSERT_TRUE(proxy_.Until([&] { return client_->received == kOk; }));
    client_->Take();
  }
  bool Ends() {
    return proxy_.Until([&] { return client_->ended && proxy_.worker.sessions.size() == 0; });
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  TestPeer* client_ = nullptr;
};

TEST_F(HttpSessionTest, ANewConnectionThatSaysNothingGetsATimeoutReply) {
  Start();
  proxy_.Advance(Millis(1900));
  EXPECT_EQ(client_->received, "");
  proxy_.Advance(Millis(200));
  proxy_.Advance(Millis(1));  // the idle wait ends first, then the wait for the head, a tick later
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 408 "));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 408 cR "));
  client_->Close();
  EXPECT_TRUE(proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; }));
}

TEST_F(HttpSessionTest, AHeadMustBeWholeInTime) {
  Start();
  proxy_.Advance(Millis(1000));
  client_->Send("GET / HT");  // does not begin the time anew
  proxy_.Settle();
  proxy_.Advance(Millis(1100));
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpSessionTest, AKeptConnectionEndsInSilence) {
  Start();
  Exchange();
  proxy_.Advance(Millis(400));
  EXPECT_FALSE(client_->ended);
  proxy_.Advance(Millis(200));
  EXPECT_TRUE(Ends());
  EXPECT_EQ(client_->received, "");
  EXPECT_EQ(proxy_.log_lines.size(), 1u);
}

TEST_F(HttpSessionTest, ASecondHeadHasTheRequestTimeout) {
  Start();
  Exchange();
  proxy_.Advance(Millis(400));
  client_->Send("GET");
  proxy_.Settle();
  proxy_.Advance(Millis(1900));
  EXPECT_EQ(client_->received, "");
  proxy_.Advance(Millis(200));
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpSessionTest, AClientThatLeavesIsLoggedUnlessNullIsNot) {
  Start();
  client_->Close();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" CR "));

  proxy_.frontend->dont_log_null = true;
  TestPeer* silent = proxy_.Connect();
  silent->Close();
  TestPeer* begun = proxy_.Connect();
  begun->Send("GET");
  proxy_.Settle();
  begun->Close();
  ASSERT_TRUE(proxy_.UntilLogged(2));
  EXPECT_THAT(proxy_.log_lines[1], HasSubstr(" 400 CR "));
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; }));
  EXPECT_EQ(proxy_.log_lines.size(), 2u);
}

TEST_F(HttpSessionTest, ABadRequestIsRefused) {
  Start();
  client_->Send("GET / HTTP/1.1\r\nHost : h\r\n\r\n");
  ASSERT_TRUE(proxy_.Until([&] { return client_->ended; }));
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 400 "));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 400 PR "));
  EXPECT_EQ(proxy_.frontend_counters().request_errors.get(), 1u);
}

TEST_F(HttpSessionTest, ADrainedSessionEndsAtOnceWhenIdle) {
  Start();
  Exchange();
  proxy_.worker.sessions.DrainAll();
  EXPECT_TRUE(Ends());
}

TEST_F(HttpSessionTest, ADrainedSessionEndsAfterItsExchangeAndSaysSo) {
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(proxy_.Until([&] { return server_->size() == 1; }));
  proxy_.worker.sessions.DrainAll();
  proxy_.Settle();
  EXPECT_FALSE(client_->ended);
  server_->last().Send(kOk);
  EXPECT_TRUE(Ends());
  EXPECT_EQ(client_->received,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nok");
}

TEST_F(HttpSessionTest, AKilledIdleSessionEndsWithoutALine) {
  Start();
  Exchange();
  EXPECT_EQ(proxy_.worker.sessions.KillById(1, KillReason::kAdmin), 1u);
  EXPECT_TRUE(Ends());
  EXPECT_EQ(proxy_.log_lines.size(), 1u);
}

TEST_F(HttpSessionTest, AnIdleSessionHoldsNoPlaceAndCountsAsAConnection) {
  Start();
  Exchange();
  EXPECT_EQ(proxy_.load.connections.load(), 1u);
  EXPECT_EQ(proxy_.frontend->runtime->sessions.load(), 1u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
  client_->Close();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; }));
  EXPECT_EQ(proxy_.load.connections.load(), 0u);
  EXPECT_EQ(proxy_.frontend->runtime->sessions.load(), 0u);
}

rules::TcpRules RejectAll() {
  rules::TcpRule rule;
  rule.kind = rules::TcpRule::Kind::kReject;
  return rules::TcpRules({rule});
}

TEST_F(HttpSessionTest, ConnectionRulesCloseWithoutAWord) {
  proxy_.frontend->tcp_connection = RejectAll();
  Start();
  EXPECT_TRUE(Ends());
  EXPECT_EQ(client_->received, "");
  EXPECT_TRUE(proxy_.log_lines.empty());
}

TEST_F(HttpSessionTest, ContentRulesSeeTheRequestAndAreLogged) {
  proxy_.backend->tcp_content = RejectAll();
  Start();
  client_->Send(kGet);
  EXPECT_TRUE(Ends());
  EXPECT_EQ(client_->received, "");
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> -1 PR "));
  EXPECT_EQ(proxy_.backend_counters().denied_requests.get(), 1u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

}  // namespace
}  // namespace lb::proxy
