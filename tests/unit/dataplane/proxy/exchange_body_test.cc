#include "dataplane/proxy/exchange_body.h"

#include <string>
#include <utility>
#include <vector>

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

const std::string kHeadOf5 = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
const std::string kResponseOf5 = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

rules::HttpRules WaitRules(catalog::Direction direction, rules::BodyWait wait) {
  rules::HttpRule rule;
  rule.action = rules::WaitAction{wait};
  std::vector<rules::HttpRule> list;
  list.push_back(std::move(rule));
  return rules::HttpRules(direction, std::move(list), /*capture_slots=*/0);
}

class ExchangeBodyTest : public ::testing::Test {
 protected:
  ExchangeBodyTest() : proxy_(ProxyFixture::kHttp) {}

  void WaitForRequest(rules::BodyWait wait) {
    proxy_.frontend->http_request = WaitRules(catalog::Direction::kRequest, wait);
  }
  void WaitForResponse(rules::BodyWait wait) {
    proxy_.backend->http_response = WaitRules(catalog::Direction::kResponse, wait);
  }
  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    client_ = proxy_.Connect();
  }
  bool ServerHas(const std::string& text) {
    return proxy_.Until([&] { return server_->size() > 0 && server_->last().received == text; });
  }
  bool ClientHas(const std::string& text) {
    return proxy_.Until([&] { return client_->received == text; });
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  TestPeer* client_ = nullptr;
};

TEST_F(ExchangeBodyTest, NoServerIsAskedBeforeTheBodyIsWhole) {
  WaitForRequest({Millis(1000)});
  Start();
  client_->Send(kHeadOf5 + "abc");
  proxy_.Settle();
  EXPECT_EQ(server_->size(), 0u);
  client_->Send("de" + std::string(kGet));
  ASSERT_TRUE(ServerHas(kHeadOf5 + "abcde"));
  server_->last().Take();
  server_->last().Send(kOk);
  // What came behind the body is the next request.
  ASSERT_TRUE(ServerHas(kGet));
}

TEST_F(ExchangeBodyTest, AsManyBytesAsAreWantedWillDo) {
  WaitForRequest({Millis(1000), 3});
  Start();
  client_->Send(kHeadOf5 + "ab");
  proxy_.Settle();
  EXPECT_EQ(server_->size(), 0u);
  client_->Send("c");
  ASSERT_TRUE(ServerHas(kHeadOf5 + "abc"));
  client_->Send("de");
  ASSERT_TRUE(ServerHas(kHeadOf5 + "abcde"));
}

TEST_F(ExchangeBodyTest, ABodyThatDoesNotFitGoesOn) {
  WaitForRequest({Millis(1000)});
  proxy_.config->http_limits.max_head_bytes = 100;
  Start();
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\n\r\n";
  const std::string body(150, 'x');
  client_->Send(head + body);
  ASSERT_TRUE(ServerHas(head + body));
}

TEST_F(ExchangeBodyTest, ABodyThatIsLateIsAnsweredWith408) {
  WaitForRequest({Millis(500)});
  Start();
  client_->Send(kHeadOf5 + "ab");
  proxy_.Settle();
  proxy_.Advance(Millis(499));
  EXPECT_EQ(client_->received, "");
  proxy_.Advance(Millis(1));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr("408 cR"));
  proxy_.Settle();
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(proxy_.frontend_counters().request_errors.get(), 1u);
  EXPECT_EQ(server_->size(), 0u);
}

TEST_F(ExchangeBodyTest, TheOptionWaitsBeforeTheRules) {
  proxy_.backend->buffer_request = true;
  proxy_.backend->body_timeout = Millis(500);
  Start();
  client_->Send(kHeadOf5 + "abc");
  proxy_.Settle();
  EXPECT_EQ(server_->size(), 0u);
  client_->Send("de");
  ASSERT_TRUE(ServerHas(kHeadOf5 + "abcde"));
}

TEST_F(ExchangeBodyTest, AClientThatLeavesGetsNoAnswer) {
  WaitForRequest({Millis(500)});
  Start();
  client_->Send(kHeadOf5 + "ab");
  client_->ShutdownWrite();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" CR"));
  EXPECT_EQ(client_->received, "");
}

TEST_F(ExchangeBodyTest, TheResponseIsHeldUntilItIsWhole) {
  WaitForResponse({Millis(1000)});
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Send(kResponseOf5 + "abc");
  proxy_.Settle();
  EXPECT_EQ(client_->received, "");
  server_->last().Send("de");
  ASSERT_TRUE(ClientHas(kResponseOf5 + "abcde"));
  // The connection to the server is as good as before.
  client_->Take();
  server_->last().Take();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  EXPECT_EQ(server_->size(), 1u);
}

TEST_F(ExchangeBodyTest, AResponseThatIsLateIsReplacedBy504) {
  WaitForResponse({Millis(500)});
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Send(kResponseOf5 + "abc");
  proxy_.Settle();
  proxy_.Advance(Millis(500));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr("504 sH"));
  proxy_.Settle();
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 504 "));
}

TEST_F(ExchangeBodyTest, AResponseThatIsCutIsPassedOnAsFarAsItCame) {
  WaitForResponse({Millis(500)});
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Send(kResponseOf5 + "abc");
  server_->last().ShutdownWrite();
  ASSERT_TRUE(ClientHas(kResponseOf5 + "abc"));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr("200 SD"));
}

}  // namespace
}  // namespace lb::proxy
