#include "dataplane/proxy/exchange_request.h"

#include <memory>
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
using ::testing::Not;
using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

rules::HttpRules Rules(catalog::Direction direction, uint16_t status) {
  rules::HttpRule rule;
  rules::DenyAction deny;
  deny.reply.status = status;
  rule.action = std::move(deny);
  std::vector<rules::HttpRule> list;
  list.push_back(std::move(rule));
  return rules::HttpRules(direction, std::move(list), /*capture_slots=*/0);
}

class ExchangeRequestTest : public ::testing::Test {
 protected:
  ExchangeRequestTest() : proxy_(ProxyFixture::kHttp) {}

  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
  }
  // What the server gets of one request.
  std::string Forwarded(const std::string& request = kGet) {
    TestPeer* client = proxy_.Connect();
    client->Send(request);
    EXPECT_TRUE(
        proxy_.Until([&] { return server_->size() > 0 && !server_->last().received.empty(); }));
    return server_->last().Take();
  }
  // What the client gets of one request that the proxy answers.
  std::string Answer(const std::string& request = kGet) {
    TestPeer* client = proxy_.Connect();
    client->Send(request);
    EXPECT_TRUE(proxy_.UntilLogged(++answers_));
    proxy_.Settle();
    return client->received;
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  size_t answers_ = 0;
};

TEST_F(ExchangeRequestTest, ForwardedForNamesTheClient) {
  auto option = std::make_shared<ForwardFor>();
  option->header = "X-Forwarded-For";
  proxy_.frontend->forward_for = option;
  Start();
  EXPECT_THAT(Forwarded(), HasSubstr("X-Forwarded-For: 192.0.2.7\r\n"));
}

TEST_F(ExchangeRequestTest, ForwardedForHeedsItsConditions) {
  auto option = std::make_shared<ForwardFor>();
  option->header = "X-Client";
  option->if_none = true;
  option->except = {Network::Parse("10.0.0.0/8").value()};
  proxy_.backend->forward_for = option;
  Start();
  EXPECT_THAT(Forwarded(), HasSubstr("X-Client: 192.0.2.7\r\n"));
  EXPECT_THAT(Forwarded("GET / HTTP/1.1\r\nHost: h\r\nx-client: me\r\n\r\n"),
              Not(HasSubstr("192.0.2.7")));
  option->except.push_back(Network::Parse("192.0.2.0/24").value());
  EXPECT_THAT(Forwarded(), Not(HasSubstr("X-Client")));
}

TEST_F(ExchangeRequestTest, HopByHopFieldsEndHere) {
  Start();
  EXPECT_EQ(Forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: x-hop, keep-alive\r\n"
                      "X-Hop: 1\r\nKeep-Alive: 5\r\nX-End: 2\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nX-End: 2\r\n\r\n");
}

