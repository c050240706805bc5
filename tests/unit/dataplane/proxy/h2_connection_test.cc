// HTTP/2 from clients, HTTP/1.1 to servers.
#include "dataplane/proxy/h2_connection.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "dataplane/http/websocket.h"
#include "tests/testing/h2_ends.h"
#include "tests/testing/h2_frames.h"
#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using http::H2Error;
using ::testing::EndsWith;
using testing::H2TestClient;
using ::testing::HasSubstr;
using testing::kOk;
using testing::ProxyFixture;
using testing::RecordingUser;
using ::testing::StartsWith;
using testing::TestServer;

const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";

// The key of a request for a WebSocket.
std::string KeyOf(const std::string& request) {
  constexpr std::string_view kName = "sec-websocket-key: ";
  const size_t found = request.find(kName);
  if (found == std::string::npos) return "";
  const size_t start = found + kName.size();
  return request.substr(start, request.find('\r', start) - start);
}

class H2ConnectionTest : public ::testing::Test {
 protected:
  H2ConnectionTest() : proxy_(ProxyFixture::kHttp) {
    proxy_.frontend->http_request_timeout = Millis(2000);
    proxy_.frontend->http_keep_alive_timeout = Millis(500);
    proxy_.frontend->client_timeout = Millis(3000);
  }
  void Start() {
    server_ = proxy_.AddServer("a");
    proxy_.Start();
    client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  }
  template <typename Condition>
  bool Until(Condition condition) {
    return proxy_.Until([&] {
      client_->Poll();
      return condition();
    });
  }
  void Settle() {
    for (int i = 0; i < 20; ++i) {
      proxy_.Turn();
      client_->Poll();
    }
  }
  void Advance(Millis by) {
    proxy_.clock.Advance(by);
    Settle();
  }
  bool ServerHas(std::string_view text) {
    return Until([&] {
      return server_->size() > 0 && server_->last().received.find(text) != std::string::npos;
    });
  }

  ProxyFixture proxy_;
  TestServer* server_ = nullptr;
  std::unique_ptr<H2TestClient> client_;
};

TEST_F(H2ConnectionTest, ARequestBecomesHttp11AndItsAnswerComesBack) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/a?b", true, {{"x-y", "z"}});
  ASSERT_TRUE(ServerHas("\r\n\r\n"));
  EXPECT_EQ(server_->last().Take(), "GET /a?b HTTP/1.1\r\nhost: h:80\r\nx-y: z\r\n\r\n");
  server_->last().Send(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
      "X-End: 2\r\n\r\nok");
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.Field("x-end"), "2");
  EXPECT_EQ(answer.Field("x-hop"), "(none)");
  EXPECT_EQ(answer.closed, H2Error::kNoError);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 -- "));
  EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
}

TEST_F(H2ConnectionTest, StreamsAreServedAtTheSameTime) {
  Start();
  RecordingUser& slow = client_->Ask("GET", "/slow");
  ASSERT_TRUE(ServerHas("/slow"));
  RecordingUser& fast = client_->Ask("GET", "/fast");
  ASSERT_TRUE(Until([&] { return server_->size() == 2; }));
  ASSERT_TRUE(ServerHas("/fast"));
  (*server_)[1].Send(kOk);
  ASSERT_TRUE(Until([&] { return fast.has_ended; }));
  EXPECT_EQ(slow.heads, 0);
  EXPECT_EQ(proxy_.worker.sessions.size(), 2u);
  (*server_)[0].Send(kOk);
  EXPECT_TRUE(Until([&] { return slow.has_ended; }));
}

TEST_F(H2ConnectionTest, ABodyWithoutALengthGoesInChunks) {
  Start();
  RecordingUser& answer = client_->Ask("POST", "/", /*ends=*/false);
  client_->Write(answer.channel, "abc", /*is_last=*/false);
  ASSERT_TRUE(ServerHas("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  client_->Write(answer.channel, "de", /*is_last=*/true);
  ASSERT_TRUE(ServerHas("2\r\nde\r\n0\r\n\r\n"));
  server_->last().Send(kOk);
  EXPECT_TRUE(Until([&] { return answer.has_ended; }));
}

TEST_F(H2ConnectionTest, TrailersPassBothWays) {
  Start();
  RecordingUser& answer = client_->Ask("POST", "/", /*ends=*/false, {{"te", "trailers"}});
  http::HeaderList trailers;
  trailers.Add("sum", "7");
  client_->Write(answer.channel, "abc", /*is_last=*/false);
  client_->session().Finish(answer.channel, trailers);
  client_->Push();
  ASSERT_TRUE(ServerHas("0\r\nsum: 7\r\n\r\n"));
  server_->last().Send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
      "grpc-status: 0\r\n\r\n");
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.body, "ok");
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].value, "0");
}

