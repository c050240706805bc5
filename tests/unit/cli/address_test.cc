#include "cli/address.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/base/address.h"
#include "common/base/unique_fd.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;

class AddressTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/lb_address_test.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Makes the socket of one daemon, listening or left behind.
  void AddDaemon(const std::string& name, bool is_listening) {
    std::filesystem::create_directory(root_ + "/" + name);
    const auto address = Address::FromUnixPath(root_ + "/" + name + "/admin.sock");
    ASSERT_TRUE(address.ok());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(fd.get(), address->sa(), address->length()), 0);
    if (!is_listening) return;
    ASSERT_EQ(::listen(fd.get(), 4), 0);
    listeners_.push_back(std::move(fd));
  }

  std::string root_;
  std::vector<UniqueFd> listeners_;
};

TEST_F(AddressTest, TakesTheOneDaemonThatRuns) {
  AddDaemon("dead", /*is_listening=*/false);
  AddDaemon("alive", /*is_listening=*/true);
  std::filesystem::create_directory(root_ + "/empty");
  const auto address = DefaultAddress(root_);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(*address, "unix:" + root_ + "/alive/admin.sock");
}

TEST_F(AddressTest, NamesAllWhenSeveralRun) {
  AddDaemon("a", /*is_listening=*/true);
  AddDaemon("b", /*is_listening=*/true);
  const auto address = DefaultAddress(root_);
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(address.status().message()), HasSubstr("/a/admin.sock"));
  EXPECT_THAT(std::string(address.status().message()), HasSubstr("/b/admin.sock"));
}

TEST_F(AddressTest, SaysSoWhenNoneRuns) {
  AddDaemon("dead", /*is_listening=*/false);
  EXPECT_EQ(DefaultAddress(root_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DefaultAddress(root_ + "/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(ParseAddress, TakesUnixPathsAndHostsWithPorts) {
  for (const char* good : {"unix:/a/b", "unix:b", "localhost:1", "127.0.0.1:5555", "[::1]:5555"}) {
    EXPECT_TRUE(ParseAddress(good).ok()) << good;
  }
  for (const char* bad : {"", "unix:", "localhost", ":80", "host:", "host:http"}) {
    EXPECT_FALSE(ParseAddress(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace lb::cli
