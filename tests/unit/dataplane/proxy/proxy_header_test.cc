#include "dataplane/proxy/proxy_header.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using ::testing::EndsWith;
using testing::kGet;
using testing::kOk;
using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

constexpr std::string_view kLine = "PROXY TCP4 198.51.100.9 203.0.113.1 5555 443\r\n";

// A TCP proxy whose bind expects the header, and whose server is told in version 1 what came.
class ProxyHeaderTest : public ::testing::Test {
 protected:
  explicit ProxyHeaderTest(ProxyFixture::Mode mode = ProxyFixture::kTcp) : proxy_(mode) {
    proxy_.frontend->binds[0].accepts_proxy = true;
    proxy_.frontend->binds[0].name = "1";
    proxy_.frontend->client_timeout = Millis(5000);
    server_ = proxy_.AddServer("a");
    SendProxy(1, {});
  }

  void SendProxy(uint8_t version, net::ProxyHeaderOptions options) {
    auto edited = std::make_shared<upstream::ServerConfig>(*proxy_.entries[0].config);
    edited->send_proxy = version;
    edited->proxy_options = options;
    proxy_.entries[0].config = std::move(edited);
  }
  bool ServerGot(const std::string& text) {
    return proxy_.Until([&] { return server_->size() > 0 && server_->last().received == text; });
  }
  bool Ended(TestPeer* client) {
    return proxy_.Until([&] { return client->ended && proxy_.worker.sessions.size() == 0; });
  }

  ProxyFixture proxy_;
  TestServer* server_;
};

class HttpProxyHeaderTest : public ProxyHeaderTest {
 protected:
  HttpProxyHeaderTest() : ProxyHeaderTest(ProxyFixture::kHttp) {}
};

TEST_F(ProxyHeaderTest, WhatItAnnouncesIsToldToTheServer) {
  proxy_.Start();
  proxy_.Connect()->Send(std::string(kLine) + "hello");
  EXPECT_TRUE(ServerGot(std::string(kLine) + "hello"));
}

TEST_F(ProxyHeaderTest, ItMayComeByteByByteAndTheRestLater) {
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  for (char c : kLine) {
    EXPECT_EQ(server_->size(), 0u);
    client->Send(std::string(1, c));
    proxy_.Settle();
  }
  EXPECT_TRUE(ServerGot(std::string(kLine)));
  client->Send("later");
  EXPECT_TRUE(ServerGot(std::string(kLine) + "later"));
}

TEST_F(ProxyHeaderTest, LocalKeepsTheConnectionsOwnAddresses) {
  proxy_.Start();
  std::string header;
  net::AppendProxyV2Local(&header);
  proxy_.Connect()->Send(header + "x");
  // The fixture's client has an address, its own end has none.
  EXPECT_TRUE(ServerGot("PROXY UNKNOWN\r\nx"));
}

TEST_F(ProxyHeaderTest, BadHeadersCloseAndSaySo) {
  proxy_.Start();
  const struct {
    std::string bytes;
    std::string words;
  } kCases[] = {
      {"GET / HTTP/1.1\r\n\r\n",
       "Received something which does not look like a PROXY protocol header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "Received an invalid PROXY protocol header"},
      {"PROXY SCTP 1.2.3.4 5.6.7.8 1 2\r\n",
       "Received an unhandled protocol in the PROXY protocol header"},
      {std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16),
       "Truncated PROXY protocol header received"},
  };
  for (const auto& test : kCases) {
    TestPeer* client = proxy_.Connect();
    client->Send(test.bytes);
    ASSERT_TRUE(Ended(client)) << test.words;
    ASSERT_TRUE(proxy_.UntilLogged());
    EXPECT_THAT(proxy_.log_lines[0], StartsWith("192.0.2.7:4711 ["));
    EXPECT_THAT(proxy_.log_lines[0], EndsWith("] f/1: " + test.words));
    proxy_.log_lines.clear();
  }
  EXPECT_EQ(server_->size(), 0u);
  EXPECT_EQ(proxy_.frontend_counters().connections.get(), 4u);
  EXPECT_EQ(proxy_.frontend_counters().sessions.get(), 0u);
}

TEST_F(ProxyHeaderTest, AClientThatLeavesInTheMiddleIsLogged) {
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send(kLine.substr(0, 20));
  proxy_.Settle();
  client->ShutdownWrite();
  ASSERT_TRUE(Ended(client));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], EndsWith("Truncated PROXY protocol header received"));
}

