#include "dataplane/http/h1_parser.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

using namespace std::string_literals;

struct Outcome {
  ParseResult::Outcome outcome;
  ParseError error;
  size_t consumed;
  // Where an error or the end was told.
  size_t told_at;
  std::string text;
};

std::string Render(const RequestHead& head) {
  std::string text = std::string(head.method) + "|" + std::string(head.target) + "|1." +
                     std::to_string(head.version_minor);
  for (const Header& field : head.headers) {
    text += "|" + std::string(field.name) + "=" + std::string(field.value);
  }
  return text;
}

std::string Render(const ResponseHead& head) {
  std::string text = std::to_string(head.status) + "|" + std::string(head.reason) + "|1." +
                     std::to_string(head.version_minor);
  for (const Header& field : head.headers) {
    text += "|" + std::string(field.name) + "=" + std::string(field.value);
  }
  return text;
}

Outcome Settle(const ParseResult& result, size_t told_at, std::string text) {
  if (result.outcome != ParseResult::kDone) text.clear();
  return {result.outcome, result.error, result.consumed, told_at, std::move(text)};
}

bool operator==(const Outcome& a, const Outcome& b) {
  return a.outcome == b.outcome && a.error == b.error && a.consumed == b.consumed &&
         a.text == b.text;
}

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << int{o.outcome} << " " << Describe(o.error) << " " << o.consumed << " " << o.text;
}

Outcome ParseWhole(std::string_view bytes, const Limits& limits = {}) {
  HeadParser parser;
  RequestHead head;
  ParseResult result = parser.ParseRequest(bytes, limits, &head);
  return Settle(result, bytes.size(), Render(head));
}

// Grows the input `step` bytes at a time, from `first` bytes on.
Outcome ParseInSteps(std::string_view bytes, size_t first, size_t step, const Limits& limits = {}) {
  HeadParser parser;
  RequestHead head;
  for (size_t have = first;; have += step) {
    std::string_view part = bytes.substr(0, have);
    ParseResult result = parser.ParseRequest(part, limits, &head);
    if (result.outcome != ParseResult::kNeedMore || have >= bytes.size()) {
      return Settle(result, part.size(), Render(head));
    }
  }
}

ParseError RequestError(std::string_view bytes) {
  Outcome whole = ParseWhole(bytes);
  EXPECT_EQ(ParseInSteps(bytes, 0, 1), whole) << bytes;
  EXPECT_EQ(whole.outcome == ParseResult::kError, whole.error != ParseError::kNone) << bytes;
  return whole.outcome == ParseResult::kNeedMore ? ParseError::kHeadTooLarge : whole.error;
}

std::string Get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(HeadParser, ReadsARequest) {
  const std::string bytes =
      "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nX-Blanks: \t a b \t\r\n"
      "X-High:\x80\xff\r\n\r\nbody";
  HeadParser parser;
  RequestHead head;
  ParseResult result = parser.ParseRequest(bytes, {}, &head);
  ASSERT_EQ(result.outcome, ParseResult::kDone);
  EXPECT_EQ(result.consumed, bytes.size() - 4);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a?b=c");
  EXPECT_EQ(head.version_minor, 1);
  ASSERT_EQ(head.headers.size(), 4u);
  EXPECT_EQ(head.headers[0].name, "Host");
  EXPECT_EQ(head.headers[0].id, HeaderId::kHost);
  EXPECT_EQ(head.headers[0].value, "example.org");
  EXPECT_EQ(head.headers[1].value, "");
  EXPECT_EQ(head.headers[2].value, "a b");
  EXPECT_EQ(head.headers[3].value, "\x80\xff");
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.target.data(), bytes.data() + 4) << "texts are views into the bytes";
}

TEST(HeadParser, ReadsAResponse) {
  const std::string bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
  HeadParser parser;
  ResponseHead head;
  ParseResult result = parser.ParseResponse(bytes, {}, {}, &head);
  ASSERT_EQ(result.outcome, ParseResult::kDone);
  EXPECT_EQ(result.consumed, bytes.size() - 5);
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.reason, "Not Found");
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_EQ(head.content_length, 5u);
  EXPECT_TRUE(head.keep_alive);
}

