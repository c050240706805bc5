#include "dataplane/http/h2_head.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

std::string TextOf(const H2FieldList& list) {
  std::string text;
  for (const H2Field& field : list.fields) {
    text.append(field.name).append("=").append(field.value).append("|");
  }
  return text;
}

// What goes to an HTTP/2 server of a request that has come over HTTP/1.
std::string RequestFieldsOf(std::string_view bytes) {
  HeadParser parser;
  RequestHead head;
  EXPECT_EQ(parser.ParseRequest(bytes, {}, &head).outcome, ParseResult::kDone) << bytes;
  H2FieldList list;
  WriteH2Request(head, "http", &list);
  return TextOf(list);
}

TEST(WriteH2Request, MakesPseudoFieldsOfEveryFormOfTarget) {
  struct Case {
    std::string line;
    std::string fields;
  };
  const std::string get = ":method=GET|:scheme=http|:authority=a|:path=";
  const Case cases[] = {
      {"GET /x?y HTTP/1.1\r\nHost: a\r\n", get + "/x?y|"},
      {"GET http://a/x HTTP/1.1\r\nHost: a\r\n", get + "/x|"},
      {"GET http://a HTTP/1.1\r\nHost: a\r\n", get + "/|"},
      {"GET http://a?x=/ HTTP/1.1\r\nHost: a\r\n", get + "/?x=/|"},
      {"GET http://a/x HTTP/1.0\r\n", get + "/x|"},
      {"GET http://u:p@a?x HTTP/1.0\r\n", get + "/?x|"},
      {"GET /http://a/ HTTP/1.0\r\n", ":method=GET|:scheme=http|:path=/http://a/|"},
      {"GET / HTTP/1.1\r\nHost:\r\n", ":method=GET|:scheme=http|:path=/|"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n", ":method=OPTIONS|:scheme=http|:authority=a|:path=*|"},
      {"OPTIONS http://a HTTP/1.1\r\nHost: a\r\n",
       ":method=OPTIONS|:scheme=http|:authority=a|:path=*|"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
       ":method=CONNECT|:authority=a:80|"},
  };
  for (const Case& c : cases) EXPECT_EQ(RequestFieldsOf(c.line + "\r\n"), c.fields) << c.line;
}

TEST(WriteH2Request, OnlyAGetWithoutABodyBecomesAnExtendedConnect) {
  const std::string offer =
      " / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_EQ(RequestFieldsOf("GET" + offer + "\r\n"),
            ":method=CONNECT|:protocol=websocket|:scheme=http|:authority=a|:path=/|");
  EXPECT_EQ(RequestFieldsOf("POST" + offer + "Content-Length: 4\r\n\r\n"),
            ":method=POST|:scheme=http|:authority=a|:path=/|content-length=4|");
  EXPECT_EQ(RequestFieldsOf("GET" + offer + "Content-Length: 4\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=a|:path=/|content-length=4|");
}

TEST(WriteH2Response, LeavesOutWhatHttp2Forbids) {
  struct Case {
    std::string_view bytes;
    RequestContext context;
    std::string_view fields;
  };
  const RequestContext get;
  const RequestContext head{.is_head = true};
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nTE: trailers\r\nX: y\r\nContent-Length: 2\r\n\r\n", get,
       ":status=200|X=y|content-length=2|"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", head, ":status=200|Content-Length=2|"},
      {"HTTP/1.1 103 Early\r\nContent-Length: 2\r\n\r\n", head, ":status=103|"},
      {"HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\n", get, ":status=304|Content-Length=2|"},
      {"HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\n", get, ":status=204|"},
  };
  for (const Case& c : cases) {
    HeadParser parser;
    ResponseHead response;
    ASSERT_EQ(parser.ParseResponse(c.bytes, {}, c.context, &response).outcome, ParseResult::kDone);
    H2FieldList list;
    WriteH2Response(response, c.context, /*is_websocket=*/false, &list);
    EXPECT_EQ(TextOf(list), c.fields) << c.bytes;
  }
}

TEST(WriteH2Response, SaysALengthOnlyIfTheServerDid) {
  for (bool has_length : {false, true}) {
    Arena arena;
    ResponseHead response;
    H2HeadReader reader;
    reader.Begin(H2HeadReader::Kind::kResponse, {}, &arena, &response.headers);
    reader.Add(":status", "200");
    if (has_length) reader.Add("content-length", "0");
    ASSERT_EQ(reader.FinishResponse(/*ends_stream=*/true, {}, /*is_websocket=*/false, &response),
              ParseError::kNone);
    H2FieldList list;
    WriteH2Response(response, {}, /*is_websocket=*/false, &list);
    EXPECT_EQ(TextOf(list), has_length ? ":status=200|content-length=0|" : ":status=200|");
  }
}

TEST(H2HeadReader, KnowsTheUrlOfAHeadThatIsTooLarge) {
  Arena arena;
  H2HeadReader reader;
  RequestHead request;
  Limits limits;
  limits.max_head_bytes = 100;
  reader.Begin(H2HeadReader::Kind::kRequest, limits, &arena, &request.headers);
  for (auto [name, value] :
       {std::pair{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/x"}}) {
    reader.Add(name, value);
  }
  reader.Add("long", std::string(100, 'x'));
  EXPECT_EQ(reader.FinishRequest(/*ends_stream=*/true, 1, &request), ParseError::kHeadTooLarge);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/x");
  EXPECT_EQ(request.headers[0].value, "a");
}

TEST(H2HeadReader, TeIsForRequests) {
  using Kind = H2HeadReader::Kind;
  Arena arena;
  HeaderList fields;
  H2HeadReader reader;
  RequestHead request;
  reader.Begin(Kind::kRequest, {}, &arena, &request.headers);
  for (auto [name, value] : {std::pair{":method", "GET"},
                             {":scheme", "http"},
                             {":path", "/"},
                             {":authority", "a"},
                             {"te", "trailers"}}) {
    reader.Add(name, value);
  }
  EXPECT_EQ(reader.FinishRequest(/*ends_stream=*/true, 1, &request), ParseError::kNone);
  ResponseHead response;
  reader.Begin(Kind::kResponse, {}, &arena, &response.headers);
  reader.Add(":status", "200");
  reader.Add("te", "trailers");
  EXPECT_NE(reader.FinishResponse(/*ends_stream=*/true, {}, /*is_websocket=*/false, &response),
            ParseError::kNone);
  reader.Begin(Kind::kTrailers, {}, &arena, &fields);
  reader.Add("te", "trailers");
  EXPECT_NE(reader.FinishTrailers(), ParseError::kNone);
}

}  // namespace
}  // namespace lb::http
