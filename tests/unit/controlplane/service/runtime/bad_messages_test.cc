#include "controlplane/service/runtime/bad_messages.h"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/runtime/fake_backend.h"

namespace lb::service {
namespace {

using namespace std::string_literals;

v1::BadMessage RequestTo(const std::string& frontend, const std::string& node = "a") {
  v1::BadMessage message;
  message.set_frontend(frontend);
  message.set_node(node);
  message.set_source("10.0.0.9:41234");
  message.set_session_id(26);
  message.set_event(3);
  message.set_reason("bad header name");
  message.set_position(18);
  message.set_bytes("GET / HTTP/1.1\r\nba d: 1\r\n\r\n");
  return message;
}

v1::BadMessage ResponseOf(const std::string& backend, const std::string& server) {
  v1::BadMessage message = RequestTo("web");
  message.set_is_response(true);
  message.set_backend(backend);
  message.set_server(server);
  return message;
}

class BadMessagesDump : public ::testing::Test {
 protected:
  std::string Dump(const BadMessageFilter& filter = {}) {
    std::string text;
    backend_.GetView(RuntimeBackend::Needs::kConfigAndStates, [&](const RuntimeView& view) {
      text = DumpBadMessages(*view.snapshot, backend_.bad_messages, filter, 0);
    });
    return text.substr(text.find('\n') + 1);  // the first line is about now
  }
  // How many entries a filter lets pass.
  size_t Count(const BadMessageFilter& filter) {
    const std::string text = Dump(filter);
    size_t count = 0;
    for (size_t at = 0; (at = text.find(": invalid ", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  FakeBackend backend_;
};

TEST_F(BadMessagesDump, ShowsWhoseItWasAndWhereItIsWrong) {
  backend_.bad_messages.messages = {RequestTo("web")};
  const std::string text = Dump();
  EXPECT_EQ(text.substr(text.find(']')),
            "] frontend web (#2): invalid request\n"
            "  backend <NONE> (#-1), server <NONE> (#-1), event #3, src 10.0.0.9:41234\n"
            "  data plane a, session 0x1a, HTTP/1\n"
            "  len 27, error at position 18: bad header name\n"
            "  \n"
            "  00000  GET / HTTP/1.1\\r\\n\n"
            "  00016  ba d: 1\\r\\n\n"
            "  00025  \\r\\n\n");
}

TEST_F(BadMessagesDump, OfAResponseTheBackendComesFirst) {
  backend_.bad_messages.messages = {ResponseOf("app", "s2")};
  const std::string text = Dump();
  EXPECT_EQ(text.substr(text.find(']'), 80),
            "] backend app (#3): invalid response\n  frontend web (#2), server s2 (#2), event ");
}

TEST_F(BadMessagesDump, AMessageWithoutBytesHasAReasonOnly) {
  backend_.bad_messages.messages = {RequestTo("web")};
  backend_.bad_messages.messages[0].clear_bytes();
  backend_.bad_messages.messages[0].set_is_http2(true);
  EXPECT_NE(Dump().find("session 0x1a, HTTP/2\n  bad header name\n"), std::string::npos);
}

TEST_F(BadMessagesDump, FiltersByProxyAndKind) {
  backend_.bad_messages.messages = {ResponseOf("app", "s1"), RequestTo("web"),
                                    RequestTo("gone", "b")};
  EXPECT_EQ(Count({}), 3u);
  EXPECT_EQ(Count({.proxy = 2}), 2u) << "what came in by the frontend";
  EXPECT_EQ(Count({.proxy = 3}), 1u);
  EXPECT_EQ(Count({.proxy = 99}), 0u);
  EXPECT_EQ(Count({.proxy = 2, .responses = false}), 1u);
  EXPECT_EQ(Count({.requests = false}), 1u);
}

TEST_F(BadMessagesDump, SortsByProxyThenNode) {
  backend_.bad_messages.messages = {ResponseOf("app", "s1"), RequestTo("web", "b"),
                                    RequestTo("web", "a")};
  const std::string text = Dump();
  EXPECT_LT(text.find("data plane a"), text.find("data plane b"));
  EXPECT_LT(text.find("data plane b"), text.find("backend app (#3): invalid response"));
}

TEST(BadMessageBytes, AreBrokenAndEscapedAsHaproxyDoes) {
  EXPECT_EQ(DumpBytes(""), "");
  EXPECT_EQ(DumpBytes("a\tb\x1b\\\x01\x7f\xff\r\nb"),
            "  00000  a\\tb\\e\\\\\\x01\\x7F\\xFF\\r\\n\n  00010  b\n");
  EXPECT_EQ(DumpBytes(std::string(71, 'x') + "\n"),
            "  00000  " + std::string(70, 'x') + "\n  00070+ x\\n\n");
  EXPECT_EQ(DumpBytes(std::string(69, 'x') + "\n"),
            "  00000  " + std::string(69, 'x') + "\n  00069+ \\n\n")
      << "an escape is never broken";
}

}  // namespace
}  // namespace lb::service
