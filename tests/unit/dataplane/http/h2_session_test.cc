#include "dataplane/http/h2_session.h"

#include <algorithm>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/h2_frames.h"
#include "tests/testing/h2_peer.h"

namespace lb::http {
namespace {

using ::testing::HasSubstr;
using namespace lb::testing;  // NOLINT: frames are the language of these tests

// A session towards clients, and raw bytes.
class H2ServerSessionTest : public ::testing::Test {
 protected:
  H2ServerSessionTest() { Restart(H2Settings()); }

  void Restart(const H2Settings& settings) {
    listener_.users.clear();
    session_ =
        std::make_unique<H2Session>(H2Session::Role::kServer, settings, Limits(), 1, &listener_);
    Send(Preface() + SettingsFrame());
    ProduceAll(session_.get());
  }
  bool Send(std::string_view bytes) { return session_->Receive(bytes, now_); }
  std::vector<H2Frame> Replies() { return ParseFrames(ProduceAll(session_.get())); }
  // The first frame of that type among the replies.
  std::optional<H2Frame> Reply(uint8_t type) {
    for (H2Frame& frame : Replies()) {
      if (frame.type == type) return frame;
    }
    return std::nullopt;
  }
  // What Offer() and Produce() make of `data`; how much of it went.
  size_t Write(H2Channel* channel, std::string_view data, bool is_last) {
    session_->Offer(channel, data, is_last);
    sent_ += ProduceAll(session_.get());
    return data.size() - session_->Retract(channel);
  }

  Limits limits_;
  SteadyTime now_{};
  RecordingListener listener_;
  std::unique_ptr<H2Session> session_;
  std::string sent_;
};

TEST_F(H2ServerSessionTest, TellsItsSettings) {
  H2Settings settings;
  settings.initial_window_size = 100000;
  settings.max_concurrent_streams = 7;
  H2Session session(H2Session::Role::kServer, settings, Limits(), 1, &listener_);
  const std::vector<H2Frame> frames = ParseFrames(ProduceAll(&session));
  ASSERT_GE(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, kSettings);
  EXPECT_THAT(frames[0].payload, HasSubstr(Number(3, 2) + Number(7)));
  EXPECT_THAT(frames[0].payload, HasSubstr(Number(4, 2) + Number(100000)));
  EXPECT_THAT(frames[0].payload, HasSubstr(Number(8, 2) + Number(1)));
  EXPECT_EQ(frames[1].type, kWindowUpdate);
}

TEST_F(H2ServerSessionTest, ARequestWithABodyBecomesEvents) {
  Send(HeadersFrame(1, RequestFields("POST", "/a?b", {{"content-length", "5"}, {"x-y", "z"}})));
  RecordingUser& user = listener_[0];
  EXPECT_EQ(user.heads, 1);
  EXPECT_EQ(user.head_error, ParseError::kNone);
  EXPECT_EQ(user.request.method, "POST");
  EXPECT_EQ(user.request.target, "/a?b");
  EXPECT_EQ(user.request.headers[0].name, "host");
  EXPECT_EQ(user.request.headers[0].value, "h");
  EXPECT_EQ(user.request.framing, Framing::kLength);
  EXPECT_EQ(user.Field("x-y"), "z");
  EXPECT_FALSE(user.has_ended);
  Send(DataFrame(1, "he") + DataFrame(1, "llo", kEndStream));
  EXPECT_EQ(user.body, "hello");
  EXPECT_TRUE(user.has_ended);
  EXPECT_TRUE(Replies().empty());
}

TEST_F(H2ServerSessionTest, ASplitOfTheBytesChangesNothing) {
  const std::string bytes =
      HeadersFrame(1, RequestFields("POST", "/", {{"a", "b"}})) + DataFrame(1, "abc", kEndStream);
  for (char c : bytes) ASSERT_TRUE(Send({&c, 1}));
  EXPECT_EQ(listener_[0].body, "abc");
  EXPECT_TRUE(listener_[0].has_ended);
}

TEST_F(H2ServerSessionTest, TrailersComeWithTheEnd) {
  Send(HeadersFrame(1, RequestFields("POST", "/")) + DataFrame(1, "x") +
       HeadersFrame(1, {{"sum", "1"}}, kEndStream));
  EXPECT_TRUE(listener_[0].has_ended);
  ASSERT_EQ(listener_[0].trailers.size(), 1u);
  EXPECT_EQ(listener_[0].trailers[0].value, "1");
}

TEST_F(H2ServerSessionTest, AResponseGoesOutWithItsEnd) {
  Send(HeadersFrame(1, GetFields(), kEndStream));
  ResponseHead head;
  head.status = 200;
  head.framing = Framing::kLength;
  head.content_length = 2;
  head.headers.Add("Content-Length", "2");
  head.headers.Add("X-A", "b");
  session_->SendResponse(listener_[0].channel, head, /*ends=*/false);
  EXPECT_EQ(Write(listener_[0].channel, "ok", /*is_last=*/true), 2u);
  const std::vector<H2Frame> frames = ParseFrames(sent_);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, kHeaders);
  EXPECT_EQ(frames[1].payload, "ok");
  EXPECT_EQ(frames[1].flags, kEndStream);
  EXPECT_EQ(listener_[0].closed, H2Error::kNoError);
}

TEST_F(H2ServerSessionTest, AnAnsweredClientIsAskedToStopSending) {
  Send(HeadersFrame(1, RequestFields("POST", "/")));
  ResponseHead head;
  head.status = 413;
  head.framing = Framing::kLength;
  head.content_length = 1;
  session_->SendResponse(listener_[0].channel, head, /*ends=*/false);
  Write(listener_[0].channel, "x", /*is_last=*/true);
  session_->Detach(listener_[0].channel);
  const auto reset = Reply(kRstStream);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->error(), H2Error::kNoError);
}

