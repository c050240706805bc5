#include "dataplane/proxy/exchange_end.h"

#include <string>

#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::kGet;
using testing::ProxyFixture;
using testing::TestPeer;
using testing::TestServer;

class ExchangeEndTest : public ::testing::Test {
 protected:
  ExchangeEndTest() : proxy_(ProxyFixture::kHttp) {}

  void Exchange(const std::string& response) {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    TestPeer* client = proxy_.Connect();
    client->Send(kGet);
    ASSERT_TRUE(
        proxy_.Until([&] { return server_->size() == 1 && !server_->last().received.empty(); }));
    proxy_.Advance(Millis(40));
    server_->last().Send(response);
    proxy_.Settle();
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
};

TEST_F(ExchangeEndTest, CountsEverywhereWhatCameAndHowLongItTook) {
  const std::string response = "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno";
  Exchange(response);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_EQ(proxy_.frontend_counters().responses.by_class[3].get(), 1u);
  EXPECT_EQ(proxy_.frontend_counters().requests.get(), 1u);
  for (upstream::UpstreamBlock* block : {&proxy_.backend_counters(), &proxy_.server_counters(0)}) {
    EXPECT_EQ(block->responses.by_class[3].get(), 1u);
    EXPECT_EQ(block->requests.get(), 1u);
    EXPECT_EQ(block->bytes_in.get(), kGet.size());
    EXPECT_EQ(block->bytes_out.get(), response.size());
    EXPECT_EQ(block->response_time.max(), 40u);
    EXPECT_EQ(block->total_time.max(), 40u);
    EXPECT_EQ(block->client_aborts.get() + block->server_aborts.get(), 0u);
  }
  EXPECT_EQ(proxy_.load.total_requests.load(), 1u);
}

TEST_F(ExchangeEndTest, NormalTrafficIsNoError) {
  proxy_.frontend->dont_log_normal = true;
  Exchange("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->sessions.load() == 0; }));
  proxy_.Settle();
  EXPECT_TRUE(proxy_.log_lines.empty());
}

TEST_F(ExchangeEndTest, AServersErrorIsOne) {
  proxy_.frontend->dont_log_normal = true;
  Exchange("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(proxy_.UntilLogged());
}

TEST_F(ExchangeEndTest, AbortsCountForWhoCausedThem) {
  Exchange("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  server_->last().Close();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_EQ(proxy_.server_counters(0).server_aborts.get(), 1u);
  EXPECT_EQ(proxy_.backend_counters().server_aborts.get(), 1u);
  EXPECT_EQ(proxy_.server_counters(0).client_aborts.get(), 0u);
}

}  // namespace
}  // namespace lb::proxy
