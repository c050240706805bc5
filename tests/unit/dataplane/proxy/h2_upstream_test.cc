// HTTP/2 to servers, from clients of both versions.
#include "dataplane/proxy/h2_upstream.h"

#include <map>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/h2_ends.h"
#include "tests/testing/h2_frames.h"
#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using ::testing::EndsWith;
using testing::H2TestClient;
using testing::H2TestServer;
using ::testing::HasSubstr;
using testing::kGet;
using testing::ProxyFixture;
using testing::RecordingUser;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

class H2UpstreamTest : public ::testing::Test {
 protected:
  H2UpstreamTest() : proxy_(ProxyFixture::kHttp) {
    proxy_.backend->server_timeout = Millis(3000);
    proxy_.backend->http_reuse = HttpReuse::kAlways;
  }
  ~H2UpstreamTest() override {
    proxy_.worker.sessions.KillAll(KillReason::kAdmin);
    proxy_.Settle();
    proxy_.worker.h2_upstreams->Clear(proxy_.entries[0].runtime.get());
    proxy_.Settle();
  }

  void Start(uint32_t max_reuse = 1000) {
    server_ = proxy_.AddServer("a");
    auto config = std::make_shared<upstream::ServerConfig>(*proxy_.entries[0].config);
    config->protocol = http::ConnectionProtocol::kHttp2;
    config->max_reuse = max_reuse;
    config->send_proxy = proxy_header_.empty() ? 0 : 1;
    proxy_.entries[0].config = config;
    proxy_.backend->servers[0] = config;
    proxy_.Start();
  }
  // Lets both sides run until `condition` holds.
  template <typename Condition>
  bool Until(Condition condition) {
    return proxy_.Until([&] {
      Poll();
      return condition();
    });
  }
  void Poll() {
    for (size_t i = ends_.size(); i < server_->size(); ++i) {
      std::string& received = (*server_)[i].received;
      if (received.size() < proxy_header_.size()) break;
      EXPECT_THAT(received, StartsWith(proxy_header_));
      received.erase(0, proxy_header_.size());
      ends_.push_back(std::make_unique<H2TestServer>(&(*server_)[i]));
    }
    for (const auto& end : ends_) end->Poll();
    if (client_ != nullptr) client_->Poll();
  }
  H2TestServer& end(size_t i = 0) { return *ends_.at(i); }
  bool Requests(size_t count, size_t i = 0) {
    return Until([&] { return ends_.size() > i && end(i).size() == count; });
  }
  // One exchange from an HTTP/1.1 client, whole.
  bool Exchange(TestPeer* client, size_t requests, size_t i = 0) {
    client->Send(kGet);
    if (!Requests(requests, i)) return false;
    end(i).Answer(end(i).last(), 200, "ok");
    const bool done = Until([&] { return client->received.ends_with("ok"); });
    client->Take();
    proxy_.Settle();
    return done;
  }

  ProxyFixture proxy_;
  std::string proxy_header_;  // what each connection to the server begins with
  TestServer* server_ = nullptr;
  std::vector<std::unique_ptr<H2TestServer>> ends_;
  std::unique_ptr<H2TestClient> client_;
};

