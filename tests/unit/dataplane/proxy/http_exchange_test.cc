#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kGet;
using testing::kOk;
using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

class HttpExchangeTest : public ::testing::Test {
 protected:
  HttpExchangeTest() : proxy_(ProxyFixture::kHttp) {}

  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    client_ = proxy_.Connect();
  }
  // The server's newest connection has got `text` in all.
  bool ServerHas(const std::string& text) {
    return proxy_.Until([&] { return server_->size() > 0 && server_->last().received == text; });
  }
  bool ClientHas(const std::string& text) {
    return proxy_.Until([&] { return client_->received == text; });
  }
  bool ClientEnds() {
    return proxy_.Until([&] { return client_->ended; });
  }
  // One whole exchange of kGet.
  void Exchange() {
    client_->Send(kGet);
    ASSERT_TRUE(ServerHas(kGet));
    server_->last().Take();
    server_->last().Send(kOk);
    ASSERT_TRUE(ClientHas(kOk));
    client_->Take();
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  TestPeer* client_ = nullptr;
};

struct RelayCase {
  const char* name;
  std::string request;
  std::string forwarded;
  std::string response;  // empty: as sent
  std::string relayed;
  bool stays_open;
};

class HttpRelayCases : public HttpExchangeTest, public ::testing::WithParamInterface<RelayCase> {};

TEST_P(HttpRelayCases, RelaysBothMessages) {
  const RelayCase& c = GetParam();
  Start();
  client_->Send(c.request);
  ASSERT_TRUE(ServerHas(c.forwarded)) << (server_->size() > 0 ? server_->last().received : "");
  server_->last().Send(c.response);
  if (c.response.find("ength: ") == std::string::npos &&
      c.response.find("chunked") == std::string::npos) {
    server_->last().ShutdownWrite();
  }
  ASSERT_TRUE(ClientHas(c.relayed)) << client_->received;
  ASSERT_TRUE(proxy_.UntilLogged());
  proxy_.Settle();
  EXPECT_EQ(client_->ended, !c.stays_open);
  EXPECT_EQ(proxy_.log_lines[0].substr(0, 9), "a " + c.response.substr(9, 3) + " -- ");
}

const std::string kPost = "POST /p HTTP/1.1\r\nHost: h\r\n";

INSTANTIATE_TEST_SUITE_P(
    Messages, HttpRelayCases,
    ::testing::Values(
        RelayCase{"Get", kGet, kGet, kOk, kOk, true},
        RelayCase{"Post", kPost + "Content-Length: 3\r\n\r\nabc",
                  kPost + "Content-Length: 3\r\n\r\nabc", kOk, kOk, true},
        RelayCase{"ChunksAreFramedAgain",
                  kPost + "Transfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\n\r\n",
                  kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", kOk, kOk,
                  true},
        RelayCase{"Head", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
                  "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
                  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
                  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true},
        RelayCase{"NotModified", kGet, kGet,
                  "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
                  "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", true},
        RelayCase{"ClientAsksToClose", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                  kGet, kOk, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nok",
                  false},
        RelayCase{"UntilClose", kGet, kGet, "HTTP/1.1 200 OK\r\n\r\nall of it",
                  "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it", false},
        RelayCase{
            "ChunkedResponse", kGet, kGet,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
            true}),
    [](const auto& param) { return param.param.name; });

TEST_F(HttpExchangeTest, ReusesBothConnectionsFromTheSecondRequestOn) {
  Start();
  Exchange();
  Exchange();
  Exchange();
  EXPECT_EQ(server_->size(), 1u);
  EXPECT_EQ(proxy_.server_counters(0).reused_connections.get(), 2u);
  EXPECT_EQ(proxy_.server_counters(0).sessions.get(), 3u);
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
  EXPECT_EQ(proxy_.backend->runtime->sessions.load(), 0u);
}

TEST_F(HttpExchangeTest, CountsBytesOfWholeMessagesOnce) {
  Start();
  const std::string request = kPost + "Content-Length: 3\r\n\r\nabc";
  client_->Send(request);
  ASSERT_TRUE(ServerHas(request));
  server_->last().Send(kOk);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_EQ(proxy_.frontend_counters().bytes_in.get(), request.size());
  EXPECT_EQ(proxy_.frontend_counters().bytes_out.get(), kOk.size());
  EXPECT_EQ(proxy_.log_lines[0], absl::StrCat("a 200 -- 0 ", kOk.size(), " ", request.size()));
}

