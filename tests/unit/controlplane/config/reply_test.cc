#include "controlplane/config/reply.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

TEST(RawReply, TakesWholeMessages) {
  for (const std::string text :
       {"", "HTTP/1.0 503 Busy\r\n\r\n", "HTTP/1.1 200 OK\na: b\n\nbody", "HTTP/1.1 200\r\n\r\n"}) {
    EXPECT_TRUE(CheckRawReply(text, 100).ok()) << text;
  }
}

TEST(RawReply, RefusesAnythingElse) {
  for (const std::string text :
       {"x", "body\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n"}) {
    EXPECT_FALSE(CheckRawReply(text, 100).ok()) << text;
  }
  EXPECT_FALSE(CheckRawReply("HTTP/1.1 200 OK\r\n\r\n" + std::string(90, 'x'), 100).ok());
}

TEST(RawReply, IsMadeOfAReply) {
  v1::Reply reply;
  reply.set_status(429);
  reply.set_content_type("text/plain");
  reply.set_literal("slow");
  v1::ReplyHeader* header = reply.add_headers();
  header->set_name("retry-after");
  header->mutable_value()->add_items()->set_text("5");
  const std::string raw = RawReply(reply);
  EXPECT_EQ(raw,
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\ncontent-type: text/plain\r\n"
            "retry-after: 5\r\n\r\nslow");
  EXPECT_TRUE(CheckRawReply(raw, 1000).ok());
  EXPECT_TRUE(CheckRawReply(RawRedirect(302, "/x"), 1000).ok());
  EXPECT_EQ(RawRedirect(303, "/x"),
            "HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\ncontent-length: 0\r\n"
            "location: /x\r\n\r\n");
}

TEST(ReplyLimit, LeavesRoomForRewriting) {
  v1::Global global;
  EXPECT_EQ(ReplyLimit(global), 16384u - 1024u);
  global.set_bufsize(2048);
  global.set_maxrewrite(4096);
  EXPECT_EQ(ReplyLimit(global), 2048u);
}

}  // namespace
}  // namespace lb::config