TEST_F(H2UpstreamTest, AnHttp11RequestGoesOutAsAStream) {
  Start();
  TestPeer* client = proxy_.Connect();
  client->Send("POST /a HTTP/1.1\r\nHost: h\r\nX-Y: z\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(Requests(1));
  RecordingUser& request = end().last();
  ASSERT_TRUE(Until([&] { return request.has_ended; }));
  EXPECT_EQ(request.request.method, "POST");
  EXPECT_EQ(request.request.target, "/a");
  EXPECT_EQ(request.Field("host"), "h");
  EXPECT_EQ(request.Field("x-y"), "z");
  EXPECT_EQ(request.body, "abc");
  end().Answer(request, 200, "hello");
  ASSERT_TRUE(Until([&] { return client->received.ends_with("hello"); }));
  EXPECT_EQ(client->received, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
  ASSERT_TRUE(proxy_.UntilLogged());
  EXPECT_THAT(proxy_.log_lines[0], StartsWith("a 200 -- "));
}

TEST_F(H2UpstreamTest, ExchangesShareAConnection) {
  Start();
  ASSERT_TRUE(Exchange(proxy_.Connect(), 1));
  TestPeer* first = proxy_.Connect();
  TestPeer* second = proxy_.Connect();
  first->Send(kGet);
  second->Send(kGet);
  ASSERT_TRUE(Requests(3));
  EXPECT_EQ(server_->size(), 1u);
  end().Answer(*end().listener.users[2], 200, "two");
  ASSERT_TRUE(Until([&] { return second->received.ends_with("two"); }));
  end().Answer(*end().listener.users[1], 200, "one");
  ASSERT_TRUE(Until([&] { return first->received.ends_with("one"); }));
  EXPECT_EQ(proxy_.server_counters(0).reused_connections.get(), 2u);
}

TEST_F(H2UpstreamTest, ExchangesOfOneClientShareAConnectionThatSpeaksForIt) {
  proxy_header_ = "PROXY UNKNOWN\r\n";  // the fixture's clients connect to no address
  Start();
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  ASSERT_TRUE(Exchange(client, 2));
  EXPECT_EQ(server_->size(), 1u);
  EXPECT_EQ(proxy_.server_counters(0).reused_connections.get(), 1u);
}

TEST_F(H2UpstreamTest, StreamsOfAClientBecomeStreamsToTheServer) {
  Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  RecordingUser& answer = client_->Ask("POST", "/grpc", /*ends=*/false, {{"te", "trailers"}});
  ASSERT_TRUE(Requests(1));
  client_->Write(answer.channel, "a", /*is_last=*/false);
  ASSERT_TRUE(Until([&] { return end().last().body == "a"; }));
  EXPECT_EQ(end().last().Field("te"), "trailers");
  // Both directions stream at once.
  http::ResponseHead head;
  head.status = 200;
  head.framing = http::Framing::kChunked;
  end().session().SendResponse(end().last().channel, head, /*ends=*/false);
  end().Write(end().last().channel, "x", /*is_last=*/false);
  ASSERT_TRUE(Until([&] { return answer.body == "x"; }));
  client_->Write(answer.channel, "b", /*is_last=*/true);
  ASSERT_TRUE(Until([&] { return end().last().has_ended; }));
  http::HeaderList trailers;
  trailers.Add("grpc-status", "0");
  end().session().Finish(end().last().channel, trailers);
  end().Push();
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].name, "grpc-status");
  EXPECT_EQ(answer.closed, http::H2Error::kNoError);
}

TEST_F(H2UpstreamTest, AnnouncedTrailersFollowABodyWithALength) {
  Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(Requests(1));
  http::ResponseHead head;
  head.status = 200;
  head.framing = http::Framing::kLength;
  head.content_length = 2;
  head.headers.Add("trailer", "sum");
  end().session().SendResponse(end().last().channel, head, /*ends=*/false);
  end().Write(end().last().channel, "ok", /*is_last=*/false);
  ASSERT_TRUE(Until([&] { return answer.body == "ok"; }));
  EXPECT_FALSE(answer.has_ended);
  http::HeaderList trailers;
  trailers.Add("sum", "7");
  end().session().Finish(end().last().channel, trailers);
  end().Push();
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].value, "7");
}

TEST_F(H2UpstreamTest, InformationalHeadsComeInOrder) {
  Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  RecordingUser& answer = client_->Ask("GET", "/");
  ASSERT_TRUE(Requests(1));
  // All in one write, so that none is taken before the last has come.
  http::ResponseHead hints;
  hints.status = 103;
  end().session().SendInformational(end().last().channel, hints);
  end().session().SendInformational(end().last().channel, hints);
  end().Answer(end().last(), 200, "ok");
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.heads, 3);
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_EQ(answer.body, "ok");
}

