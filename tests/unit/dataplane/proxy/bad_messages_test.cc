#include "dataplane/proxy/bad_messages.h"

#include <gtest/gtest.h>

namespace lb::proxy {
namespace {

BadMessage Bad(const std::string& frontend, const std::string& bytes,
               const std::string& backend = "") {
  BadMessage message;
  message.frontend = frontend;
  message.backend = backend;
  message.is_response = !backend.empty();
  message.bytes = bytes;
  return message;
}

TEST(BadMessages, KeepsTheLastOfEachProxyAndKind) {
  BadMessages messages;
  EXPECT_TRUE(messages.All().empty());
  messages.Keep(Bad("web", "one"));
  messages.Keep(Bad("web", "two"));
  messages.Keep(Bad("web", "three", "app"));
  messages.Keep(Bad("api", "four", "app"));
  messages.Keep(Bad("app", "five"));  // a listen section is both
  EXPECT_EQ(messages.total(), 5u);
  std::map<std::string, uint64_t> kept;
  for (const BadMessage& message : messages.All()) kept[message.bytes] = message.event;
  EXPECT_EQ(kept, (std::map<std::string, uint64_t>{{"two", 1}, {"four", 3}, {"five", 4}}));
}

TEST(BadMessages, ForgetsThoseOfProxiesThatAreGone) {
  BadMessages messages;
  messages.Keep(Bad("web", "one"));
  messages.Keep(Bad("gone", "two"));
  messages.Keep(Bad("web", "three", "gone"));
  messages.Retain({"web", "app"});
  ASSERT_EQ(messages.All().size(), 1u);
  EXPECT_EQ(messages.All()[0].bytes, "one");
  EXPECT_EQ(messages.total(), 3u);
}

}  // namespace
}  // namespace lb::proxy