TEST_F(H2ServerSessionTest, ADetachedUserStillHasItsEndWritten) {
  Send(HeadersFrame(1, RequestFields("POST", "/")));
  ResponseHead head;
  head.status = 200;
  head.framing = Framing::kChunked;
  H2Channel* channel = listener_[0].channel;
  session_->SendResponse(channel, head, /*ends=*/false);
  Write(channel, "x", /*is_last=*/false);
  session_->Finish(channel, HeaderList());
  session_->Detach(channel);
  const std::vector<H2Frame> frames = Replies();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, kData);
  EXPECT_EQ(frames[0].flags, kEndStream);
  EXPECT_EQ(frames[1].type, kRstStream);
}

TEST_F(H2ServerSessionTest, AUserThatGoesInTheMiddleResetsItsStream) {
  Send(HeadersFrame(1, GetFields(), kEndStream));
  session_->Detach(listener_[0].channel);
  const auto reset = Reply(kRstStream);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->error(), H2Error::kCancel);
}

TEST_F(H2ServerSessionTest, WindowsOfThePeerHoldDataBack) {
  Send(SettingsFrame({{4, 10}}) + HeadersFrame(1, GetFields(), kEndStream));
  ResponseHead head;
  head.status = 200;
  head.framing = Framing::kChunked;
  H2Channel* channel = listener_[0].channel;
  session_->SendResponse(channel, head, /*ends=*/false);
  EXPECT_EQ(Write(channel, std::string(25, 'x'), /*is_last=*/true), 10u);
  EXPECT_FALSE(session_->has_window(*channel));
  const int before = listener_[0].windows;
  Send(WindowFrame(1, 15));
  EXPECT_GT(listener_[0].windows, before);
  EXPECT_TRUE(session_->has_window(*channel));
  EXPECT_EQ(Write(channel, std::string(15, 'x'), /*is_last=*/true), 15u);
  EXPECT_EQ(listener_[0].closed, H2Error::kNoError);
}