TEST_F(H2UpstreamTest, AResponseOfTrailersAloneEndsWithItsHead) {
  Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  RecordingUser& answer = client_->Ask("POST", "/grpc");
  ASSERT_TRUE(Requests(1));
  http::ResponseHead head;
  head.status = 200;
  head.headers.Add("grpc-status", "12");
  end().session().SendResponse(end().last().channel, head, /*ends=*/true);
  ASSERT_TRUE(Until([&] { return answer.has_ended; }));
  EXPECT_EQ(answer.Field("grpc-status"), "12");
  EXPECT_EQ(answer.response.headers.Find("content-length"), nullptr);
}

// Whatever has come of the body when its length is reached: only the stream's end tells.
TEST_F(H2UpstreamTest, TrailersPassBehindABodyOfAKnownLength) {
  Start();
  client_ = std::make_unique<H2TestClient>(proxy_.Connect());
  http::HeaderList trailers;
  trailers.Add("sum", "7");
  for (const std::string body : {"", "abc"}) {
    RecordingUser& answer = client_->Ask("POST", "/", /*ends=*/false,
                                         {{"content-length", std::to_string(body.size())}});
    ASSERT_TRUE(Requests(body.empty() ? 1 : 2));
    RecordingUser& request = end().last();
    if (!body.empty()) client_->Write(answer.channel, body, /*is_last=*/false);
    ASSERT_TRUE(Until([&] { return request.body == body; }));
    client_->session().Finish(answer.channel, trailers);
    client_->Push();
    ASSERT_TRUE(Until([&] { return request.has_ended; }));
    EXPECT_EQ(request.trailers.size(), 1u) << body;

    http::ResponseHead head;
    head.status = 200;
    head.framing = http::Framing::kLength;
    head.content_length = body.size();
    end().session().SendResponse(request.channel, head, /*ends=*/false);
    if (!body.empty()) end().Write(request.channel, body, /*is_last=*/false);
    end().Push();
    ASSERT_TRUE(Until([&] { return answer.heads == 1 && answer.body == body; }));
    EXPECT_EQ(answer.Field("content-length"), std::to_string(body.size()));
    end().session().Finish(request.channel, trailers);
    end().Push();
    ASSERT_TRUE(Until([&] { return answer.has_ended; }));
    EXPECT_EQ(answer.trailers.size(), 1u) << body;
  }
}