TEST_F(H2ConnectionTest, InformationalHeadsPass) {
  Start();
  RecordingUser& answer = client_->Ask("POST", "/", /*ends=*/false, {{"expect", "100-continue"}});
  ASSERT_TRUE(ServerHas("100-continue"));
  server_->last().Send("HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(Until([&] { return answer.heads == 1; }));
  EXPECT_EQ(answer.response.status, 100);
  client_->Write(answer.channel, "x", /*is_last=*/true);
  server_->last().Send(kOk);
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.response.status, 200);
}

TEST_F(H2ConnectionTest, ALargeBodyWaitsForTheClientsWindows) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  const std::string body(200000, 'x');
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" +
                       body.substr(0, 100000));
  ASSERT_TRUE(Until([&] { return answer.body.size() == 65535; }));
  Settle();
  EXPECT_EQ(answer.body.size(), 65535u);
  client_->Consume(answer.channel);
  ASSERT_TRUE(Until([&] { return answer.body.size() == 100000; }));
  server_->last().Send(body.substr(100000));
  EXPECT_TRUE(Until([&] {
    if (answer.channel->unconsumed > 0) client_->Consume(answer.channel);
    return answer.has_ended;
  }));
  EXPECT_EQ(answer.body, body);
}

TEST_F(H2ConnectionTest, AClientThatOpensNoWindowTimesOut) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" +
                       std::string(100000, 'x'));
  ASSERT_TRUE(Until([&] { return answer.body.size() == 65535; }));
  Settle();
  Advance(Millis(3100));
  EXPECT_TRUE(Until([&] { return answer.closed.has_value(); }));
  EXPECT_EQ(answer.closed, H2Error::kCancel);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 cD "));
}

TEST_F(H2ConnectionTest, AResetStreamEndsItsExchangeAlone) {
  Start();
  RecordingUser& first = client_->Ask("GET", "/1");
  ASSERT_TRUE(ServerHas("/1"));
  RecordingUser& second = client_->Ask("GET", "/2");
  ASSERT_TRUE(Until([&] { return server_->size() == 2; }));
  ASSERT_TRUE(ServerHas("/2"));
  client_->Cancel(first);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" CH "));
  EXPECT_TRUE(Until([&] { return (*server_)[0].ended; }));
  (*server_)[1].Send(kOk);
  EXPECT_TRUE(Until([&] { return second.has_ended; }));
}

TEST_F(H2ConnectionTest, ABrokenResponseResetsItsStream) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  server_->last().Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok");
  ASSERT_TRUE(Until([&] { return answer.body == "ok"; }));
  server_->last().Close();
  ASSERT_TRUE(Until([&] { return answer.closed.has_value(); }));
  EXPECT_EQ(answer.closed, H2Error::kCancel);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 SD "));
}

TEST_F(H2ConnectionTest, ALocalReplyComesWithoutAServer) {
  proxy_.Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  RecordingUser& answer = client_->Ask("POST", "/", /*ends=*/false);
  ASSERT_TRUE(Until([&] { return answer.closed.has_value(); }));
  EXPECT_EQ(answer.response.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("No server is available"));
  EXPECT_EQ(answer.Field("connection"), "(none)");
  EXPECT_EQ(answer.closed, H2Error::kNoError);  // an answer, and then a plea to stop
}

TEST_F(H2ConnectionTest, AHeadThatIsTooLargeIsAnswered) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/", true, {{"big", std::string(15400, 'x')}});
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.response.status, 431);
  EXPECT_EQ(proxy_.frontend_counters().request_errors.get(), 1u);
  RecordingUser& next = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  server_->last().Send(kOk);
  EXPECT_TRUE(Until([&] { return next.has_ended; }));
}

TEST_F(H2ConnectionTest, AMalformedRequestNeverReachesAServer) {
  Start();
  Settle();
  client_->peer().Send(testing::HeadersFrame(
      1, testing::GetFields({{"transfer-encoding", "chunked"}}), testing::kEndStream));
  ASSERT_TRUE(Until([&] { return proxy_.frontend_counters().request_errors.get() == 1; }));
  Settle();
  EXPECT_EQ(server_->size(), 0u);
  EXPECT_EQ(proxy_.frontend_counters().h2_stream_errors.get(), 1u);
  EXPECT_EQ(proxy_.frontend_counters().h2_glitches.get(), 1u);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" PR "));
}

TEST_F(H2ConnectionTest, ARequestThatIsResetInTheSameBreathReachesNoServer) {
  Start();
  Settle();
  client_->peer().Send(testing::HeadersFrame(1, testing::GetFields(), testing::kEndStream) +
                       testing::RstFrame(1));
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" CR "));
  Settle();
  EXPECT_EQ(server_->size(), 0u);
  EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
}