TEST_F(H2ServerSessionTest, WindowsOpenOnlyAsBytesAreTaken) {
  Send(HeadersFrame(1, RequestFields("POST", "/")));
  const std::string piece(16000, 'x');
  for (int i = 0; i < 4; ++i) Send(DataFrame(1, piece));
  EXPECT_FALSE(Reply(kWindowUpdate).has_value());
  session_->Consume(listener_[0].channel, 48000);
  const auto update = Reply(kWindowUpdate);
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->stream, 1);
  // Without more being taken, what goes beyond the window is the peer's fault.
  Send(DataFrame(1, piece) + DataFrame(1, piece) + DataFrame(1, piece) + DataFrame(1, piece));
  const auto reset = Reply(kRstStream);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->error(), H2Error::kFlowControlError);
}

TEST_F(H2ServerSessionTest, TrailersGoOutBehindTheBody) {
  Send(HeadersFrame(1, GetFields(), kEndStream));
  ResponseHead head;
  head.status = 200;
  head.framing = Framing::kChunked;
  HeaderList trailers;
  trailers.Add("Grpc-Status", "0");
  trailers.Add("Content-Length", "7");
  H2Channel* channel = listener_[0].channel;
  session_->SendResponse(channel, head, /*ends=*/false);
  Write(channel, "x", /*is_last=*/false);
  session_->Finish(channel, trailers);
  const std::vector<H2Frame> frames = Replies();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, kHeaders);
  EXPECT_EQ(frames[0].flags, kEndHeaders | kEndStream);
  EXPECT_EQ(listener_[0].closed, H2Error::kNoError);
}

TEST_F(H2ServerSessionTest, AHeadOverTheLimitsCanBeAnswered) {
  for (const H2Fields& more :
       {H2Fields{{"big", std::string(20000, 'x')}}, H2Fields(120, {"a", "b"})}) {
    Restart(H2Settings());
    const std::string block = Block(GetFields(more));
    std::string bytes;
    for (size_t at = 0; at < block.size(); at += 16000) {
      const bool is_last = at + 16000 >= block.size();
      const uint8_t flags =
          static_cast<uint8_t>((is_last ? kEndHeaders : 0) | (at == 0 ? kEndStream : 0));
      bytes += Frame(at == 0 ? kHeaders : kContinuation,
                     at == 0 ? flags : static_cast<uint8_t>(flags & kEndHeaders), 1,
                     std::string_view(block).substr(at, 16000));
    }
    ASSERT_TRUE(Send(bytes));
    ASSERT_EQ(listener_.users.size(), 1u);
    EXPECT_EQ(StatusOf(listener_[0].head_error.value()), 431);
    EXPECT_FALSE(listener_[0].closed.has_value());
  }
}

TEST_F(H2ServerSessionTest, TooManyStreamsAreRefused) {
  listener_.refuses = true;
  Send(HeadersFrame(1, GetFields(), kEndStream));
  const auto reset = Reply(kRstStream);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->error(), H2Error::kRefusedStream);
}

TEST_F(H2ServerSessionTest, GoesAwayInTwoSteps) {
  session_->NoticeShutdown();
  session_->SendPing();
  std::vector<H2Frame> frames = Replies();
  ASSERT_EQ(frames.size(), 2u);
  const H2Frame& ping = frames[0].type == kPing ? frames[0] : frames[1];
  const H2Frame& notice = frames[0].type == kPing ? frames[1] : frames[0];
  EXPECT_EQ(notice.payload.substr(0, 4), Number(0x7fffffff));
  Send(HeadersFrame(1, GetFields(), kEndStream) + Frame(kPing, kAck, 0, ping.payload));
  EXPECT_EQ(listener_.pings, 1);
  EXPECT_EQ(listener_.users.size(), 1u);
  session_->Shutdown();
  EXPECT_EQ(Reply(kGoaway)->payload.substr(0, 4), Number(1));
  Send(HeadersFrame(3, GetFields(), kEndStream));
  EXPECT_EQ(listener_.users.size(), 1u);
  EXPECT_FALSE(session_->is_over());
  session_->Reset(listener_[0].channel, H2Error::kCancel);
  Replies();
  EXPECT_TRUE(session_->is_over());
}

