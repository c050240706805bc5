#include "dataplane/http/h1_framing.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

RequestHead ParsedRequest(std::string_view bytes) {
  HeadParser parser;
  RequestHead head;
  EXPECT_EQ(parser.ParseRequest(bytes, {}, &head).outcome, ParseResult::kDone) << bytes;
  return head;
}

ResponseHead ParsedResponse(std::string_view bytes, const RequestContext& context) {
  HeadParser parser;
  ResponseHead head;
  EXPECT_EQ(parser.ParseResponse(bytes, {}, context, &head).outcome, ParseResult::kDone) << bytes;
  return head;
}

TEST(RequestFraming, FollowsTheLengthFields) {
  const std::string host = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(ParsedRequest(host + "\r\n").framing, Framing::kNone);
  RequestHead zero = ParsedRequest(host + "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(zero.framing, Framing::kLength);
  EXPECT_EQ(zero.content_length, 0u);
  EXPECT_EQ(ParsedRequest(host + "Content-Length: 12\r\n\r\n").content_length, 12u);
  EXPECT_EQ(ParsedRequest(host + "Transfer-Encoding: chunked\r\n\r\n").framing, Framing::kChunked);
}

TEST(RequestPersistence, FollowsVersionAndConnection) {
  struct Case {
    std::string_view bytes;
    bool keep_alive;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
  };
  for (const Case& c : cases) EXPECT_EQ(ParsedRequest(c.bytes).keep_alive, c.keep_alive) << c.bytes;
}

TEST(RequestWishes, AnUpgradeToHttp2IsNotWanted) {
  for (const char* offer : {"h2c", "H2C", "websocket, h2c", "websocket\r\nUpgrade: h2c"}) {
    SCOPED_TRACE(offer);
    EXPECT_FALSE(ParsedRequest(std::string("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, "
                                           "HTTP2-Settings\r\nHTTP2-Settings: AA\r\nUpgrade: ") +
                               offer + "\r\n\r\n")
                     .wants_upgrade);
  }
}

TEST(RequestWishes, UpgradeNeedsBothFieldsAndHttp11) {
  const std::string up = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
  EXPECT_TRUE(ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\n" + up).wants_upgrade);
  EXPECT_FALSE(ParsedRequest("GET / HTTP/1.0\r\nHost: a\r\n" + up).wants_upgrade);
  EXPECT_FALSE(ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n").wants_upgrade);
  EXPECT_FALSE(
      ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n").wants_upgrade);
}

TEST(RequestWishes, ContinueNeedsHttp11) {
  EXPECT_TRUE(
      ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").expects_continue);
  EXPECT_FALSE(ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\n\r\n").expects_continue);
  EXPECT_FALSE(ParsedRequest("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

TEST(RequestFraming, ConnectHasNoContent) {
  struct Case {
    std::string_view field;
    ParseError error;
  };
  const Case cases[] = {
      {"", ParseError::kNone},
      {"Content-Length: 0\r\n", ParseError::kNone},
      {"Content-Length: 1\r\n", ParseError::kBadContentLength},
      {"Transfer-Encoding: chunked\r\n", ParseError::kBadTransferEncoding},
  };
  for (const Case& c : cases) {
    HeadParser parser;
    RequestHead head;
    const std::string bytes =
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n" + std::string(c.field) + "\r\n";
    EXPECT_EQ(parser.ParseRequest(bytes, {}, &head).error, c.error) << c.field;
    if (c.error == ParseError::kNone) {
      EXPECT_EQ(head.framing, Framing::kNone) << c.field;
    }
  }
}

TEST(ResponseFraming, OnlyAWebSocketAnswersOneAskedFor) {
  RequestContext context{.wants_upgrade = true, .wants_websocket = true};
  struct Case {
    std::string_view upgrade;
    ParseError error;
  };
  const Case cases[] = {
      {"websocket", ParseError::kNone},        {"WebSocket", ParseError::kNone},
      {"h2c", ParseError::kUnexpectedUpgrade}, {"h2c, websocket", ParseError::kUnexpectedUpgrade},
      {"", ParseError::kUnexpectedUpgrade},
  };
  for (const Case& c : cases) {
    HeadParser parser;
    ResponseHead head;
    const std::string bytes =
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: " + std::string(c.upgrade) + "\r\n\r\n";
    EXPECT_EQ(parser.ParseResponse(bytes, {}, context, &head).error, c.error) << c.upgrade;
  }
}

TEST(ResponseFraming, FollowsStatusMethodAndFields) {
  const RequestContext get;
  const RequestContext head{.is_head = true};
  const RequestContext connect{.is_connect = true};
  const RequestContext upgrade{.wants_upgrade = true};
  struct Case {
    std::string_view bytes;
    RequestContext context;
    Framing framing;
    bool keep_alive;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", get, Framing::kLength, true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", get, Framing::kLength, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", get,
       Framing::kLength, true},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", get, Framing::kLength,
       false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", get, Framing::kChunked, true},
      {"HTTP/1.1 200 OK\r\n\r\n", get, Framing::kUntilClose, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", head, Framing::kNone, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head, Framing::kNone, true},
      {"HTTP/1.1 200 OK\r\n\r\n", head, Framing::kNone, true},
      {"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n", get, Framing::kNone, true},
      {"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", get, Framing::kNone, true},
      {"HTTP/1.1 103 Hint\r\n\r\n", get, Framing::kNone, true},
      {"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", upgrade, Framing::kTunnel,
       false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", connect, Framing::kTunnel, false},
      {"HTTP/1.1 407 Auth\r\nContent-Length: 9\r\n\r\n", connect, Framing::kLength, true},
  };
  for (const Case& c : cases) {
    ResponseHead response = ParsedResponse(c.bytes, c.context);
    EXPECT_EQ(response.framing, c.framing) << c.bytes;
    EXPECT_EQ(response.keep_alive, c.keep_alive) << c.bytes;
  }
}

TEST(RequestContext, IsTakenFromTheRequestSent) {
  EXPECT_TRUE(RequestContext::Of(ParsedRequest("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).is_head);
  EXPECT_FALSE(RequestContext::Of(ParsedRequest("head / HTTP/1.1\r\nHost: a\r\n\r\n")).is_head);
  EXPECT_TRUE(
      RequestContext::Of(ParsedRequest("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")).is_connect);
  EXPECT_TRUE(
      RequestContext::Of(ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
                                       "Upgrade: x\r\n\r\n"))
          .wants_upgrade);
  const std::string offer =
      " / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_TRUE(RequestContext::Of(ParsedRequest("GET" + offer + "\r\n")).wants_websocket);
  EXPECT_FALSE(RequestContext::Of(ParsedRequest("POST" + offer + "\r\n")).wants_websocket);
  EXPECT_FALSE(RequestContext::Of(ParsedRequest("GET" + offer + "Content-Length: 1\r\n\r\n"))
                   .wants_websocket);
}

}  // namespace
}  // namespace lb::http
