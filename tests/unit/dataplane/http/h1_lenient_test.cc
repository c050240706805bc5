#include <string>

#include "gtest/gtest.h"

#include "dataplane/http/h1_parser.h"

namespace lb::http {
namespace {

using namespace std::string_literals;

struct LenientOutcome {
  ParseResult result;
  bool has_violations = false;
  std::string text;  // the request line, or status and reason, and the fields
};

template <typename Head, typename Parse>
LenientOutcome ParseInTwo(const std::string& bytes, size_t split, Parse parse) {
  HeadParser parser;
  parser.set_lenient(true);
  Head head;
  ParseResult result = parse(&parser, std::string_view(bytes).substr(0, split), &head);
  if (result.outcome == ParseResult::kNeedMore) result = parse(&parser, bytes, &head);
  LenientOutcome outcome{result, false, ""};
  if (result.outcome != ParseResult::kDone) return outcome;
  outcome.has_violations = head.has_violations;
  if constexpr (std::is_same_v<Head, RequestHead>) {
    outcome.text = std::string(head.method) + " " + std::string(head.target);
  } else {
    outcome.text = std::to_string(head.status) + " " + std::string(head.reason);
  }
  outcome.text += " 1." + std::to_string(head.version_minor);
  for (const Header& field : head.headers) {
    outcome.text += "|" + std::string(field.name) + "=" + std::string(field.value);
  }
  return outcome;
}

LenientOutcome LenientRequest(const std::string& bytes, size_t split) {
  return ParseInTwo<RequestHead>(bytes, split,
                                 [](HeadParser* parser, std::string_view part, RequestHead* head) {
                                   return parser->ParseRequest(part, Limits(), head);
                                 });
}

LenientOutcome LenientResponse(const std::string& bytes, size_t split) {
  return ParseInTwo<ResponseHead>(
      bytes, split, [](HeadParser* parser, std::string_view part, ResponseHead* head) {
        return parser->ParseResponse(part, Limits(), RequestContext(), head);
      });
}

struct LenientRow {
  std::string bytes;
  std::string text;  // empty: refused, with `error`
  ParseError error = ParseError::kNone;
};

const LenientRow kRequests[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\nx(y: 1\r\n\r\n", "GET / 1.1|Host=a|x(y=1"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\"x\": 1\r\n\r\n", "GET / 1.1|Host=a|\"x\"=1"},
    {"GET / HTTP/1.1\r\nHost: a\r\nx\xff: 1\r\n\r\n", "GET / 1.1|Host=a|x\xff=1"},
    {"GET /\xe9/a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\xe9/a 1.1|Host=a"},
    {"GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b#c 1.1|Host=a"},
    {"GET /a\r\nHost: a\r\n\r\n", "GET /a 1.0|Host=a"},
    {"GET /a\r\n\r\n", "GET /a 1.0"},
    {"GET /a HTTP/1.10\r\n\r\n", "GET /a 1.0"},
    {"GET /a HTTP/001.1\r\n\r\n", "GET /a 1.0"},
    {"GET / HTTP/1.1\r\nHost: a\r\nx y: 1\r\n\r\n", "", ParseError::kBadHeaderName},
    {"GET / HTTP/1.1\r\nHost: a\r\nxy : 1\r\n\r\n", "", ParseError::kBadHeaderName},
    {"GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", "", ParseError::kBadHeaderName},
    {"GET / HTTP/1.1\r\nHost: a\r\nx\0y: 1\r\n\r\n"s, "", ParseError::kBadHeaderName},
    {"GET / HTTP/1.1\r\nHost: a\r\nx\x7fy: 1\r\n\r\n", "", ParseError::kBadHeaderName},
    {"GET / HTTP/1.1\r\nHost: a\r\nx\ry: 1\r\n\r\n", "", ParseError::kBadLineEnd},
    {"GET / HTTP/1.1\r\nHost: a\r\nx: \1\r\n\r\n", "", ParseError::kBadHeaderValue},
    {"GET / HTTP/1.1\r\nHost: a\r\nx: 1\r\n 2\r\n\r\n", "", ParseError::kObsFold},
    {"GET /\1 HTTP/1.1\r\nHost: a\r\n\r\n", "", ParseError::kBadTarget},
    {"GET #/ HTTP/1.1\r\nHost: a\r\n\r\n", "", ParseError::kBadTarget},
    {"GET http://a#@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "", ParseError::kBadTarget},
    {"POST /a\r\n\r\n", "", ParseError::kBadLineEnd},
    {"GET /a\r \r\n\r\n", "", ParseError::kBadLineEnd},
    {"GET /a\nHost: a\n\n", "", ParseError::kBadLineEnd},
    {"GET /a HTTP/1.1\nHost: a\n\n", "", ParseError::kBadLineEnd},
    {"GET /a HTTP/12.1\r\n\r\n", "", ParseError::kUnsupportedVersion},
    {"GET /a HTTP/1.\r\n\r\n", "", ParseError::kBadVersion},
    {"GET /a HTTP/.1\r\n\r\n", "", ParseError::kBadVersion},
    {"GET /a HTTP/1.1111111111\r\n\r\n", "", ParseError::kBadVersion},
    {"GET /a RTSP/1.0\r\n\r\n", "", ParseError::kBadVersion},
    {"G(T /a HTTP/1.1\r\nHost: a\r\n\r\n", "", ParseError::kBadMethod},
    {"POST / HTTP/1.10\r\nTransfer-Encoding: chunked\r\n\r\n", "",
     ParseError::kTransferEncodingInHttp10},
};

TEST(LenientParser, TakesWhatCannotChangeTheFramingOfRequests) {
  for (const LenientRow& row : kRequests) {
    for (size_t split = 0; split <= row.bytes.size(); ++split) {
      const LenientOutcome outcome = LenientRequest(row.bytes, split);
      EXPECT_EQ(outcome.result.error, row.error) << row.bytes << " at " << split;
      EXPECT_EQ(outcome.text, row.text) << row.bytes << " at " << split;
      EXPECT_EQ(outcome.has_violations, !row.text.empty()) << row.bytes << " at " << split;
    }
  }
}

const LenientRow kResponses[] = {
    {"HTTP/1.1 200 OK\r\nx(y: 1\r\n\r\n", "200 OK 1.1|x(y=1"},
    {"HTTP/1.10 200 OK\r\nx: 1\r\n\r\n", "200 OK 1.0|x=1"},
    {"HTTP/01.1 404\r\nx: 1\r\n\r\n", "404  1.0|x=1"},
    {"HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n", "", ParseError::kBadHeaderName},
    {"HTTP/1.10 20x OK\r\n\r\n", "", ParseError::kBadStatus},
    {"HTTP/1.10 099 OK\r\n\r\n", "", ParseError::kBadStatus},
    {"HTTP/1.10  200 OK\r\n\r\n", "", ParseError::kBadStatus},
    {"HTTP/22.0 200 OK\r\n\r\n", "", ParseError::kUnsupportedVersion},
    {"ICY 200 OK\r\n\r\n", "", ParseError::kBadVersion},
};

TEST(LenientParser, TakesWhatCannotChangeTheFramingOfResponses) {
  for (const LenientRow& row : kResponses) {
    for (size_t split = 0; split <= row.bytes.size(); ++split) {
      const LenientOutcome outcome = LenientResponse(row.bytes, split);
      EXPECT_EQ(outcome.result.error, row.error) << row.bytes << " at " << split;
      EXPECT_EQ(outcome.text, row.text) << row.bytes << " at " << split;
      EXPECT_EQ(outcome.has_violations, !row.text.empty()) << row.bytes << " at " << split;
    }
  }
}

TEST(LenientParser, GoodMessagesAreNotMarked) {
  const std::string good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_FALSE(LenientRequest(good, good.size()).has_violations);
}

TEST(LenientParser, TheMarkIsOfOneMessage) {
  HeadParser parser;
  parser.set_lenient(true);
  RequestHead head;
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nx(y: 1\r\n\r\n";
  ASSERT_EQ(parser.ParseRequest(bytes, Limits(), &head).outcome, ParseResult::kDone);
  EXPECT_TRUE(head.has_violations);
  const std::string good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(parser.ParseRequest(good, Limits(), &head).outcome, ParseResult::kDone);
  EXPECT_FALSE(head.has_violations);
}

TEST(StrictParser, RefusesEachOfThem) {
  for (const LenientRow& row : kRequests) {
    HeadParser parser;
    RequestHead head;
    EXPECT_EQ(parser.ParseRequest(row.bytes, Limits(), &head).outcome, ParseResult::kError)
        << row.bytes;
  }
}

}  // namespace
}  // namespace lb::http
