#include "dataplane/proxy/tunnel.h"

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

class TunnelTest : public ::testing::Test {
 protected:
  TunnelTest() : proxy_(ProxyFixture::kTcp) {}

  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    client_ = proxy_.Connect();
    ASSERT_TRUE(proxy_.Until([&] { return server_->size() == 1; }));
    proxy_.Settle();
    upstream_ = &server_->last();
  }
  bool Has(const TestPeer* peer, const std::string& text) {
    return proxy_.Until([&] { return peer->received == text; });
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  TestPeer* client_ = nullptr;
  TestPeer* upstream_ = nullptr;
};

TEST_F(TunnelTest, BytesGoBothWays) {
  Start();
  client_->Send("ping");
  EXPECT_TRUE(Has(upstream_, "ping"));
  upstream_->Send("pong");
  EXPECT_TRUE(Has(client_, "pong"));
  client_->Close();
  ASSERT_TRUE(proxy_.Until([&] { return upstream_->ended; }));
  upstream_->Close();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_EQ(proxy_.log_lines[0], "a 0 -- 0 4 4");
  EXPECT_EQ(proxy_.worker.sessions.size(), 0u);
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
}

TEST_F(TunnelTest, AHalfCloseIsPassedOnAndTheOtherWayGoesOn) {
  Start();
  client_->Send("all I have");
  client_->ShutdownWrite();
  ASSERT_TRUE(proxy_.Until([&] { return upstream_->ended; }));
  EXPECT_EQ(upstream_->received, "all I have");
  upstream_->Send("answer");
  EXPECT_TRUE(Has(client_, "answer"));
  EXPECT_FALSE(client_->ended);
  upstream_->Close();
  EXPECT_TRUE(proxy_.Until([&] { return client_->ended; }));
}

TEST_F(TunnelTest, ASlowReaderLosesNothing) {
  Start();
  client_->is_paused = true;
  std::string text;
  for (int i = 0; i < 400'000; ++i) absl::StrAppend(&text, i, ",");
  size_t sent = 0;
  int quiet = 0;
  ASSERT_TRUE(proxy_.Until([&] {
    const size_t n = upstream_->TrySend(std::string_view(text).substr(sent));
    sent += n;
    quiet = n == 0 ? quiet + 1 : 0;
    return quiet > 50 || sent == text.size();
  }));
  client_->is_paused = false;
  ASSERT_TRUE(proxy_.Until([&] {
    sent += upstream_->TrySend(std::string_view(text).substr(sent));
    return client_->received.size() == text.size();
  }));
  EXPECT_TRUE(client_->received == text);
}

TEST_F(TunnelTest, SilenceEndsItAfterTheShorterTimeout) {
  proxy_.frontend->client_timeout = Millis(5000);
  proxy_.backend->server_timeout = Millis(3000);
  Start();
  proxy_.Advance(Millis(2900));
  client_->Send("x");  // counts for both
  ASSERT_TRUE(Has(upstream_, "x"));
  proxy_.Advance(Millis(2900));
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(200));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 0 sD "));
}

TEST_F(TunnelTest, TunnelTimeoutReplacesBoth) {
  proxy_.frontend->client_timeout = Millis(1000);
  proxy_.backend->server_timeout = Millis(1000);
  proxy_.backend->tunnel_timeout = Millis(9000);
  Start();
  proxy_.Advance(Millis(8900));
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(200));
  EXPECT_TRUE(proxy_.UntilLogged());
}

TEST_F(TunnelTest, AfterAHalfCloseTheFinTimeoutCounts) {
  proxy_.backend->server_timeout = Millis(9000);
  proxy_.backend->server_fin_timeout = Millis(1000);
  Start();
  client_->ShutdownWrite();
  ASSERT_TRUE(proxy_.Until([&] { return upstream_->ended; }));
  proxy_.Advance(Millis(900));
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(200));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 0 sD "));
}

TEST_F(TunnelTest, AResetTellsWhoseItWas) {
  Start();
  client_->Send("x");
  ASSERT_TRUE(Has(upstream_, "x"));
  upstream_->Reset();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 0 SD "));
}

TEST_F(TunnelTest, AKillEndsItWithItsReason) {
  Start();
  proxy_.worker.sessions.KillAll(KillReason::kAdmin);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 0 KD "));
  EXPECT_TRUE(proxy_.Until([&] { return client_->ended && upstream_->ended; }));
}

TEST_F(TunnelTest, ADrainLeavesItAlone) {
  Start();
  proxy_.worker.sessions.DrainAll();
  proxy_.Settle();
  client_->Send("still");
  EXPECT_TRUE(Has(upstream_, "still"));
}

}  // namespace
}  // namespace lb::proxy