// The two roles against each other.
class H2SessionPairTest : public ::testing::Test {
 protected:
  void Exchange() {
    for (int i = 0; i < 10; ++i) {
      server_.Receive(ProduceAll(&client_), now_);
      client_.Receive(ProduceAll(&server_), now_);
    }
  }
  RecordingUser& served() { return listener_[listener_.users.size() - 1]; }
  H2Channel* Ask(const RequestHead& head, bool ends = true) {
    H2Channel* channel = client_.SendRequest(head, "http", ends, &answer_);
    Exchange();
    return channel;
  }
  void Respond(const ResponseHead& head, bool ends = true) {
    server_.SendResponse(served().channel, head, ends);
    Exchange();
  }
  static RequestHead Head(std::string_view method, std::string_view target) {
    RequestHead head;
    head.method = method;
    head.target = target;
    head.headers.Add("Host", "example.org:8080");
    return head;
  }

  SteadyTime now_{};
  RecordingListener listener_;
  RecordingListener unused_;
  RecordingUser answer_;
  H2Session server_{H2Session::Role::kServer, H2Settings(), Limits(), 1, &listener_};
  H2Session client_{H2Session::Role::kClient, H2Settings(), Limits(), 2, &unused_};
};

TEST_F(H2SessionPairTest, ARequestKeepsItsMeaning) {
  RequestHead head = Head("GET", "/a?b=c");
  head.headers.Add("Accept", "*/*");
  head.headers.Add("Cookie", "a=b; c=d");
  head.headers.Add("TE", "trailers");
  Ask(head);
  EXPECT_EQ(served().request.method, "GET");
  EXPECT_EQ(served().request.target, "/a?b=c");
  EXPECT_EQ(served().Field("host"), "example.org:8080");
  EXPECT_EQ(served().Field("cookie"), "a=b; c=d");
  EXPECT_EQ(served().Field("te"), "trailers");
  EXPECT_EQ(served().request.headers.Find("accept")->name, "accept");
  EXPECT_EQ(served().request.framing, Framing::kNone);
  EXPECT_TRUE(served().has_ended);
}

TEST_F(H2SessionPairTest, AResponseKeepsItsMeaning) {
  Ask(Head("GET", "/"));
  ResponseHead early;
  early.status = 103;
  early.headers.Add("Link", "</a>");
  server_.SendInformational(served().channel, early);
  Exchange();
  EXPECT_EQ(answer_.response.status, 103);
  ResponseHead head;
  head.status = 204;
  head.headers.Add("X", "y");
  Respond(head);
  EXPECT_EQ(answer_.heads, 2);
  EXPECT_EQ(answer_.response.status, 204);
  EXPECT_EQ(answer_.response.reason, "No Content");
  EXPECT_EQ(answer_.response.framing, Framing::kNone);
  EXPECT_TRUE(answer_.has_ended);
  EXPECT_EQ(answer_.closed, H2Error::kNoError);
}

TEST_F(H2SessionPairTest, AResponseWithoutBodyHasALengthOfNone) {
  Ask(Head("GET", "/"));
  ResponseHead head;
  head.status = 200;
  head.framing = Framing::kLength;
  Respond(head);
  EXPECT_EQ(answer_.response.framing, Framing::kLength);
  EXPECT_EQ(answer_.response.content_length, 0u);
}

TEST_F(H2SessionPairTest, HeadKeepsTheLengthThatAGetWouldHave) {
  Ask(Head("HEAD", "/"));
  ResponseHead head;
  head.status = 200;
  head.headers.Add("content-length", "77");
  Respond(head);
  EXPECT_EQ(answer_.response.framing, Framing::kNone);
  EXPECT_EQ(answer_.response.headers.Find("content-length")->value, "77");
  EXPECT_EQ(answer_.closed, H2Error::kNoError);
}

TEST_F(H2SessionPairTest, InformationalHeadsAreFewOrSmall) {
  H2Channel* channel = Ask(Head("GET", "/"));
  ResponseHead hints;
  hints.status = 103;
  const std::string large(10000, 'x');
  for (int i = 0; i < 200; ++i) {
    if (i == 100) hints.headers.Add("link", large);
    server_.SendInformational(served().channel, hints);
    Exchange();
    if (answer_.closed.has_value()) break;
  }
  EXPECT_EQ(answer_.closed, H2Error::kProtocolError);
  EXPECT_LT(channel->informational_bytes, 256 * 1024 + large.size() + 100);
  EXPECT_GT(answer_.heads, 100);
}

