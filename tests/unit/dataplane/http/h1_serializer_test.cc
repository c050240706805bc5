#include "dataplane/http/h1_serializer.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

// Holds the text that its head points into.
struct Request {
  explicit Request(std::string text) : bytes(std::move(text)) {
    EXPECT_EQ(HeadParser().ParseRequest(bytes, {}, &head).outcome, ParseResult::kDone) << bytes;
  }
  std::string bytes;
  RequestHead head;
};

struct Response {
  explicit Response(std::string text, RequestContext request = {})
      : bytes(std::move(text)), context(request) {
    EXPECT_EQ(HeadParser().ParseResponse(bytes, {}, context, &head).outcome, ParseResult::kDone)
        << bytes;
  }
  std::string bytes;
  RequestContext context;
  ResponseHead head;
};

std::string Written(const RequestHead& head, const FramingPlan& plan) {
  std::string out = "before";
  AppendRequestHead(head, plan, &out);
  EXPECT_LE(out.size() - 6, RequestHeadBytes(head));
  return out.substr(6);
}

std::string Written(const ResponseHead& head, const FramingPlan& plan) {
  std::string out;
  AppendResponseHead(head, plan, &out);
  EXPECT_LE(out.size(), ResponseHeadBytes(head));
  return out;
}

// The request as a server receives it.
std::string Forwarded(const std::string& fields, std::string_view version = "1.1") {
  Request request("POST /x HTTP/" + std::string(version) + "\r\nHost: a\r\n" + fields + "\r\n");
  bool upgrade = request.head.wants_upgrade;
  RemoveHopByHop(&request.head.headers, upgrade ? UpgradeField::kKeep : UpgradeField::kRemove);
  std::string out = Written(
      request.head,
      PlanRequest(request.head, upgrade ? ConnectionField::kUpgrade : ConnectionField::kAbsent));
  std::string start = "POST /x HTTP/" + std::string(version) + "\r\nHost: a\r\n";
  EXPECT_EQ(out.substr(0, start.size()), start);
  return out.substr(start.size());
}