TEST_F(H2ConnectionTest, AnErrorOfTheConnectionClosesItAtOnce) {
  Start();
  Settle();
  client_->peer().Send(testing::Frame(testing::kRstStream, 0, 0, testing::Number(0)));
  EXPECT_TRUE(Until([&] { return client_->peer().ended; }));
  EXPECT_EQ(proxy_.frontend_counters().h2_connection_errors.get(), 1u);
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], HasSubstr(" PR "));
}

TEST_F(H2ConnectionTest, ConnectBecomesATunnel) {
  Start();
  RecordingUser& answer = client_->Ask("CONNECT", "h:80", /*ends=*/false);
  ASSERT_TRUE(ServerHas("CONNECT h:80 HTTP/1.1\r\n"));
  server_->last().Take();
  server_->last().Send("HTTP/1.1 200 OK\r\n\r\nhello");
  ASSERT_TRUE(Until([&] { return answer.body == "hello"; }));
  client_->Write(answer.channel, "ping", /*is_last=*/false);
  ASSERT_TRUE(ServerHas("ping"));
  client_->session().Finish(answer.channel, http::HeaderList());
  client_->Push();
  ASSERT_TRUE(Until([&] { return server_->last().ended; }));
  server_->last().Send("bye");
  server_->last().Close();
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.body, "hellobye");
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 -- "));
}

TEST_F(H2ConnectionTest, AWebSocketBecomesAnUpgrade) {
  Start();
  Settle();
  RecordingUser& answer = client_->Ask("GET", "/chat", /*ends=*/false,
                                       {{"sec-websocket-version", "13"}}, /*is_websocket=*/true);
  ASSERT_TRUE(ServerHas("connection: upgrade\r\n\r\n"));
  EXPECT_THAT(server_->last().received, StartsWith("GET /chat HTTP/1.1\r\nhost: h:80\r\n"));
  EXPECT_THAT(server_->last().received, HasSubstr("upgrade: websocket\r\n"));
  const std::string key = KeyOf(server_->last().received);
  server_->last().Take();
  server_->last().Send(kSwitch + ("Sec-WebSocket-Accept: " + http::WebSocketAccept(key)) +
                       "\r\n\r\n\x81\x01!");
  ASSERT_TRUE(Until([&] { return answer.body.size() == 3; }));
  EXPECT_EQ(answer.response.status, 101);  // as the client's own conversion has it: 200 on the wire
  client_->Write(answer.channel, "abc", /*is_last=*/false);
  EXPECT_TRUE(ServerHas("abc"));
}

TEST_F(H2ConnectionTest, AnAnswerToAnotherKeyIsNotTakenForAWebSocket) {
  Start();
  Settle();
  const std::string answers[] = {
      "", "Sec-WebSocket-Accept:\r\n",
      "Sec-WebSocket-Accept: " + http::WebSocketAccept("another") + "\r\n"};
  for (const std::string& field : answers) {
    SCOPED_TRACE(field);
    RecordingUser& answer = client_->Ask("GET", "/chat", /*ends=*/false, {}, /*is_websocket=*/true);
    ASSERT_TRUE(ServerHas("connection: upgrade\r\n\r\n"));
    server_->last().Take();
    server_->last().Send(kSwitch + field + "\r\n");
    ASSERT_TRUE(Until([&] { return answer.heads == 1; }));
    EXPECT_EQ(answer.response.status, 502);
  }
}

TEST_F(H2ConnectionTest, AnAnswerThatIsNoUpgradeIsNotTakenForAWebSocket) {
  Start();
  Settle();
  RecordingUser& answer = client_->Ask("GET", "/chat", /*ends=*/false, {}, /*is_websocket=*/true);
  ASSERT_TRUE(ServerHas("upgrade"));
  server_->last().Send(kOk);
  ASSERT_TRUE(Until([&] { return answer.heads == 1; }));
  EXPECT_EQ(answer.response.status, 502);
}

TEST_F(H2ConnectionTest, AnIdleConnectionEndsWithGoaway) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  Advance(Millis(700));  // with a stream at work the idle time does not run
  EXPECT_FALSE(client_->peer().ended);
  server_->last().Send(kOk);
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  Settle();
  Advance(Millis(400));
  EXPECT_FALSE(client_->peer().ended);
  Advance(Millis(200));
  Advance(Millis(700));
  EXPECT_TRUE(Until([&] { return client_->peer().ended; }));
  EXPECT_FALSE(client_->session().takes_streams());
}

TEST_F(H2ConnectionTest, AHeadThatStallsEndsTheConnection) {
  Start();
  Settle();
  client_->peer().Send(
      testing::Frame(testing::kHeaders, 0, 1, testing::Block(testing::GetFields())));
  Settle();
  Advance(Millis(2100));
  EXPECT_TRUE(Until([&] { return client_->peer().ended; }));
  EXPECT_EQ(server_->size(), 0u);
}