TEST(HeadParser, SkipsEmptyLinesBeforeARequest) {
  EXPECT_EQ(ParseWhole("\r\n\r\n" + Get("")).consumed, Get("").size() + 4);
  EXPECT_EQ(RequestError("\r\n" + Get("")), ParseError::kNone);
  EXPECT_EQ(RequestError("\n" + Get("")), ParseError::kBadLineEnd);
  EXPECT_EQ(RequestError("\r" + Get("")), ParseError::kBadLineEnd);
}

TEST(HeadParser, TellsAMessageBegunFromEmptyLines) {
  HeadParser parser;
  RequestHead head;
  EXPECT_FALSE(parser.in_message());
  const std::string bytes = "\r\nG";
  parser.ParseRequest(bytes.substr(0, 0), {}, &head);
  EXPECT_FALSE(parser.in_message());
  parser.ParseRequest(std::string_view(bytes).substr(0, 2), {}, &head);
  EXPECT_FALSE(parser.in_message());
  parser.ParseRequest(bytes, {}, &head);
  EXPECT_TRUE(parser.in_message());
  parser.Reset();
  EXPECT_FALSE(parser.in_message());
}

TEST(HeadParser, ReadsPipelinedRequestsOneByOne) {
  const std::string bytes = Get("X: 1\r\n") + "\r\n" + Get("X: 2\r\n");
  HeadParser parser;
  RequestHead head;
  ParseResult first = parser.ParseRequest(bytes, {}, &head);
  ASSERT_EQ(first.outcome, ParseResult::kDone);
  EXPECT_EQ(head.headers[1].value, "1");
  ParseResult second =
      parser.ParseRequest(std::string_view(bytes).substr(first.consumed), {}, &head);
  ASSERT_EQ(second.outcome, ParseResult::kDone);
  EXPECT_EQ(head.headers.size(), 2u);
  EXPECT_EQ(head.headers[1].value, "2");
}

struct RequestCase {
  std::string bytes;
  ParseError error;
};

class RequestTable : public ::testing::TestWithParam<RequestCase> {};

TEST_P(RequestTable, GivesTheSameVerdictHoweverSplit) {
  const RequestCase& c = GetParam();
  Outcome whole = ParseWhole(c.bytes);
  EXPECT_EQ(whole.error, c.error) << c.bytes << " gave " << Describe(whole.error);
  EXPECT_EQ(whole.outcome, c.error == ParseError::kNone ? ParseResult::kDone : ParseResult::kError)
      << c.bytes;
  for (size_t at = 0; at <= c.bytes.size(); ++at) {
    EXPECT_EQ(ParseInSteps(c.bytes, at, c.bytes.size()), whole) << "split at " << at;
  }
  EXPECT_EQ(ParseInSteps(c.bytes, 0, 1), whole);
}