TEST(RequestSerializer, ForwardsEndToEndFieldsOnly) {
  struct Case {
    std::string received, forwarded;
  };
  const Case cases[] = {
      {"", ""},
      {"X-A: 1\r\nx-b:2\r\n", "X-A: 1\r\nx-b: 2\r\n"},
      {"Connection: close\r\n", ""},
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n", ""},
      {"X-A: 1\r\nConnection: x-a\r\nX-B: 2\r\nX-A: 3\r\n", "X-B: 2\r\n"},
      {"Connection: a, b\r\nA: 1\r\nConnection: c\r\nC: 3\r\nB: 2\r\nD: 4\r\n", "D: 4\r\n"},
      {"Connection: host, cookie, authorization, x-forwarded-for, content-length\r\n"
       "Cookie: c\r\nAuthorization: d\r\nX-Forwarded-For: e\r\nContent-Length: 3\r\n",
       "Cookie: c\r\nAuthorization: d\r\nX-Forwarded-For: e\r\nContent-Length: 3\r\n"},
      {"TE: gzip\r\n", ""},
      {"TE: gzip, trailers\r\nConnection: TE\r\n", "TE: trailers\r\nconnection: TE\r\n"},
      {"TE: trailers\r\nTE: trailers\r\n", "TE: trailers\r\nconnection: TE\r\n"},
      {"Upgrade: websocket\r\n", ""},
      {"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
       "Upgrade: websocket\r\nconnection: upgrade\r\n"},
      {"Content-Length: 5\r\nA: b\r\n", "Content-Length: 5\r\nA: b\r\n"},
      {"Transfer-Encoding: Chunked\r\nTrailer: X\r\n",
       "Transfer-Encoding: chunked\r\nTrailer: X\r\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(Forwarded(c.received), c.forwarded + "\r\n") << c.received;
}

TEST(RequestSerializer, Http10StaysHttp10AndAsksToPersist) {
  EXPECT_EQ(Forwarded("A: b\r\n", "1.0"), "A: b\r\nconnection: keep-alive\r\n\r\n");
}

TEST(RequestSerializer, ThePlanOverrulesTheFields) {
  Request request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  FramingPlan plan = PlanRequest(request.head, ConnectionField::kClose);
  plan.framing = Framing::kChunked;
  EXPECT_EQ(
      Written(request.head, plan),
      "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
  plan.framing = Framing::kLength;
  plan.content_length = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(Written(request.head, plan),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n"
            "connection: close\r\n\r\n");
  request.head.headers.Add("content-length", "7");
  EXPECT_EQ(Written(request.head, plan),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n"
            "connection: close\r\n\r\n");
  plan.framing = Framing::kNone;
  EXPECT_EQ(Written(request.head, plan), "POST / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n");
}

// Texts that lie in memory nearly as they do in a message must not be copied as if they did.
TEST(RequestSerializer, CopiesTheTextsOnlyWhateverLiesBetweenThem) {
  // Names at 0 and 6, values at 3 and 9.
  for (const char* memory : {"A: b\r\nC: d", "A\r\nb\r\nC: d", "A: b: C: d", "A: b\r\nCxxd",
                             "Axxb\r\nC: d", "A:\tb\r\nC: d", "A: b\n\nC: d"}) {
    const std::string_view text = memory;
    RequestHead head;
    head.method = "GET";
    head.target = "/";
    head.headers.Add(text.substr(0, 1), text.substr(3, 1));
    head.headers.Add(text.substr(6, 1), text.substr(9, 1));
    EXPECT_EQ(Written(head, {}), "GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n") << memory;
    head.headers.Remove("A");
    EXPECT_EQ(Written(head, {}), "GET / HTTP/1.1\r\nC: d\r\n\r\n") << memory;
  }
}

TEST(ResponseSerializer, FitsTheClientsConnection) {
  const ClientSide http11;
  const ClientSide http11_close{.keep_alive = false};
  const ClientSide draining{.may_stay_open = false};
  const ClientSide http10{.version_minor = 0, .keep_alive = false};
  const ClientSide http10_keep{.version_minor = 0, .keep_alive = true};
  const RequestContext get;
  const RequestContext head{.is_head = true};
  struct Case {
    std::string received;
    RequestContext context;
    ClientSide client;
    std::string written;
    bool stays_open;
  };
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
  const Case cases[] = {
      {length, get, http11, length, true},
      {length + "Connection: close\r\n", get, http11, length, true},
      {length, get, http11_close, length + "connection: close\r\n", false},
      {length, get, draining, length + "connection: close\r\n", false},
      {length, get, http10, length + "connection: close\r\n", false},
      {length, get, http10_keep, length + "connection: keep-alive\r\n", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n", get, http11, length, true},
      {chunked, get, http11, chunked, true},
      {chunked, get, http10_keep, "HTTP/1.1 200 OK\r\nconnection: close\r\n", false},
      {"HTTP/1.1 200 OK\r\n", get, http11, "HTTP/1.1 200 OK\r\nconnection: close\r\n", false},
      {length, head, http11, length, true},
      {chunked, head, http11, chunked, true},
      {"HTTP/1.1 200 OK\r\n", head, http11, "HTTP/1.1 200 OK\r\n", true},
      {"HTTP/1.1 304 N\r\nContent-Length: 9\r\n", get, http11,
       "HTTP/1.1 304 N\r\nContent-Length: 9\r\n", true},
      {"HTTP/1.1 204 N\r\nContent-Length: 9\r\n", get, http11, "HTTP/1.1 204 N\r\n", true},
      {"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n", get, http11, "HTTP/1.1 204 N\r\n", true},
      {"HTTP/1.1 103 H\r\nLink: x\r\n", get, http11_close, "HTTP/1.1 103 H\r\nLink: x\r\n", true},
      {"HTTP/1.1 200\r\n", head, http11, "HTTP/1.1 200 \r\n", true},
      {"HTTP/1.1 200 OK\r\nTE: trailers\r\nContent-Length: 2\r\n", get, http11, length, true},
  };
  for (const Case& c : cases) {
    Response response(c.received + "\r\n", c.context);
    RemoveHopByHop(&response.head.headers, UpgradeField::kRemove);
    FramingPlan plan = PlanResponse(response.head, c.context, c.client);
    EXPECT_EQ(Written(response.head, plan), c.written + "\r\n") << c.received;
    EXPECT_EQ(StaysOpen(plan), c.stays_open) << c.received;
  }
}

TEST(ResponseSerializer, TunnelsCarryNoLength) {
  Response upgrade("HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                   {.wants_upgrade = true});
  RemoveHopByHop(&upgrade.head.headers, UpgradeField::kKeep);
  FramingPlan plan = PlanResponse(upgrade.head, upgrade.context, {});
  EXPECT_EQ(Written(upgrade.head, plan),
            "HTTP/1.1 101 S\r\nUpgrade: x\r\nconnection: upgrade\r\n\r\n");
  EXPECT_FALSE(StaysOpen(plan));

  Response connect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", {.is_connect = true});
  plan = PlanResponse(connect.head, connect.context, {});
  EXPECT_EQ(Written(connect.head, plan), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_FALSE(StaysOpen(plan));
}

TEST(Bounds, HoldForTheLongestFixedParts) {
  RequestHead request;
  request.method = "M";
  request.target = "/";
  request.headers.Add("TE", "trailers");
  FramingPlan plan{.framing = Framing::kLength,
                   .content_length = std::numeric_limits<uint64_t>::max(),
                   .connection = ConnectionField::kKeepAlive};
  EXPECT_LE(Written(request, plan).size(), RequestHeadBytes(request));
  ResponseHead response;
  response.status = 65535;
  EXPECT_LE(Written(response, plan).size(), ResponseHeadBytes(response));
}

TEST(ChunkFraming, WritesHexSizes) {
  struct Case {
    uint64_t size;
    std::string_view text;
  };
  for (const Case& c : {Case{1, "1\r\n"}, Case{255, "ff\r\n"}, Case{16384, "4000\r\n"},
                        Case{std::numeric_limits<uint64_t>::max(), "ffffffffffffffff\r\n"}}) {
    char out[kMaxChunkHeaderBytes];
    EXPECT_EQ(std::string_view(out, WriteChunkHeader(out, c.size)), c.text);
  }
}

TEST(ChunkFraming, WritesTheLastChunkWithTrailers) {
  HeaderList trailers;
  std::string out;
  AppendLastChunk(trailers, &out);
  EXPECT_EQ(out, kLastChunk);
  trailers.Add("A", "b");
  out.clear();
  AppendLastChunk(trailers, &out);
  EXPECT_EQ(out, "0\r\nA: b\r\n\r\n");
}

TEST(ReasonPhrase, KnowsRegisteredStatusesAndTheClassOfOthers) {
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(ReasonPhrase(299), "Success");
  EXPECT_EQ(ReasonPhrase(599), "Server Error");
  EXPECT_EQ(ReasonPhrase(999), "Other");
}

}  // namespace
}  // namespace lb::http
