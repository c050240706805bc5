#include "dataplane/proxy/local_reply.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(LocalReply, BuiltInPagesAreWholeMessages) {
  for (uint32_t status : {200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414,
                          421, 422, 425, 429, 431, 500, 501, 502, 503, 504}) {
    http::ResponseHead head;
    std::string_view body;
    ASSERT_TRUE(ParseWholeMessage(BuiltInPage(status), &head, &body)) << status;
    EXPECT_EQ(head.status, status);
    EXPECT_EQ(head.content_length, body.size()) << status;
    EXPECT_THAT(std::string(body), HasSubstr(std::to_string(status)));
  }
}

TEST(LocalReply, AStatusWithoutAPageGetsThatOf500) {
  EXPECT_EQ(BuiltInPage(599), BuiltInPage(500));
}

TEST(LocalReply, RefusalsSayThatTheConnectionEnds) {
  EXPECT_THAT(std::string(BuiltInPage(400)), HasSubstr("connection: close\r\n"));
  EXPECT_THAT(std::string(BuiltInPage(408)), HasSubstr("connection: close\r\n"));
  EXPECT_THAT(std::string(BuiltInPage(503)), ::testing::Not(HasSubstr("connection:")));
}

TEST(LocalReply, TheBackendsErrorFileWins) {
  FrontendConfig frontend;
  BackendConfig backend;
  EXPECT_EQ(ErrorMessage(503, frontend, &backend), BuiltInPage(503));
  frontend.error_files[503] = "of the frontend";
  EXPECT_EQ(ErrorMessage(503, frontend, &backend), "of the frontend");
  backend.error_files[503] = "of the backend";
  EXPECT_EQ(ErrorMessage(503, frontend, &backend), "of the backend");
  EXPECT_EQ(ErrorMessage(503, frontend, nullptr), "of the frontend");
}

TEST(LocalReply, WhatIsNoMessageIsTold) {
  http::ResponseHead head;
  std::string_view body;
  EXPECT_FALSE(ParseWholeMessage("<html>", &head, &body));
  EXPECT_FALSE(ParseWholeMessage("HTTP/1.1 200 OK\r\n", &head, &body));
  EXPECT_FALSE(ParseWholeMessage("", &head, &body));
}

class BuildReplyTest : public ::testing::Test {
 protected:
  void Build() { BuildReply(reply_, frontend_, nullptr, &head_, &body_); }

  rules::LocalReply reply_;
  FrontendConfig frontend_;
  http::ResponseHead head_;
  std::string_view body_;
};

TEST_F(BuildReplyTest, DefaultPageWithFields) {
  reply_.form = rules::LocalReply::Form::kDefaultPage;
  reply_.status = 403;
  reply_.headers.Add("X-Why", "rule");
  Build();
  EXPECT_EQ(head_.status, 403);
  EXPECT_EQ(head_.headers.Find("x-why")->value, "rule");
  EXPECT_EQ(head_.content_length, body_.size());
}

TEST_F(BuildReplyTest, AStatusWithoutAPageKeepsItsNumber) {
  reply_.form = rules::LocalReply::Form::kDefaultPage;
  reply_.status = 418;
  reply_.reason = "Teapot";
  Build();
  EXPECT_EQ(head_.status, 418);
  EXPECT_EQ(head_.reason, "Teapot");
}

TEST_F(BuildReplyTest, AMessageIsExactlyWhatTheRuleSays) {
  reply_.form = rules::LocalReply::Form::kMessage;
  reply_.status = 302;
  reply_.reason = "Found";
  reply_.headers.Add("location", "/x");
  reply_.body = "moved";
  Build();
  EXPECT_EQ(head_.status, 302);
  EXPECT_EQ(head_.headers.size(), 1u);
  EXPECT_EQ(body_, "moved");
  EXPECT_EQ(head_.content_length, 5u);
}

TEST_F(BuildReplyTest, ARawMessageIsFramedByItsLength) {
  reply_.form = rules::LocalReply::Form::kRaw;
  reply_.body = "HTTP/1.0 429 Slow\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\nwait";
  Build();
  // Raw messages were checked when the configuration was compiled; a broken one becomes a 500.
  EXPECT_EQ(head_.status, 500);
  reply_.body = "HTTP/1.0 429 Slow\r\nContent-Length: 99\r\nX: y\r\n\r\nwait";
  Build();
  EXPECT_EQ(head_.status, 429);
  EXPECT_EQ(body_, "wait");
  EXPECT_EQ(head_.framing, http::Framing::kLength);
  EXPECT_EQ(head_.content_length, 4u);
}

}  // namespace
}  // namespace lb::proxy