TEST_F(H2UpstreamTest, AStreamThatTheServerRefusesIsTriedAgain) {
  Start();
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  end().listener.refuses = true;
  client->Send("POST /again HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Until([&] { return ends_.size() == 2 && end(1).size() == 1; }));
  end(1).Answer(end(1).last(), 200, "ok");
  ASSERT_TRUE(Until([&] { return client->received.ends_with("ok"); }));
}

TEST_F(H2UpstreamTest, GoawayTakesTheConnectionOutOfUse) {
  Start();
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  TestPeer* other = proxy_.Connect();
  other->Send(kGet);
  ASSERT_TRUE(Requests(2));
  end().session().Shutdown();
  end().Push();
  proxy_.Settle();
  client->Send(kGet);
  ASSERT_TRUE(Requests(1, 1));
  end(0).Answer(end(0).last(), 200, "old");
  EXPECT_TRUE(Until([&] { return other->received.ends_with("old"); }));
  EXPECT_TRUE(Until([&] { return end(0).peer().ended; }));
}

TEST_F(H2UpstreamTest, AServerThatDiesInTheMiddleIsToldApart) {
  Start();
  TestPeer* waiting = proxy_.Connect();
  ASSERT_TRUE(Exchange(proxy_.Connect(), 1));
  waiting->Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
  ASSERT_TRUE(Requests(2));
  end().peer().Reset();
  ASSERT_TRUE(Until([&] { return waiting->received.size() > 0; }));
  EXPECT_THAT(waiting->received, StartsWith("HTTP/1.1 502 "));
  // And the next exchange has a new connection.
  EXPECT_TRUE(Exchange(proxy_.Connect(), 1, 1));
}

TEST_F(H2UpstreamTest, AServerThatBreaksTheProtocolIsNotWaitedFor) {
  Start();
  TestPeer* client = proxy_.Connect();
  client->Send(kGet);
  ASSERT_TRUE(Requests(1));
  // DATA before the head of a response is an error of the connection.
  end().peer().Send(testing::DataFrame(1, "x"));
  ASSERT_TRUE(Until([&] { return client->received.size() > 0; }));
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 502 "));
}

TEST_F(H2UpstreamTest, MaxReuseLimitsAConnection) {
  Start(/*max_reuse=*/1);
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  ASSERT_TRUE(Exchange(client, 2));
  ASSERT_TRUE(Exchange(client, 1, 1));
  EXPECT_TRUE(Until([&] { return end(0).peer().ended; }));
}

TEST_F(H2UpstreamTest, WithoutReuseEveryRequestHasItsConnection) {
  proxy_.backend->http_reuse = HttpReuse::kNever;
  Start();
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  ASSERT_TRUE(Exchange(client, 1, 1));
  EXPECT_TRUE(Until([&] { return end(0).peer().ended && end(1).peer().ended; }));
}

TEST_F(H2UpstreamTest, SafeReuseSharesWhatHasAnswered) {
  proxy_.backend->http_reuse = HttpReuse::kSafe;
  Start();
  TestPeer* first = proxy_.Connect();
  first->Send(kGet);
  ASSERT_TRUE(Requests(1));
  // The first connection has not answered yet: another client's first request goes elsewhere.
  ASSERT_TRUE(Exchange(proxy_.Connect(), 1, 1));
  ASSERT_TRUE(Exchange(proxy_.Connect(), 2, 1));
  EXPECT_EQ(server_->size(), 2u);
}

TEST_F(H2UpstreamTest, TheServersStreamLimitIsRespected) {
  Start();
  proxy_.config->h2_backend.max_concurrent_streams = 1;
  TestPeer* first = proxy_.Connect();
  ASSERT_TRUE(Exchange(first, 1));
  first->Send(kGet);
  ASSERT_TRUE(Requests(2));
  TestPeer* second = proxy_.Connect();
  second->Send(kGet);
  ASSERT_TRUE(Requests(1, 1));
}

TEST_F(H2UpstreamTest, ThoseWhoComeTogetherShareTheFirstConnection) {
  Start();
  std::vector<TestPeer*> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(proxy_.Connect());
    clients.back()->Send(kGet);
  }
  ASSERT_TRUE(Requests(20));
  EXPECT_EQ(server_->size(), 1u);
  for (int i = 0; i < 20; ++i) end().Answer(*end().listener.users[i], 200, "ok");
  EXPECT_TRUE(Until([&] { return clients.back()->received.ends_with("ok"); }));
}

TEST_F(H2UpstreamTest, AFailedAttemptFailsThoseWhoWaitedForItInTheirOwnTime) {
  proxy_.backend->retries = 0;
  proxy_.AddRefusingServer("a");
  auto config = std::make_shared<upstream::ServerConfig>(*proxy_.entries[0].config);
  config->protocol = http::ConnectionProtocol::kHttp2;
  proxy_.entries[0].config = config;
  proxy_.backend->servers[0] = config;
  proxy_.Start();
  std::vector<TestPeer*> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(proxy_.Connect());
    clients.back()->Send(kGet);
  }
  for (TestPeer* client : clients) {
    EXPECT_TRUE(proxy_.Until([&] { return client->received.size() > 0; }));
    EXPECT_THAT(client->received, StartsWith("HTTP/1.1 503 "));
  }
}