TEST_F(ExchangeRequestTest, ADeniedRequestIsAnsweredAndCounted) {
  proxy_.frontend->http_request = Rules(catalog::Direction::kRequest, 403);
  Start();
  EXPECT_THAT(Answer(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 403 PR "));
  EXPECT_EQ(proxy_.frontend_counters().denied_requests.get(), 1u);
  EXPECT_EQ(proxy_.backend_counters().denied_requests.get(), 0u);
  EXPECT_EQ(server_->size(), 0u);
}

TEST_F(ExchangeRequestTest, ADenyingBackendCountsToo) {
  proxy_.backend->http_request = Rules(catalog::Direction::kRequest, 429);
  Start();
  EXPECT_THAT(Answer(), StartsWith("HTTP/1.1 429 "));
  EXPECT_EQ(proxy_.backend_counters().denied_requests.get(), 1u);
  EXPECT_EQ(proxy_.backend_counters().responses.by_class[3].get(), 1u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

TEST_F(ExchangeRequestTest, AListenRunsItsRulesOnce) {
  EXPECT_FALSE(IsSameSection(*proxy_.frontend, *proxy_.backend));
  proxy_.frontend->is_listen = proxy_.backend->is_listen = true;
  EXPECT_FALSE(IsSameSection(*proxy_.frontend, *proxy_.backend));
  proxy_.backend->name = "f";
  EXPECT_TRUE(IsSameSection(*proxy_.frontend, *proxy_.backend));
}

TEST_F(ExchangeRequestTest, ADeniedResponseIsReplaced) {
  proxy_.backend->http_response = Rules(catalog::Direction::kResponse, 502);
  Start();
  TestPeer* client = proxy_.Connect();
  client->Send(kGet);
  ASSERT_TRUE(proxy_.Until([&] { return server_->size() == 1; }));
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 502 PH "));
  EXPECT_EQ(proxy_.backend_counters().denied_responses.get(), 1u);
}

TEST_F(ExchangeRequestTest, TheStatisticsPageAnswersBelowItsUri) {
  auto page = std::make_shared<StatsPage>();
  page->uri = "/stats";
  page->refresh_seconds = 5;
  proxy_.frontend->stats = page;
  Start();
  const std::string html = Answer("GET /stats HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(html, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(html, HasSubstr("refresh: 5\r\n"));
  EXPECT_THAT(html, HasSubstr("\r\n\r\nstats"));
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<STATS> 200 LR "));
  const std::string csv = Answer("GET /stats;csv HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(csv, HasSubstr("\r\n\r\nstats;csv"));
  EXPECT_THAT(csv, Not(HasSubstr("refresh:")));
}

TEST_F(ExchangeRequestTest, TheStatisticsPageAsksForAPassword) {
  auto page = std::make_shared<StatsPage>();
  page->uri = "/stats";
  page->users = {"admin:secret"};
  proxy_.frontend->stats = page;
  Start();
  const std::string refused = Answer("GET /stats HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(refused, HasSubstr("www-authenticate: Basic realm="));
  EXPECT_THAT(Answer("GET /stats HTTP/1.1\r\nHost: h\r\n"
                     "Authorization: Basic YWRtaW46d3Jvbmc=\r\n\r\n"),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Answer("GET /stats HTTP/1.1\r\nHost: h\r\n"
                     "Authorization: Basic YWRtaW46c2VjcmV0\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(ExchangeRequestTest, AReplyToHeadHasNoBody) {
  proxy_.frontend->http_request = Rules(catalog::Direction::kRequest, 403);
  Start();
  const std::string reply = Answer("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(reply.substr(reply.size() - 4), "\r\n\r\n");
}

TEST_F(ExchangeRequestTest, OddNamesGoWhenTheSectionSaysSo) {
  const std::string odd = "GET / HTTP/1.1\r\nHost: h\r\nx_y: 1\r\nx-y: 2\r\nX.y: 3\r\n\r\n";
  proxy_.backend->header_names = HeaderNames::kDelete;
  Start();
  EXPECT_EQ(Forwarded(odd), "GET / HTTP/1.1\r\nHost: h\r\nx-y: 2\r\n\r\n");
}

TEST_F(ExchangeRequestTest, OddNamesAreRefusedWhenTheSectionSaysSo) {
  proxy_.frontend->header_names = HeaderNames::kReject;
  Start();
  EXPECT_THAT(Answer("GET / HTTP/1.1\r\nHost: h\r\nx_y: 1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(proxy_.frontend_counters().denied_requests.get(), 1u);
  EXPECT_EQ(Forwarded(), kGet);
}

TEST_F(ExchangeRequestTest, TheServerIsToldTheRequestsId) {
  rules::LogFormat::Item item;
  item.text = "id-7";
  proxy_.frontend->unique_id = rules::LogFormat({item}, rules::TextUse::kLog);
  proxy_.frontend->unique_id_header = "X-Id";
  Start();
  EXPECT_THAT(Forwarded(), HasSubstr("\r\nX-Id: id-7\r\n"));
}

TEST_F(ExchangeRequestTest, ServersMayBeLeftInTheBeliefOfKeepAlive) {
  proxy_.backend->connection_mode = ConnectionMode::kServerClose;
  proxy_.backend->pretend_keepalive = true;
  Start();
  EXPECT_EQ(Forwarded(), kGet);
}

}  // namespace
}  // namespace lb::proxy
