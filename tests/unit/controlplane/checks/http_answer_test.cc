#include "controlplane/checks/http_answer.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

using State = HttpAnswer::State;

TEST(BuildHttpRequest, DefaultsToOptionsOfTheRoot) {
  EXPECT_EQ(BuildHttpRequest(v1::HttpCheckSend()), "OPTIONS / HTTP/1.0\r\n\r\n");
}

TEST(BuildHttpRequest, KeepsAConfiguredConnectionHeaderAndSaysTheLengthItself) {
  v1::HttpCheckSend send;
  send.set_version("HTTP/1.1");
  send.set_body("abc");
  for (const char* name : {"connection", "Content-Length", "transfer-encoding"}) {
    v1::NameValue* field = send.add_headers();
    field->set_name(name);
    field->set_value("x");
  }
  EXPECT_EQ(BuildHttpRequest(send),
            "OPTIONS / HTTP/1.1\r\nconnection: x\r\nContent-Length: 3\r\n\r\nabc");
}

TEST(ReadHttpAnswer, TellsHowFarItHasCome) {
  const struct {
    const char* received;
    State state;
    const char* body;
  } rows[] = {
      {"", State::kHead, ""},
      {"HT", State::kHead, ""},
      {"HX", State::kBad, ""},
      {"HTTP/1.1 200 OK\r\n", State::kHead, ""},
      {"HTTP/1.1 200 OK\r\n\r\n", State::kBody, ""},
      {"HTTP/1.1 200 OK\n\nab", State::kBody, "ab"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", State::kBody, "a"},
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc", State::kDone, "ab"},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::kDone, ""},
      {"HTTP/1.1 100 Continue\r\n\r\n", State::kHead, ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 X\r\n\r\n", State::kDone, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc", State::kBody,
       "abc"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", State::kDone,
       "ab"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", State::kBad, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", State::kBad, "a"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", State::kBad, ""},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", State::kBad, ""},
      {"HTTP/1.1 2000 OK\r\n\r\n", State::kBad, ""},
      {"HTTP/1.1 099 OK\r\n\r\n", State::kBad, ""},
      {"HTTP/11 200 OK\r\n\r\n", State::kBad, ""},
  };
  for (const auto& row : rows) {
    const HttpAnswer answer = ReadHttpAnswer(row.received, /*is_last=*/false);
    EXPECT_EQ(answer.state, row.state) << row.received;
    EXPECT_EQ(answer.body, row.body) << row.received;
  }
}

TEST(ReadHttpAnswer, TheEndDecidesWhatWasOpen) {
  EXPECT_EQ(ReadHttpAnswer("", /*is_last=*/true).state, State::kBad);
  EXPECT_EQ(ReadHttpAnswer("HTTP/1.1 200 OK\r\n", /*is_last=*/true).state, State::kBad);
  const HttpAnswer answer = ReadHttpAnswer("HTTP/1.1 200 Fine so\r\n\r\nab", /*is_last=*/true);
  EXPECT_EQ(answer.state, State::kDone);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.reason, "Fine so");
  EXPECT_EQ(answer.body, "ab");
}

TEST(IsStatusIn, ReadsListsOfCodesAndRanges) {
  const struct {
    const char* list;
    int status;
    bool is_in;
  } rows[] = {{"200", 200, true},
              {"200", 201, false},
              {"200-299", 299, true},
              {"200-299", 300, false},
              {"100,200-204", 203, true},
              {"100, 404", 404, true},
              {"200,201,300-310", 305, true},
              {"", 200, false},
              {"x", 200, false}};
  for (const auto& row : rows) {
    EXPECT_EQ(IsStatusIn(row.list, row.status), row.is_in) << row.list << " " << row.status;
  }
}

TEST(Judge, SaysWhenARegularExpressionIsNone) {
  v1::HttpCheckExpect expect;
  expect.set_kind(v1::HttpCheckExpect::RSTRING);
  expect.set_pattern("(");
  const HttpAnswer answer = ReadHttpAnswer("HTTP/1.1 200 OK\r\n\r\nx", /*is_last=*/true);
  EXPECT_EQ(Judge(expect, answer)->info, "'(' is not a regular expression");
}

}  // namespace
}  // namespace lb::checks