TEST_F(H2UpstreamTest, AConnectionWithoutAStreamCountsAsIdle) {
  Start();
  const std::atomic<uint32_t>& idle = proxy_.entries[0].runtime->idle_connections;
  TestPeer* client = proxy_.Connect();
  ASSERT_TRUE(Exchange(client, 1));
  EXPECT_EQ(idle.load(), 1u);
  client->Send(kGet);
  ASSERT_TRUE(Requests(2));
  EXPECT_EQ(idle.load(), 0u);
  end().Answer(end().last(), 200, "ok");
  ASSERT_TRUE(Until([&] { return idle.load() == 1; }));
  end().peer().Close();
  EXPECT_TRUE(Until([&] { return idle.load() == 0; }));
}

TEST_F(H2UpstreamTest, AnIdleConnectionIsPurged) {
  Start();
  ASSERT_TRUE(Exchange(proxy_.Connect(), 1));
  proxy_.worker.h2_upstreams->Purge(proxy_.clock.Now() + Millis(4000));
  proxy_.Settle();
  EXPECT_FALSE(end().peer().ended);
  proxy_.worker.h2_upstreams->Purge(proxy_.clock.Now() + Millis(6000));
  EXPECT_TRUE(Until([&] { return end().peer().ended; }));
  EXPECT_TRUE(Until([&] { return proxy_.worker.h2_upstreams->is_empty(); }));
}

TEST_F(H2UpstreamTest, AWebSocketOfHttp11GoesOutAsExtendedConnect) {
  Start();
  TestPeer* client = proxy_.Connect();
  client->Send(
      "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  ASSERT_TRUE(Requests(1));
  EXPECT_TRUE(end().last().request.wants_upgrade);
  http::ResponseHead head;
  head.status = 101;
  head.framing = http::Framing::kTunnel;
  end().session().SendResponse(end().last().channel, head, /*ends=*/false);
  end().Write(end().last().channel, "hi", /*is_last=*/false);
  ASSERT_TRUE(Until([&] { return client->received.ends_with("hi"); }));
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(client->received,
              HasSubstr("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  client->Send("there");
  EXPECT_TRUE(Until([&] { return end().last().body == "there"; }));
  client->ShutdownWrite();
  EXPECT_TRUE(Until([&] { return end().last().has_ended; }));
}

// Extended CONNECT waits for the server's SETTINGS; what is none must not, since the head's texts
// do not wait where a body follows.
TEST_F(H2UpstreamTest, AnOfferOfAWebSocketWithABodyGoesOutWithoutTheOffer) {
  Start();
  TestPeer* client = proxy_.Connect();
  client->Send(
      "POST /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Content-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(Requests(1));
  RecordingUser& request = end().last();
  ASSERT_TRUE(Until([&] { return request.has_ended; }));
  EXPECT_EQ(request.request.method, "POST");
  EXPECT_EQ(request.Field("host"), "h");
  EXPECT_FALSE(request.request.wants_upgrade);
  EXPECT_EQ(request.body, "abc");
}

TEST_F(H2UpstreamTest, ASlowReaderOfOneStreamDoesNotHoldUpTheOthers) {
  Start();
  TestPeer* slow = proxy_.Connect();
  ASSERT_TRUE(Exchange(slow, 1));
  slow->is_paused = true;
  slow->Send(kGet);
  ASSERT_TRUE(Requests(2));
  http::ResponseHead head;
  head.status = 200;
  head.framing = http::Framing::kChunked;
  RecordingUser& large = end().last();
  end().session().SendResponse(large.channel, head, /*ends=*/false);
  const std::string piece(16000, 'x');
  uint64_t sent = 0;
  for (int quiet = 0; quiet < 30;) {
    const size_t went = end().Write(large.channel, piece, /*is_last=*/false);
    sent += went;
    quiet = went == 0 ? quiet + 1 : 0;
    proxy_.Turn();
    Poll();
  }
  // A window of it lies here, and what the sockets hold.
  EXPECT_GE(sent, 65535u);
  EXPECT_LE(sent, 500000u);
  EXPECT_TRUE(Exchange(proxy_.Connect(), 3));
}

}  // namespace
}  // namespace lb::proxy