TEST_F(H2SessionPairTest, AWebSocketHandshakeCrossesAsExtendedConnect) {
  Exchange();  // the server's SETTINGS
  EXPECT_TRUE(client_.allows_extended_connect());
  RequestHead head = Head("GET", "/chat");
  head.headers.Add("Upgrade", "websocket");
  head.headers.Add("Sec-WebSocket-Key", "mine");
  head.headers.Add("Sec-WebSocket-Version", "13");
  head.wants_upgrade = true;
  Ask(head, /*ends=*/false);
  EXPECT_EQ(served().request.method, "GET");
  EXPECT_TRUE(served().request.wants_upgrade);
  EXPECT_EQ(served().Field("upgrade"), "websocket");
  EXPECT_EQ(served().Field("sec-websocket-version"), "13");
  EXPECT_EQ(served().Field("sec-websocket-key").size(), 24u);
  ResponseHead accepted;
  accepted.status = 101;
  accepted.framing = Framing::kTunnel;
  accepted.headers.Add("Sec-WebSocket-Accept", "x");
  accepted.headers.Add("Upgrade", "websocket");
  Respond(accepted, /*ends=*/false);
  EXPECT_EQ(answer_.response.status, 101);
  EXPECT_EQ(answer_.response.framing, Framing::kTunnel);
  EXPECT_EQ(answer_.response.headers.Find("sec-websocket-accept"), nullptr);
}

TEST_F(H2SessionPairTest, ConnectCarriesItsAuthority) {
  RequestHead head = Head("CONNECT", "example.org:443");
  Ask(head, /*ends=*/false);
  EXPECT_EQ(served().request.method, "CONNECT");
  EXPECT_EQ(served().request.target, "example.org:443");
  ResponseHead ok;
  ok.status = 200;
  ok.framing = Framing::kTunnel;
  Respond(ok, /*ends=*/false);
  EXPECT_EQ(answer_.response.framing, Framing::kTunnel);
}

TEST_F(H2SessionPairTest, ARefusedRequestIsKnownToBeUnprocessed) {
  listener_.refuses = true;
  Ask(Head("POST", "/"));
  EXPECT_EQ(answer_.closed, H2Error::kRefusedStream);
  EXPECT_TRUE(answer_.is_unprocessed);
}

TEST_F(H2SessionPairTest, AStreamBeyondTheServersGoawayIsUnprocessed) {
  Ask(Head("GET", "/"));
  RecordingUser second;
  ASSERT_NE(client_.SendRequest(Head("GET", "/"), "http", /*ends=*/true, &second), nullptr);
  const std::string request = ProduceAll(&client_);
  server_.Shutdown();
  client_.Receive(ProduceAll(&server_), now_);
  EXPECT_TRUE(second.is_unprocessed);
  EXPECT_FALSE(answer_.closed.has_value());
  EXPECT_FALSE(client_.takes_streams());
  EXPECT_EQ(client_.SendRequest(Head("GET", "/"), "http", /*ends=*/true, &second), nullptr);
}

TEST_F(H2SessionPairTest, ThePeersStreamLimitIsKnown) {
  H2Settings few;
  few.max_concurrent_streams = 2;
  H2Session server(H2Session::Role::kServer, few, Limits(), 1, &listener_);
  client_.Receive(ProduceAll(&server), now_);
  EXPECT_EQ(client_.free_streams(), 2u);
  client_.SendRequest(Head("GET", "/"), "http", /*ends=*/true, &answer_);
  EXPECT_EQ(client_.free_streams(), 1u);
}

TEST_F(H2SessionPairTest, AnEndedConnectionClosesItsStreams) {
  Ask(Head("GET", "/"));
  client_.AbandonAll();
  EXPECT_EQ(answer_.closed, H2Error::kCancel);
  EXPECT_FALSE(answer_.is_unprocessed);
}

}  // namespace
}  // namespace lb::http