TEST_F(ProxyHeaderTest, AClientThatSaysNothingIsLoggedUnlessNullsAreNot) {
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->ShutdownWrite();
  ASSERT_TRUE(Ended(client));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0],
              EndsWith("Connection closed while waiting for PROXY protocol header"));
  proxy_.log_lines.clear();
  proxy_.frontend->dont_log_null = true;
  client = proxy_.Connect();
  client->ShutdownWrite();
  ASSERT_TRUE(Ended(client));
  EXPECT_TRUE(proxy_.log_lines.empty());
}

TEST_F(ProxyHeaderTest, ItMustComeWithinTheClientsTimeout) {
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("PROXY TCP4 ");
  proxy_.Settle();
  proxy_.Advance(Millis(4000));
  EXPECT_FALSE(client->ended);
  proxy_.Advance(Millis(2000));
  ASSERT_TRUE(Ended(client));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], EndsWith("Timeout while waiting for PROXY protocol header"));
}

TEST_F(ProxyHeaderTest, ARuleCanExpectIt) {
  proxy_.frontend->binds[0].accepts_proxy = false;
  rules::TcpRule rule;
  rule.kind = rules::TcpRule::Kind::kExpectProxy;
  proxy_.frontend->tcp_connection = rules::TcpRules({rule});
  proxy_.Start();
  proxy_.Connect()->Send(std::string(kLine) + "x");
  EXPECT_TRUE(ServerGot(std::string(kLine) + "x"));
}

TEST_F(ProxyHeaderTest, TheAuthorityGoesOnInVersion2) {
  net::ProxyHeaderOptions options;
  options.authority = options.crc32c = true;
  SendProxy(2, options);
  proxy_.Start();
  const Address source = *Address::Parse("198.51.100.9:5555");
  const Address destination = *Address::Parse("203.0.113.1:443");
  std::string header;
  net::AppendProxyV2({&source, &destination, {}, "a.test", {}, {}}, options, &header);
  proxy_.Connect()->Send(header + "x");
  EXPECT_TRUE(ServerGot(header + "x"));
}

TEST_F(HttpProxyHeaderTest, AConnectionSpeaksForOneClientOnly) {
  proxy_.backend->http_reuse = HttpReuse::kAlways;
  proxy_.frontend->binds[0].accepts_proxy = true;
  proxy_.Start();
  const std::string other = "PROXY TCP4 198.51.100.10 203.0.113.1 5555 443\r\n";
  const auto ask = [this](TestPeer* client, const std::string& header) {
    const size_t had = server_->size() > 0 ? server_->last().received.size() : 0;
    client->Send(header + kGet);
    EXPECT_TRUE(proxy_.Until(
        [&] { return server_->size() > 0 && server_->last().received.size() != had; }));
    server_->last().Send(kOk);
    EXPECT_TRUE(proxy_.Until([&] { return client->received.ends_with("ok"); }));
    client->Take();
  };
  TestPeer* first = proxy_.Connect();
  ask(first, std::string(kLine));
  EXPECT_THAT(server_->last().received, StartsWith(std::string(kLine) + "GET "));
  ask(first, "");
  EXPECT_EQ(server_->size(), 1u);
  ask(proxy_.Connect(), other);
  ASSERT_EQ(server_->size(), 2u);
  EXPECT_THAT(server_->last().received, StartsWith(other + "GET "));
  // The same ends again: the first connection will do.
  first->Close();
  proxy_.Settle();
  TestPeer* again = proxy_.Connect();
  again->Send(std::string(kLine) + kGet);
  ASSERT_TRUE(
      proxy_.Until([&] { return proxy_.server_counters(0).reused_connections.get() == 2; }));
  EXPECT_EQ(server_->size(), 2u);
}

TEST_F(HttpProxyHeaderTest, SessionRulesWaitForIt) {
  rules::TcpRule refuse;
  refuse.kind = rules::TcpRule::Kind::kReject;
  rules::TcpRule expect;
  expect.kind = rules::TcpRule::Kind::kExpectProxy;
  proxy_.frontend->tcp_connection = rules::TcpRules({expect});
  proxy_.frontend->tcp_session = rules::TcpRules({refuse});
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  proxy_.Settle();
  EXPECT_FALSE(client->ended);  // the session's rules have to wait
  client->Send(kLine);
  EXPECT_TRUE(Ended(client));
  EXPECT_TRUE(proxy_.log_lines.empty());
}

}  // namespace
}  // namespace lb::proxy