TEST_F(HttpExchangeTest, TheSessionShowsTheBytesOfAllItsExchanges) {
  Start();
  Exchange();
  Exchange();
  proxy_.worker.sessions.ForEach([](const Session& session) {
    EXPECT_EQ(session.bytes_in, 2 * kGet.size());
    EXPECT_EQ(session.bytes_out, 2 * kOk.size());
  });
  EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
}

TEST_F(HttpExchangeTest, ALargeBodyEndsInAReusableConnection) {
  Start();
  Exchange();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Take();
  const std::string body(600'000, 'x');
  const std::string response =
      absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n") + body;
  size_t sent = 0;
  ASSERT_TRUE(proxy_.Until([&] {
    sent += server_->last().TrySend(std::string_view(response).substr(sent));
    return client_->received.size() == response.size();
  }));
  EXPECT_EQ(client_->Take(), response);
  Exchange();
  EXPECT_EQ(server_->size(), 1u);
}

TEST_F(HttpExchangeTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  client_->Send(kGet + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(ServerHas(kGet));
  proxy_.Settle();
  EXPECT_EQ(server_->last().Take(), kGet);  // the second waits for the first's response
  server_->last().Send(kOk);
  ASSERT_TRUE(ServerHas("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"));
  server_->last().Send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(ClientHas(kOk + "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
}

TEST_F(HttpExchangeTest, InformationalResponsesPassAndTheBodyFollows) {
  Start();
  const std::string head = kPost + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  client_->Send(head);
  ASSERT_TRUE(ServerHas(head));
  server_->last().Send("HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(ClientHas("HTTP/1.1 100 Continue\r\n\r\n"));
  client_->Send("hi");
  ASSERT_TRUE(ServerHas(head + "hi"));
  server_->last().Send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + kOk);
  EXPECT_TRUE(ClientHas(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + kOk));
}

TEST_F(HttpExchangeTest, AnUpgradeBecomesATunnelWithWhatWasSentAhead) {
  Start();
  client_->Send(
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nclient first");
  ASSERT_TRUE(
      proxy_.Until([&] { return server_->size() == 1 && !server_->last().received.empty(); }));
  EXPECT_THAT(server_->last().Take(), HasSubstr("Upgrade: x\r\nconnection: upgrade\r\n"));
  server_->last().Send(
      "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nserver first");
  ASSERT_TRUE(ServerHas("client first"));
  ASSERT_TRUE(
      proxy_.Until([&] { return client_->received.find("server first") != std::string::npos; }));
  client_->Send("more");
  ASSERT_TRUE(ServerHas("client firstmore"));
  client_->ShutdownWrite();
  ASSERT_TRUE(proxy_.Until([&] { return server_->last().ended; }));
  server_->last().Send("bye");
  server_->last().Close();
  ASSERT_TRUE(ClientEnds());
  EXPECT_THAT(client_->received, HasSubstr("server firstbye"));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 101 -- "));
}

TEST_F(HttpExchangeTest, AnEarlyResponseIsRelayedWhileTheRequestIsStillComing) {
  Start();
  client_->Send(kPost + "Content-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(ServerHas(kPost + "Content-Length: 10\r\n\r\nabc"));
  server_->last().Send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(ClientHas("HTTP/1.1 403 No\r\nContent-Length: 0\r\nconnection: close\r\n\r\n"));
  // What is still on its way is taken, so that the response is not lost in a reset.
  client_->Send("defghij");
  ASSERT_TRUE(ClientEnds());
  EXPECT_FALSE(client_->was_reset);
}

TEST_F(HttpExchangeTest, AStaleIdleConnectionIsReplacedWithoutTheClientNoticing) {
  Start();
  Exchange();
  // Closed at the very moment the next request is sent on it: the head was read, no byte came back.
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Close();
  ASSERT_TRUE(proxy_.Until([&] { return server_->size() == 2 && (*server_)[1].received == kGet; }));
  (*server_)[1].Send(kOk);
  EXPECT_TRUE(ClientHas(kOk));
  EXPECT_EQ(proxy_.server_counters(0).sessions.get(), 2u);
}

TEST_F(HttpExchangeTest, ARequestThatMustNotBeRepeatedIsLeftToTheClient) {
  Start();
  Exchange();
  const std::string post = kPost + "Content-Length: 1\r\n\r\na";
  client_->Send(post);
  ASSERT_TRUE(ServerHas(post));
  server_->last().Close();
  ASSERT_TRUE(ClientEnds());
  EXPECT_EQ(client_->received, "");
  EXPECT_EQ(server_->size(), 1u);
  ASSERT_TRUE(proxy_.UntilLogged(2));
  EXPECT_THAT(proxy_.log_lines[1], StartsWith("a -1 SH "));
}

struct FailureCase {
  const char* name;
  std::string request;
  std::vector<const char*> response;  // parts
  bool closes;
  std::string reply;      // how what the client gets begins
  const char* log_start;  // of the line
};

class HttpFailureCases : public HttpExchangeTest,
                         public ::testing::WithParamInterface<FailureCase> {};

TEST_P(HttpFailureCases, AreToldAndLogged) {
  const FailureCase& c = GetParam();
  Start();
  client_->Send(c.request);
  ASSERT_TRUE(
      proxy_.Until([&] { return server_->size() == 1 && !server_->last().received.empty(); }));
  for (const char* part : c.response) {
    server_->last().Send(part);
    proxy_.Settle();
  }
  if (c.closes) server_->last().Close();
  ASSERT_TRUE(proxy_.UntilLogged());
  proxy_.Settle();
  EXPECT_THAT(client_->received, StartsWith(c.reply));
  EXPECT_THAT(proxy_.log_lines[0], StartsWith(c.log_start));
  EXPECT_EQ(proxy_.entries[0].runtime->sessions.load(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Servers, HttpFailureCases,
    ::testing::Values(
        FailureCase{"ClosesBeforeTheHead", kGet, {}, true, "HTTP/1.1 502 ", "a 502 SH "},
        FailureCase{
            "ClosesInTheHead", kGet, {"HTTP/1.1 200 OK\r\nA:"}, true, "HTTP/1.1 502 ", "a 502 SH "},
        FailureCase{"IsNotHttp", kGet, {"SSH-2.0-x\r\n"}, false, "HTTP/1.1 502 ", "a 502 PH "},
        FailureCase{"SwitchesUnasked",
                    kGet,
                    {"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"},
                    false,
                    "HTTP/1.1 502 ",
                    "a 502 PH "},
        FailureCase{"CutsTheBody",
                    kGet,
                    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
                    true,
                    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                    "a 200 SD "},
        FailureCase{"BreaksTheChunks",
                    kGet,
                    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "zz\r\n"},
                    false,
                    "HTTP/1.1 200 OK\r\n",
                    "a 200 PD "}),
    [](const auto& param) { return param.param.name; });

struct BodyCase {
  const char* name;
  const char* sent;  // behind the forwarded part; null: the client shuts down
  bool has_response;
  const char* log_start;
};

class HttpBrokenRequestCases : public HttpExchangeTest,
                               public ::testing::WithParamInterface<BodyCase> {};

TEST_P(HttpBrokenRequestCases, EndTheExchange) {
  const BodyCase& c = GetParam();
  Start();
  client_->Send(kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  ASSERT_TRUE(ServerHas(kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"));
  if (c.has_response) {
    server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    ASSERT_TRUE(proxy_.Until([&] { return client_->received.find("abc") != std::string::npos; }));
  }
  if (c.sent != nullptr) {
    client_->Send(c.sent);
  } else {
    client_->ShutdownWrite();
  }
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith(c.log_start));
  ASSERT_TRUE(proxy_.Until([&] { return server_->last().ended; }));
  ASSERT_TRUE(ClientEnds());
}

INSTANTIATE_TEST_SUITE_P(
    Clients, HttpBrokenRequestCases,
    ::testing::Values(BodyCase{"BadChunk", "zz\r\n", false, "a 400 PH "},
                      BodyCase{"BadChunkDuringTheResponse", "zz\r\n", true, "a 200 PD "},
                      BodyCase{"Cut", nullptr, false, "a -1 CD "},
                      BodyCase{"CutDuringTheResponse", nullptr, true, "a 200 CD "}),
    [](const auto& param) { return param.param.name; });

TEST_F(HttpExchangeTest, ABadChunkBesideTheHeadForwardsNothing) {
  Start();
  client_->Send(kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n");
  ASSERT_TRUE(ClientEnds());
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(server_->size(), 0u);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 400 PR "));
}

TEST_F(HttpExchangeTest, AClientThatSaysNoMoreStillGetsItsResponse) {
  Start();
  client_->Send(kGet);
  client_->ShutdownWrite();
  ASSERT_TRUE(ServerHas(kGet));
  proxy_.Settle();
  server_->last().Send(kOk);
  EXPECT_TRUE(ClientHas(kOk));
  EXPECT_TRUE(ClientEnds());
}

TEST_F(HttpExchangeTest, AbortOnCloseEndsTheWaitForTheResponse) {
  proxy_.backend->abort_on_close = true;
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  client_->ShutdownWrite();
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 400 CH "));
}

TEST_F(HttpExchangeTest, AServerThatOwesTheHeadTimesOut) {
  proxy_.backend->server_timeout = Millis(3000);
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  proxy_.Advance(Millis(2900));
  EXPECT_EQ(client_->received, "");
  proxy_.Advance(Millis(200));
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 504 "));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 504 sH "));
}

TEST_F(HttpExchangeTest, AClientThatStallsInItsBodyTimesOut) {
  proxy_.frontend->client_timeout = Millis(3000);
  proxy_.backend->server_timeout = Millis(1000);
  Start();
  client_->Send(kPost + "Content-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(ServerHas(kPost + "Content-Length: 10\r\n\r\nabc"));
  proxy_.Advance(Millis(2900));
  EXPECT_EQ(client_->received, "");
  proxy_.Advance(Millis(200));
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 408 "));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 408 cD "));
}

TEST_F(HttpExchangeTest, EitherSideThatStallsWhileRelayingTimesOut) {
  proxy_.frontend->client_timeout = Millis(5000);
  proxy_.backend->server_timeout = Millis(1000);
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(proxy_.Until([&] { return !client_->received.empty(); }));
  proxy_.Advance(Millis(900));
  server_->last().Send("def");  // activity begins the time anew
  proxy_.Settle();
  proxy_.Advance(Millis(900));
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(200));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 sD "));

  client_ = proxy_.Connect();
  client_->is_paused = true;
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n");
  const std::string block(65536, 'x');
  for (int quiet = 0; quiet < 50;) {
    quiet = server_->last().TrySend(block) > 0 ? 0 : quiet + 1;
    proxy_.Turn();
  }
  proxy_.Advance(Millis(4900));
  EXPECT_EQ(proxy_.log_lines.size(), 1u);
  proxy_.Advance(Millis(200));
  ASSERT_TRUE(proxy_.UntilLogged(2));
  EXPECT_THAT(proxy_.log_lines[1], StartsWith("a 200 cD "));
}

TEST_F(HttpExchangeTest, KillingTheServersSessionsEndsThem) {
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(ServerHas(kGet));
  EXPECT_EQ(
      proxy_.worker.sessions.KillOnServer(proxy_.entries[0].runtime.get(), KillReason::kServerDown),
      1u);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a -1 DH "));
  EXPECT_TRUE(ClientEnds());
  EXPECT_EQ(proxy_.worker.sessions.size(), 0u);
}

TEST_F(HttpExchangeTest, WithoutABackendTheReplyIsUnavailable) {
  proxy_.frontend->default_backend = "none";
  Start();
  client_->Send(kGet);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("<NOSRV> 503 SC "));
}

TEST_F(HttpExchangeTest, AnUnansweredRequestOfAnOverlongHeadIsRefused) {
  Start();
  client_->Send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x'));
  ASSERT_TRUE(ClientEnds());
  EXPECT_THAT(client_->received, StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(server_->size(), 0u);
}

}  // namespace
}  // namespace lb::proxy