std::vector<RequestCase> StartLineCases() {
  auto line = [](std::string_view text) { return std::string(text) + "\r\nHost: a\r\n\r\n"; };
  return {
      {line("GET / HTTP/1.1"), ParseError::kNone},
      {line("get / HTTP/1.1"), ParseError::kNone},
      {line("M-SEARCH / HTTP/1.1"), ParseError::kNone},
      {line("GET /\"<>\\^`{|} HTTP/1.1"), ParseError::kNone},
      {line("GET http://a/ HTTP/1.1"), ParseError::kNone},
      {line("CONNECT a:443 HTTP/1.1"), ParseError::kNone},
      {line("GET / HTTP/1.0"), ParseError::kNone},
      {line("GET / HTTP/1.7"), ParseError::kNone},
      {line("G@T / HTTP/1.1"), ParseError::kBadMethod},
      {line(" GET / HTTP/1.1"), ParseError::kBadMethod},
      {line("\x16\x03\x01"), ParseError::kBadMethod},
      {line("G\x80T / HTTP/1.1"), ParseError::kBadMethod},
      {line("GET"), ParseError::kBadLineEnd},
      {line("GET  / HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /\x01 HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /\x7f HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /\x80 HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /\t HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /"s + '\0' + " HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /#f HTTP/1.1"), ParseError::kBadTarget},
      {line("GET foo HTTP/1.1"), ParseError::kBadTarget},
      {line("GET /"), ParseError::kBadLineEnd},
      {line("GET /  HTTP/1.1"), ParseError::kBadVersion},
      {line("GET / http/1.1"), ParseError::kBadVersion},
      {line("GET / HTTP/1,1"), ParseError::kBadVersion},
      {line("GET / HTTP/1."), ParseError::kBadVersion},
      {line("GET / HTTP/11"), ParseError::kBadVersion},
      {line("GET / ICY/1.1"), ParseError::kBadVersion},
      {line("GET / HTTP/1.10"), ParseError::kBadLineEnd},
      {line("GET / HTTP/1.1 "), ParseError::kBadLineEnd},
      {line("GET / HTTP/2.0"), ParseError::kUnsupportedVersion},
      {line("GET / HTTP/0.9"), ParseError::kUnsupportedVersion},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ParseError::kUnsupportedVersion},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", ParseError::kBadLineEnd},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", ParseError::kBadLineEnd},
      {"GET /\nHost: a\r\n\r\n", ParseError::kBadLineEnd},
  };
}
INSTANTIATE_TEST_SUITE_P(StartLine, RequestTable, ::testing::ValuesIn(StartLineCases()));

std::vector<RequestCase> FieldCases() {
  return {
      {Get("A: b\r\n"), ParseError::kNone},
      {Get("A: b\tc\r\n"), ParseError::kNone},
      {Get("A: b\x80\r\n"), ParseError::kNone},
      {Get("!#$%&'*+-.^_`|~09: b\r\n"), ParseError::kNone},
      {Get("A: b\r\n c\r\n"), ParseError::kObsFold},
      {Get("A: b\r\n\tc\r\n"), ParseError::kObsFold},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", ParseError::kObsFold},
      {Get("A : b\r\n"), ParseError::kBadHeaderName},
      {Get("A\t: b\r\n"), ParseError::kBadHeaderName},
      {Get(": b\r\n"), ParseError::kBadHeaderName},
      {Get("A@: b\r\n"), ParseError::kBadHeaderName},
      {Get("A\x80: b\r\n"), ParseError::kBadHeaderName},
      {Get("A"s + '\0' + ": b\r\n"), ParseError::kBadHeaderName},
      {Get("A\r\n"), ParseError::kBadLineEnd},
      {Get("A: b"s + '\0' + "c\r\n"), ParseError::kBadHeaderValue},
      {Get("A: b\x01"
           "c\r\n"),
       ParseError::kBadHeaderValue},
      {Get("A: b\x7f\r\n"), ParseError::kBadHeaderValue},
      {Get("A: \x0b\r\n"), ParseError::kBadHeaderValue},
      {Get("A: b\rc\r\n"), ParseError::kBadLineEnd},
      {Get("A: b\r\r\n"), ParseError::kBadLineEnd},
      {Get("A: b\nC: d\r\n"), ParseError::kBadLineEnd},
      {Get("A:\n\r\n"), ParseError::kBadLineEnd},
      {Get("\n"), ParseError::kBadLineEnd},
      {Get("\rX"), ParseError::kBadLineEnd},
  };
}
INSTANTIATE_TEST_SUITE_P(Fields, RequestTable, ::testing::ValuesIn(FieldCases()));

