#include "common/net/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace lb::net {
namespace {

Address Loopback(uint16_t port = 0) { return *Address::FromIp("127.0.0.1", port); }

class SocketTest : public ::testing::Test {
 protected:
  SocketTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "socket.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SocketTest() override { std::filesystem::remove_all(folder_); }

  // The errno of a connection to `address`.
  int Connect(const Address& address) {
    absl::StatusOr<UniqueFd> fd = StartConnect(address, ConnectOptions{});
    if (!fd.ok()) return -1;
    pollfd writable{fd->get(), POLLOUT, 0};
    EXPECT_EQ(poll(&writable, 1, 10'000), 1);
    return ConnectError(fd->get());
  }

  std::string folder_;
};

TEST_F(SocketTest, ListensAndConnects) {
  absl::StatusOr<UniqueFd> fd = Listen(Loopback(), ListenOptions{});
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(Connect(Address::LocalOf(fd->get())), 0);
  EXPECT_NE(fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SocketTest, ABoundSocketRefusesUntilItListens) {
  ListenOptions options;
  absl::StatusOr<UniqueFd> fd = BindSocket(Loopback(), options);
  ASSERT_TRUE(fd.ok());
  const Address address = Address::LocalOf(fd->get());
  EXPECT_NE(Connect(address), 0);
  ASSERT_TRUE(StartListening(fd->get(), address, options).ok());
  EXPECT_EQ(Connect(address), 0);
}

TEST_F(SocketTest, ANamespaceThatIsNotThereIsNamed) {
  ListenOptions options;
  options.network_namespace = "lb-test-nowhere";
  absl::StatusOr<UniqueFd> fd = BindSocket(Loopback(), options);
  ASSERT_FALSE(fd.ok());
  EXPECT_NE(fd.status().message().find("namespace lb-test-nowhere"), std::string::npos);
  options.network_namespace.clear();
  EXPECT_TRUE(BindSocket(Loopback(), options).ok()) << "the thread is where it was";
}

TEST_F(SocketTest, TellsWhenAnAddressIsTaken) {
  ListenOptions alone;
  alone.reuse_port = false;
  absl::StatusOr<UniqueFd> fd = Listen(Loopback(), alone);
  ASSERT_TRUE(fd.ok());
  const Address address = Address::LocalOf(fd->get());
  absl::Status status = Listen(address, ListenOptions{}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(), address.ToString() + ": Address already in use");
}

TEST_F(SocketTest, SharedAddressesAreSeenAsTakenToo) {
  absl::StatusOr<UniqueFd> fd = Listen(Loopback(), ListenOptions{});
  ASSERT_TRUE(fd.ok());
  const Address address = Address::LocalOf(fd->get());
  EXPECT_TRUE(Listen(address, ListenOptions{}).ok()) << "SO_REUSEPORT";
  EXPECT_EQ(CheckAddressFree(address, ListenOptions{}).code(), absl::StatusCode::kAlreadyExists);
  fd->Reset();
  EXPECT_TRUE(CheckAddressFree(address, ListenOptions{}).ok());
}

TEST_F(SocketTest, AUnixSocketReplacesItsPredecessorWhenItListens) {
  const Address address = *Address::FromUnixPath(folder_ + "/s");
  ListenOptions options;
  options.mode = 0600;
  absl::StatusOr<UniqueFd> old = Listen(address, options);
  ASSERT_TRUE(old.ok()) << old.status();
  struct stat before {};
  ASSERT_EQ(stat(address.UnixPath().c_str(), &before), 0);
  EXPECT_EQ(before.st_mode & 0777, 0600u);

  absl::StatusOr<UniqueFd> next = BindSocket(address, options);
  ASSERT_TRUE(next.ok()) << next.status();
  struct stat still {};
  ASSERT_EQ(stat(address.UnixPath().c_str(), &still), 0);
  EXPECT_EQ(still.st_ino, before.st_ino) << "the predecessor answers until then";

  ASSERT_TRUE(StartListening(next->get(), address, options).ok());
  ASSERT_EQ(stat(address.UnixPath().c_str(), &still), 0);
  EXPECT_NE(still.st_ino, before.st_ino);
  EXPECT_EQ(Connect(address), 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1)
      << "no temporary name stays behind";
}

TEST_F(SocketTest, SaysWhenAnOwnerIsUnknown) {
  ListenOptions options;
  options.user = "nobody-of-that-name";
  const Address address = *Address::FromUnixPath(folder_ + "/s");
  EXPECT_EQ(BindSocket(address, options).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SocketTest, ConnectsFromAConfiguredSource) {
  absl::StatusOr<UniqueFd> listener = Listen(Loopback(), ListenOptions{});
  ASSERT_TRUE(listener.ok());
  ConnectOptions options;
  options.source = *Address::FromIp("127.0.0.9", 0);
  absl::StatusOr<UniqueFd> fd = StartConnect(Address::LocalOf(listener->get()), options);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(Address::LocalOf(fd->get()).Ip(), "127.0.0.9");
}

TEST_F(SocketTest, TellsWhyAConnectionFailed) {
  absl::StatusOr<UniqueFd> bound = BindSocket(Loopback(), ListenOptions{});
  ASSERT_TRUE(bound.ok());
  const int error = Connect(Address::LocalOf(bound->get()));
  EXPECT_TRUE(error == ECONNREFUSED || error == -1);
  EXPECT_EQ(
      StartConnect(*Address::FromUnixPath(folder_ + "/none"), ConnectOptions{}).status().message(),
      "unix:" + folder_ + "/none: No such file or directory");
}

TEST_F(SocketTest, TellsWhatHasBecomeOfAnAttempt) {
  absl::StatusOr<UniqueFd> bound = BindSocket(Loopback(), ListenOptions{});
  ASSERT_TRUE(bound.ok());
  const Address address = Address::LocalOf(bound->get());
  absl::StatusOr<UniqueFd> refused = StartConnect(address, ConnectOptions{});
  if (refused.ok()) {  // the kernel may say it at once
    pollfd ended{refused->get(), POLLOUT, 0};
    ASSERT_EQ(poll(&ended, 1, 10'000), 1);
    EXPECT_EQ(ConnectOutcome(refused->get()), ECONNREFUSED);
  }

  ASSERT_TRUE(StartListening(bound->get(), address, ListenOptions{}).ok());
  absl::StatusOr<UniqueFd> made = StartConnect(address, ConnectOptions{});
  ASSERT_TRUE(made.ok());
  pollfd ended{made->get(), POLLOUT, 0};
  ASSERT_EQ(poll(&ended, 1, 10'000), 1);
  EXPECT_EQ(ConnectOutcome(made->get()), 0);
}

TEST_F(SocketTest, V6OnlyLeavesTheV4AddressFree) {
  ListenOptions options;
  options.v6only = true;
  options.reuse_port = false;
  absl::StatusOr<UniqueFd> v6 = Listen(*Address::FromIp("::", 0), options);
  if (!v6.ok()) GTEST_SKIP() << "no IPv6 here";
  const uint16_t port = Address::LocalOf(v6->get()).port();
  EXPECT_TRUE(Listen(*Address::FromIp("0.0.0.0", port), options).ok());
}

TEST_F(SocketTest, AcknowledgementsAreDelayedOnRequest) {
  const auto is_quick = [](int fd) {
    int value = -1;
    socklen_t length = sizeof(value);
    EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &value, &length), 0);
    return value != 0;
  };
  absl::StatusOr<UniqueFd> listener = Listen(Loopback(), ListenOptions{});
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(is_quick(listener->get()));
  DelayAck(listener->get(), true);
  EXPECT_FALSE(is_quick(listener->get()));
}

}  // namespace
}  // namespace lb::net
