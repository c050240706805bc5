#include "dataplane/proxy/http_sides.h"

#include <sys/socket.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "tests/testing/test_peer.h"

namespace lb::proxy {
namespace {

using testing::TestPeer;
using HeadStatus = ServerSide::HeadStatus;

class HttpSidesTest : public ::testing::Test {
 protected:
  HttpSidesTest() : pool_(4096) {
    int ends[2];
    LB_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    ours_ = UniqueFd(ends[0]);
    peer_ = std::make_unique<TestPeer>(UniqueFd(ends[1]));
    limits_.max_head_bytes = 3072;
  }
  void Turn() { loop_.RunOnce(Millis(0)); }

  event::EventLoop loop_;
  net::BufferPool pool_;
  http::Limits limits_;
  UniqueFd ours_;
  std::unique_ptr<TestPeer> peer_;
};

class H1ServerTest : public HttpSidesTest {
 protected:
  H1ServerTest()
      : server_(std::make_unique<upstream::UpstreamConnection>(&loop_, std::move(ours_), &pool_),
                &pool_) {}
  // Receives the head of `response` and drops its body; whether the connection may be used again.
  bool IsReusableAfter(const std::string& response) {
    peer_->Send(response);
    Turn();
    if (server_.ReceiveHead(limits_, {}, &head_) != HeadStatus::kDone) return false;
    for (;;) {
      const BodyPiece piece = server_.response_body()->Next();
      if (piece.status != BodyPiece::kData) break;
      server_.response_body()->Consume(piece.data.size());
    }
    return server_.IsReusable();
  }

  http::ResponseHead head_;
  H1Server server_;
};

TEST_F(H1ServerTest, AWholeResponseLeavesAReusableConnection) {
  EXPECT_TRUE(IsReusableAfter("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
}

TEST_F(H1ServerTest, ABodyThatFillsTheBufferDoesToo) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n";
  EXPECT_TRUE(IsReusableAfter(head + std::string(4055, 'x')));
}

TEST_F(H1ServerTest, NothingElseDoes) {
  struct Case {
    const char* name;
    std::string response;
  };
  for (const Case& c : {Case{"close",
                             "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                             "Content-Length: 2\r\n\r\nok"},
                        Case{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"},
                        Case{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"},
                        Case{"behind", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX"},
                        Case{"until close", "HTTP/1.1 200 OK\r\n\r\nok"}}) {
    int ends[2];
    LB_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    TestPeer peer{UniqueFd(ends[1])};
    H1Server server(
        std::make_unique<upstream::UpstreamConnection>(&loop_, UniqueFd(ends[0]), &pool_), &pool_);
    peer.Send(c.response);
    Turn();
    ASSERT_EQ(server.ReceiveHead(limits_, {}, &head_), HeadStatus::kDone) << c.name;
    while (server.response_body()->Next().status == BodyPiece::kData) {
      server.response_body()->Consume(server.response_body()->Next().data.size());
    }
    EXPECT_FALSE(server.IsReusable()) << c.name;
  }
}

TEST_F(H1ServerTest, ReceivesAHeadInParts) {
  peer_->Send("HTTP/1.1 200 ");
  Turn();
  EXPECT_EQ(server_.ReceiveHead(limits_, {}, &head_), HeadStatus::kAgain);
  EXPECT_TRUE(server_.has_received());
  peer_->Send("OK\r\nContent-Length: 0\r\n\r\n");
  Turn();
  EXPECT_EQ(server_.ReceiveHead(limits_, {}, &head_), HeadStatus::kDone);
  EXPECT_EQ(head_.reason, "OK");
}

TEST_F(H1ServerTest, TellsWhyThereIsNoHead) {
  EXPECT_EQ(server_.ReceiveHead(limits_, {}, &head_), HeadStatus::kAgain);
  EXPECT_FALSE(server_.has_received());
  server_.connection().stream.Abort();
  EXPECT_EQ(server_.ReceiveHead(limits_, {}, &head_), HeadStatus::kAborted);
}

TEST_F(H1ServerTest, AnEndlessHeadIsInvalid) {
  peer_->Send("HTTP/1.1 200 OK\r\nX: " + std::string(8000, 'x'));
  Turn();
  EXPECT_EQ(server_.ReceiveHead(limits_, {}, &head_), HeadStatus::kInvalid);
}

TEST_F(HttpSidesTest, AClientDropsTheBufferedBodyAndKnowsWhetherThatWasAll) {
  net::Stream stream(&loop_, std::move(ours_), /*is_connected=*/true);
  net::Buffer in(&pool_);
  H1Client client(&stream, &in, &pool_);
  http::RequestHead head;
  head.framing = http::Framing::kLength;
  head.content_length = 5;
  in.Reserve();
  in.Append("abc");
  client.Start(head, limits_);
  EXPECT_FALSE(client.DropBufferedBody());
  EXPECT_FALSE(client.is_request_done());
  in.Reserve();
  in.Append("deGET");
  EXPECT_TRUE(client.DropBufferedBody());
  EXPECT_TRUE(client.is_request_done());
  EXPECT_EQ(in.readable(), "GET");
  EXPECT_EQ(client.received_body_bytes(), 5u);
}

TEST_F(HttpSidesTest, AClientStaysOpenWhenBothSidesWishIt) {
  net::Stream stream(&loop_, std::move(ours_), /*is_connected=*/true);
  net::Buffer in(&pool_);
  H1Client client(&stream, &in, &pool_);
  http::ResponseHead response;
  response.status = 200;
  response.framing = http::Framing::kLength;
  struct Case {
    uint8_t version_minor;
    bool keep_alive;
    bool may_stay_open;
    bool stays_open;
  };
  for (const Case& c :
       {Case{1, true, true, true}, Case{1, true, false, false}, Case{1, false, true, false},
        Case{0, true, true, true}, Case{0, false, true, false}}) {
    http::RequestHead request;
    request.version_minor = c.version_minor;
    request.keep_alive = c.keep_alive;
    client.Start(request, limits_);
    ASSERT_TRUE(client.SendHead(response, {}, c.may_stay_open));
    EXPECT_EQ(client.stays_open(), c.stays_open);
    EXPECT_EQ(client.takes_informational(), c.version_minor == 1);
    client.response_sink()->Flush();
  }
}

}  // namespace
}  // namespace lb::proxy
