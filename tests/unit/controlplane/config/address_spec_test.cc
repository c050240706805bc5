#include "controlplane/config/address_spec.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Environment Names() {
  Environment env;
  env.resolve = [](std::string_view host) -> absl::StatusOr<std::vector<Address>> {
    if (host != "dual") return absl::NotFoundError("no such name");
    return std::vector<Address>{*Address::FromIp("2001:db8::1", 0),
                                *Address::FromIp("192.0.2.1", 0)};
  };
  return env;
}

TEST(BindAddress, ReadsEveryForm) {
  struct Case {
    const char* text;
    std::string address;
  };
  for (const Case& c : std::vector<Case>{{":80", "0.0.0.0:80"},
                                         {"*:80", "0.0.0.0:80"},
                                         {"ipv4@:80", "0.0.0.0:80"},
                                         {"ipv6@:80", "[::]:80"},
                                         {"ipv6@*:80", "[::]:80"},
                                         {":::80", "[::]:80"},
                                         {"[::]:80", "[::]:80"},
                                         {"::1:80", "[::1]:80"},
                                         {"127.0.0.1:80", "127.0.0.1:80"},
                                         {"dual:80", "[2001:db8::1]:80"},
                                         {"ipv4@dual:80", "192.0.2.1:80"},
                                         {"unix@/run/x", "unix:/run/x"},
                                         {"/run/x", "unix:/run/x"},
                                         {"abns@x", "unix:@x"},
                                         {"fd@3", "fd:3"}}) {
    const auto addresses = ParseBindAddress(c.text, Names());
    ASSERT_TRUE(addresses.ok()) << c.text << ": " << addresses.status();
    EXPECT_THAT(*addresses, ElementsAre(c.address)) << c.text;
  }
}

TEST(BindAddress, ExpandsVariablesAsHaproxyDoes) {
  Environment env = Names();
  env.getenv = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HOST") return "127.0.0.1";
    if (name == "PORT_1") return "80";
    return std::nullopt;
  };
  struct Case {
    const char* text;
    const char* address;  // empty: refused
  };
  for (const Case& c : std::vector<Case>{{"${HOST}:${PORT_1}", "127.0.0.1:80"},
                                         {"$HOST:$PORT_1", "127.0.0.1:80"},
                                         {"${HOST}:8${UNSET}1", "127.0.0.1:81"},
                                         {"${UNSET}:80", "0.0.0.0:80"},
                                         {"${HOST}:${PORT_1", "127.0.0.1:80"},
                                         {"${HOST}:80$", "127.0.0.1:80"},
                                         {"/run/${HOST}/${PORT_1}", "unix:/run/127.0.0.1/80"},
                                         {"${HOST}x:80", ""},
                                         {"${HOST-::1}:80", ""},
                                         {"${HOST}:${HOST}", ""}}) {
    const auto addresses = ParseBindAddress(c.text, env);
    EXPECT_EQ(addresses.ok() ? addresses->at(0) : "", c.address) << c.text;
  }
  EXPECT_THAT(ParseBindAddress("${HOST}:${UNSET}", env).status().message(),
              HasSubstr("environment variable 'UNSET' is not set"));
}

TEST(BindAddress, ExpandsPortRanges) {
  const auto addresses = ParseBindAddress("[::1]:80-82", Names());
  ASSERT_TRUE(addresses.ok());
  EXPECT_THAT(*addresses, ElementsAre("[::1]:80", "[::1]:81", "[::1]:82"));
}

TEST(BindAddress, RefusesWhatCannotListen) {
  for (const char* text :
       {"10.0.0.1", ":", ":0", ":65536", ":9-8", ":1-65536", "nope:80", "[::1:80", "ipv4@[::1]:80",
        "udp@:80", "x@:80", "fd@", "fd@-1", "unix@", ":80x"}) {
    EXPECT_FALSE(ParseBindAddress(text, Names()).ok()) << text;
  }
}

TEST(ServerAddress, ReadsEveryForm) {
  struct Case {
    const char* text;
    const char* address;
    bool is_offset;
    int offset;
    const char* hostname;
  };
  for (const Case& c : std::vector<Case>{{"10.0.0.1:80", "10.0.0.1:80", false, 0, ""},
                                         {"10.0.0.1", "10.0.0.1:0", true, 0, ""},
                                         {"10.0.0.1:", "10.0.0.1:0", true, 0, ""},
                                         {"10.0.0.1:+5", "10.0.0.1:0", true, 5, ""},
                                         {"10.0.0.1:-5", "10.0.0.1:0", true, -5, ""},
                                         {"[::1]", "[::1]:0", true, 0, ""},
                                         {"dual:80", "[2001:db8::1]:80", false, 0, "dual"},
                                         {"ipv4@dual", "192.0.2.1:0", true, 0, "dual"},
                                         {"unix@/run/x", "unix:/run/x", false, 0, ""}}) {
    const auto address = ParseServerAddress(c.text, Names());
    ASSERT_TRUE(address.ok()) << c.text << ": " << address.status();
    EXPECT_EQ(address->text, c.address) << c.text;
    EXPECT_EQ(address->is_offset, c.is_offset) << c.text;
    EXPECT_EQ(address->offset, c.offset) << c.text;
    EXPECT_EQ(address->hostname, c.hostname) << c.text;
  }
}

TEST(ServerAddress, RefusesWhatCannotBeReached) {
  for (const char* text : {"", ":80", "nope:80", "10.0.0.1:0", "10.0.0.1:x", "10.0.0.1:+x",
                           "10.0.0.1:99999", "ipv6@10.0.0.1:80", "tcp@10.0.0.1:80"}) {
    EXPECT_FALSE(ParseServerAddress(text, Names()).ok()) << text;
  }
}

TEST(LogAddress, ReadsEveryForm) {
  struct Case {
    const char* text;
    std::string address;
  };
  for (const Case& c : std::vector<Case>{{"127.0.0.1", "127.0.0.1:514"},
                                         {"127.0.0.1:1514", "127.0.0.1:1514"},
                                         {"[::1]", "[::1]:514"},
                                         {"udp@127.0.0.1:1", "127.0.0.1:1"},
                                         {"ipv4@dual", "192.0.2.1:514"},
                                         {"/dev/log", "unix:/dev/log"},
                                         {"stdout", "stdout"},
                                         {"stderr", "stderr"},
                                         {"fd@2", "fd@2"}}) {
    const auto address = ParseLogAddress(c.text, Names());
    ASSERT_TRUE(address.ok()) << c.text << ": " << address.status();
    EXPECT_EQ(*address, c.address) << c.text;
  }
  for (const char* text : {"", ":514", "ring@x", "tcp@1.2.3.4:5", "nope", "127.0.0.1:x"}) {
    EXPECT_FALSE(ParseLogAddress(text, Names()).ok()) << text;
  }
}

}  // namespace
}  // namespace lb::config