TEST_F(H2ConnectionTest, DrainingFinishesWhatIsBegunAndSaysSoFirst) {
  Start();
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(ServerHas("GET"));
  proxy_.worker.sessions.DrainAll();
  Settle();
  EXPECT_FALSE(client_->session().takes_streams());
  server_->last().Send(kOk);
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_TRUE(Until([&] { return client_->peer().ended && proxy_.worker.sessions.size() == 0; }));
}

TEST_F(H2ConnectionTest, AKilledStreamIsResetAndTheOthersGoOn) {
  Start();
  RecordingUser& first = client_->Ask("GET", "/1");
  ASSERT_TRUE(ServerHas("/1"));
  uint64_t id = 0;
  proxy_.worker.sessions.ForEach([&](Session& session) { id = std::max(id, session.id()); });
  EXPECT_EQ(proxy_.worker.sessions.KillById(id, KillReason::kAdmin), 1u);
  ASSERT_TRUE(Until([&] { return first.closed.has_value(); }));
  EXPECT_NE(first.closed, H2Error::kNoError);
  RecordingUser& second = client_->Ask("GET", "/2");
  ASSERT_TRUE(ServerHas("/2"));
  server_->last().Send(kOk);
  EXPECT_TRUE(Until([&] { return second.has_ended; }));
}

TEST_F(H2ConnectionTest, AnAbortedConnectionEndsAllStreams) {
  Start();
  client_->Ask("GET", "/1");
  client_->Ask("GET", "/2");
  ASSERT_TRUE(Until([&] { return server_->size() == 2; }));
  client_->peer().Reset();
  EXPECT_TRUE(proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; }));
  EXPECT_EQ(proxy_.log_lines.size(), 2u);
}

TEST_F(H2ConnectionTest, StreamsBeyondTheLimitAreRefused) {
  proxy_.config->h2_frontend.max_concurrent_streams = 2;
  Start();
  // Before the client knows the limit.
  RecordingUser& first = client_->Ask("GET", "/1");
  client_->Ask("GET", "/2");
  RecordingUser& third = client_->Ask("GET", "/3");
  ASSERT_TRUE(Until([&] { return third.closed.has_value(); }));
  EXPECT_TRUE(third.is_unprocessed);
  EXPECT_FALSE(first.closed.has_value());
}

TEST_F(H2ConnectionTest, AStreamThatWasResetCountsUntilItsExchangeHasEnded) {
  proxy_.config->h2_frontend.max_concurrent_streams = 1;
  Start();
  Settle();
  // In one write: the exchange of the first has had no time to end.
  client_->peer().Send(testing::HeadersFrame(1, testing::GetFields(), testing::kEndStream) +
                       testing::RstFrame(1) +
                       testing::HeadersFrame(3, testing::GetFields(), testing::kEndStream));
  proxy_.Settle();
  std::vector<H2Error> resets;
  for (const testing::H2Frame& frame : testing::ParseFrames(client_->peer().received)) {
    if (frame.type == testing::kRstStream) resets.push_back(frame.error());
  }
  EXPECT_THAT(resets, ::testing::ElementsAre(H2Error::kRefusedStream));
}

TEST_F(H2ConnectionTest, AnAnsweredStreamMakesRoomAtOnce) {
  proxy_.config->h2_frontend.max_concurrent_streams = 1;
  Start();
  for (int i = 0; i < 50; ++i) {
    RecordingUser& answer = client_->Ask("GET", "/");
    ASSERT_TRUE(ServerHas("GET"));
    server_->last().Take();
    server_->last().Send(kOk);
    while (!answer.closed.has_value()) {
      proxy_.loop.RunOnce(Millis(1));
      server_->Poll();
      client_->peer().Poll();
      client_->Poll();
    }
    ASSERT_EQ(answer.closed, H2Error::kNoError);
  }
}

TEST_F(H2ConnectionTest, ABindLineMayDemandEitherProtocol) {
  proxy_.frontend->binds[0].protocol = http::ConnectionProtocol::kHttp1;
  Start();
  client_->Push();
  ASSERT_TRUE(proxy_.Until([&] { return client_->peer().received.size() > 0; }));
  EXPECT_THAT(client_->peer().received, StartsWith("HTTP/1.1 4"));
  proxy_.frontend->binds[0].protocol = http::ConnectionProtocol::kHttp2;
  auto* plain = proxy_.Connect();
  plain->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(proxy_.Until([&] { return plain->ended; }));
  EXPECT_EQ(server_->size(), 0u);
}

}  // namespace
}  // namespace lb::proxy