std::vector<RequestCase> MeaningCases() {
  using E = ParseError;
  return {
      {Get("Content-Length: 0\r\n"), E::kNone},
      {Get("Content-Length: 002\r\n"), E::kNone},
      {Get("Content-Length: 9223372036854775807\r\n"), E::kNone},
      {Get("Content-Length: 9223372036854775808\r\n"), E::kBadContentLength},
      {Get("Content-Length: 99999999999999999999\r\n"), E::kBadContentLength},
      {Get("Content-Length: 18446744073709551617\r\n"), E::kBadContentLength},
      {Get("Content-Length:\r\n"), E::kBadContentLength},
      {Get("Content-Length: +2\r\n"), E::kBadContentLength},
      {Get("Content-Length: -2\r\n"), E::kBadContentLength},
      {Get("Content-Length: 2 2\r\n"), E::kBadContentLength},
      {Get("Content-Length: 0x2\r\n"), E::kBadContentLength},
      {Get("Content-Length: 2, 2\r\n"), E::kRepeatedContentLength},
      {Get("Content-Length: 2, 3\r\n"), E::kRepeatedContentLength},
      {Get("Content-Length: 2\r\ncontent-length: 2\r\n"), E::kRepeatedContentLength},
      {Get("Content-Length: 2\r\nContent-Length: 3\r\n"), E::kRepeatedContentLength},
      {Get("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
       E::kContentLengthWithTransferEncoding},
      {Get("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
       E::kContentLengthWithTransferEncoding},
      {Get("Transfer-Encoding: identity\r\nContent-Length: 2\r\n"),
       E::kContentLengthWithTransferEncoding},
      {Get("Transfer-Encoding: Chunked\r\n"), E::kNone},
      {Get("Transfer-Encoding: \tchunked \r\n"), E::kNone},
      {Get("Transfer-Encoding: gzip, chunked\r\n"), E::kUnsupportedTransferEncoding},
      {Get("Transfer-Encoding: gzip\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: identity\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: xchunked\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: chunkedx\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: \"chunked\"\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: chunked, gzip\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: chunked, chunked\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: chunked,\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: , chunked\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: chunked;a=b\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding:\r\n"), E::kBadTransferEncoding},
      {Get("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), E::kBadTransferEncoding},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", E::kTransferEncodingInHttp10},
      {"GET / HTTP/1.1\r\n\r\n", E::kMissingHost},
      {"GET http://a/ HTTP/1.1\r\n\r\n", E::kMissingHost},
      {"GET / HTTP/1.0\r\n\r\n", E::kNone},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", E::kNone},
      {Get("Host: a\r\n"), E::kRepeatedHost},
      {Get("hOST: b\r\n"), E::kRepeatedHost},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", E::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", E::kBadHost},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", E::kHostMismatch},
      {"CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", E::kHostMismatch},
  };
}
INSTANTIATE_TEST_SUITE_P(Meaning, RequestTable, ::testing::ValuesIn(MeaningCases()));

TEST(HeadParser, TellsAnErrorWithTheByteThatProvesIt) {
  struct Case {
    std::string bytes;
    size_t told_at;
  };
  for (const Case& c :
       {Case{"G@T / HTTP/1.1\r\n", 2}, Case{"GET /\x01zz HTTP/1.1\r\n", 6},
        Case{"GET / HTTX/1.1\r\n", 10}, Case{"GET / HTTP/1.1\n", 15},
        Case{"GET / HTTP/1.1\r\nA : b\r\n", 18}, Case{"GET / HTTP/1.1\r\nA: b\nxx", 21}}) {
    EXPECT_EQ(ParseInSteps(c.bytes, 0, 1).told_at, c.told_at) << c.bytes;
  }
}

TEST(HeadParser, TellsWhereAMessageIsWrong) {
  struct Case {
    std::string bytes;
    std::string rest;  // what begins with the wrong byte
  };
  for (const Case& c : {
           Case{"G@T / HTTP/1.1\r\n", "@T / HTTP/1.1\r\n"},
           Case{"GET /\x01 HTTP/1.1\r\n", "\x01 HTTP/1.1\r\n"},
           Case{"GET / HTTP/x.1\r\n", "x.1\r\n"},
           Case{"GET / HTTP/1.1\nA: b\r\n", "\nA: b\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nb d: x\r\n", " d: x\r\n"},
           Case{"GET / HTTP/1.1\r\nA: b\x01\r\n", "\x01\r\n"},
           Case{"GET / HTTP/1.1\r\nA: b\r\n c\r\n", " c\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\n", "5x\r\n\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "2\r\n\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", "x\r\n\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "b\r\n\r\n"},
           Case{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "a b\r\n\r\n"},
           Case{"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
       }) {
    for (size_t first : {c.bytes.size(), size_t{1}, c.bytes.size() - 1}) {
      HeadParser parser;
      RequestHead head;
      ParseResult result =
          parser.ParseRequest(std::string_view(c.bytes).substr(0, first), Limits(), &head);
      if (result.outcome == ParseResult::kNeedMore) {
        result = parser.ParseRequest(c.bytes, Limits(), &head);
      }
      ASSERT_EQ(result.outcome, ParseResult::kError) << c.bytes;
      EXPECT_EQ(c.bytes.substr(result.position), c.rest) << c.bytes;
    }
  }
  for (const Case& c : {
           Case{"HTTP/1.1 2x0 OK\r\n", "x0 OK\r\n"},
           Case{"HTTX/1.1 200 OK\r\n", "X/1.1 200 OK\r\n"},
           Case{"HTTP/1.1 200 O\x01K\r\n", "\x01K\r\n"},
           Case{"HTTP/1.1 101 S\r\n\r\n", "S\r\n\r\n"},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "1, 2\r\n\r\n"},
       }) {
    HeadParser parser;
    ResponseHead head;
    const ParseResult result = parser.ParseResponse(c.bytes, Limits(), RequestContext(), &head);
    ASSERT_EQ(result.outcome, ParseResult::kError) << c.bytes;
    EXPECT_EQ(c.bytes.substr(result.position), c.rest) << c.bytes;
  }
}

TEST(HeadParser, BoundsTheHead) {
  Limits limits;
  limits.max_head_bytes = 64;
  const std::string fits = "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(32, 'x') + "\r\n\r\n";
  ASSERT_EQ(fits.size(), 64u);
  EXPECT_EQ(ParseWhole(fits, limits).outcome, ParseResult::kDone);
  EXPECT_EQ(ParseInSteps(fits, 0, 1, limits).outcome, ParseResult::kDone);

  const std::string large = "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(33, 'x') + "\r\n\r\n";
  EXPECT_EQ(ParseWhole(large, limits).error, ParseError::kHeadTooLarge);
  EXPECT_EQ(ParseInSteps(large, 0, 1, limits).error, ParseError::kHeadTooLarge);
  EXPECT_EQ(ParseInSteps(large, 0, 1, limits).told_at, 64u);

  const std::string target = "GET /" + std::string(70, 'x') + " HTTP/1.1\r\n\r\n";
  EXPECT_EQ(ParseWhole(target, limits).error, ParseError::kTargetTooLong);
  EXPECT_EQ(ParseInSteps(target, 0, 1, limits).error, ParseError::kTargetTooLong);
}

TEST(HeadParser, BoundsTheNumberOfFields) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "A: b\r\n";
  EXPECT_EQ(RequestError(Get(fields)), ParseError::kNone);
  EXPECT_EQ(RequestError(Get(fields + "A: b\r\n")), ParseError::kTooManyHeaders);
}

// The caller's buffer may grow by moving: nothing of the old one may be used.
TEST(HeadParser, FollowsBytesThatMove) {
  const std::string bytes = Get("A: b\r\nContent-Length: 5\r\n");
  HeadParser parser;
  RequestHead head;
  ParseResult result;
  std::vector<std::string> buffers(bytes.size() + 1);
  for (size_t have = 0; have <= bytes.size(); ++have) {
    buffers[have].reserve(256);
    buffers[have] = bytes.substr(0, have);
    result = parser.ParseRequest(buffers[have], {}, &head);
    if (have < bytes.size()) {
      ASSERT_EQ(result.outcome, ParseResult::kNeedMore);
      if (have > 0) buffers[have - 1].assign(200, '#');
    }
  }
  ASSERT_EQ(result.outcome, ParseResult::kDone);
  EXPECT_EQ(Render(head), "GET|/|1.1|Host=a|A=b|Content-Length=5");
}

struct ResponseCase {
  std::string bytes;
  ParseError error;
  RequestContext context;
};

class ResponseTable : public ::testing::TestWithParam<ResponseCase> {};

TEST_P(ResponseTable, GivesTheSameVerdictHoweverSplit) {
  const ResponseCase& c = GetParam();
  HeadParser parser;
  ResponseHead head;
  ParseResult result = parser.ParseResponse(c.bytes, {}, c.context, &head);
  EXPECT_EQ(result.error, c.error) << c.bytes << " gave " << Describe(result.error);
  Outcome whole = Settle(result, c.bytes.size(), Render(head));
  for (size_t at = 0; at <= c.bytes.size(); ++at) {
    result = parser.ParseResponse(std::string_view(c.bytes).substr(0, at), {}, c.context, &head);
    if (result.outcome == ParseResult::kNeedMore) {
      result = parser.ParseResponse(c.bytes, {}, c.context, &head);
    }
    EXPECT_EQ(Settle(result, at, Render(head)), whole) << "split at " << at << " of " << c.bytes;
    parser.Reset();
  }
}

std::vector<ResponseCase> ResponseCases() {
  using E = ParseError;
  auto line = [](std::string_view text) {
    return std::string(text) + "\r\nContent-Length: 2\r\n\r\n";
  };
  auto fields = [](std::string_view text) {
    return "HTTP/1.1 200 OK\r\n" + std::string(text) + "\r\n";
  };
  const RequestContext upgrade{.wants_upgrade = true};
  return {
      {line("HTTP/1.1 200 OK"), E::kNone},
      {line("HTTP/1.1 200 "), E::kNone},
      {line("HTTP/1.1 200"), E::kNone},
      {line("HTTP/1.0 999 \x80 x"), E::kNone},
      {line("HTTP/1.9 200 OK"), E::kNone},
      {line("HTTP/2.0 200 OK"), E::kUnsupportedVersion},
      {line("HTTP/1.1 099 OK"), E::kBadStatus},
      {line("HTTP/1.1 2000 OK"), E::kBadStatus},
      {line("HTTP/1.1 20 OK"), E::kBadStatus},
      {line("HTTP/1.1  200 OK"), E::kBadStatus},
      {line("HTTP/1.1 2x0 OK"), E::kBadStatus},
      {line("HTTP/1.1\t200 OK"), E::kBadVersion},
      {line("http/1.1 200 OK"), E::kBadVersion},
      {line("\r\nHTTP/1.1 200 OK"), E::kBadVersion},
      {line("HTTP/1.1 200 O\x01K"), E::kBadReason},
      {"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\n", E::kBadLineEnd},
      {"HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\n", E::kBadLineEnd},
      {"HTTP/1.1 200\rX\n\r\n", E::kBadLineEnd},
      {fields("A: b\r\n c\r\n"), E::kObsFold},
      {fields("A : b\r\n"), E::kBadHeaderName},
      {fields("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
       E::kContentLengthWithTransferEncoding},
      {fields("Content-Length: 2\r\nContent-Length: 2\r\n"), E::kRepeatedContentLength},
      {fields("Transfer-Encoding: gzip, chunked\r\n"), E::kUnsupportedTransferEncoding},
      {fields("Transfer-Encoding: gzip\r\n"), E::kBadTransferEncoding},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", E::kTransferEncodingInHttp10},
      {"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", E::kUnexpectedUpgrade},
      {"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", E::kNone, upgrade},
      {"HTTP/1.1 101 S\r\n\r\n", E::kUnexpectedUpgrade, upgrade},
      {"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", E::kUnexpectedUpgrade, upgrade},
  };
}
INSTANTIATE_TEST_SUITE_P(Responses, ResponseTable, ::testing::ValuesIn(ResponseCases()));

}  // namespace
}  // namespace lb::http
