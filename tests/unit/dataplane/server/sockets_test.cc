#include "dataplane/server/sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/net/socket.h"
#include "tests/testing/free_port.h"
#include "tests/testing/temp_dir.h"

namespace lb::server {
namespace {

using testing::FreePort;
using ::testing::HasSubstr;

Address Loopback(uint16_t port) { return *Address::FromIp("127.0.0.1", port); }

class SocketsTest : public ::testing::Test {
 protected:
  static proxy::BindConfig Bind(const Address& address) {
    proxy::BindConfig bind;
    bind.address = address;
    bind.key = address.ToString();
    bind.label = address.ToString();
    bind.options.backlog = 16;
    return bind;
  }
  static proxy::Config ConfigOf(std::vector<proxy::BindConfig> binds) {
    auto frontend = std::make_shared<proxy::FrontendConfig>();
    frontend->name = "www";
    frontend->binds = std::move(binds);
    proxy::Config config;
    config.frontends.push_back(std::move(frontend));
    return config;
  }
  // Prepares and commits; the listen points.
  std::vector<ListenPoint> Serve(std::vector<proxy::BindConfig> binds) {
    std::optional<Problem> problem = sockets_.Prepare(ConfigOf(std::move(binds)));
    EXPECT_FALSE(problem.has_value()) << problem->ToString();
    std::vector<ListenPoint> points = sockets_.Commit();
    sockets_.ReleaseUnused();
    return points;
  }
  static bool CanConnect(const Address& address) {
    UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.sa(), address.length()) == 0;
  }

  Sockets sockets_{2};
};

TEST_F(SocketsTest, NobodyCanConnectBeforeTheCommit) {
  const Address address = Loopback(FreePort());
  ASSERT_FALSE(sockets_.Prepare(ConfigOf({Bind(address)})).has_value());
  EXPECT_FALSE(CanConnect(address));
  std::vector<ListenPoint> points = sockets_.Commit();
  EXPECT_TRUE(CanConnect(address));
  ASSERT_EQ(points.size(), 1u);
  EXPECT_NE(sockets_.fd(points[0].key, 0), sockets_.fd(points[0].key, 1));
}

TEST_F(SocketsTest, APortInUseIsRefusedByNameAndChangesNothing) {
  const Address served = Loopback(FreePort());
  Serve({Bind(served)});
  // Sharing the port by SO_REUSEPORT is refused as well.
  absl::StatusOr<UniqueFd> foreign = net::Listen(Loopback(0), {});
  ASSERT_TRUE(foreign.ok());
  const Address taken = Address::LocalOf(foreign->get());
  const Address wanted = Loopback(FreePort());
  std::optional<Problem> problem =
      sockets_.Prepare(ConfigOf({Bind(served), Bind(wanted), Bind(taken)}));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->resource, "frontend www, bind " + taken.ToString());
  EXPECT_EQ(problem->reason, "Address already in use");
  EXPECT_TRUE(CanConnect(served));
  EXPECT_TRUE(net::Listen(wanted, {}).ok());  // given back
}

TEST_F(SocketsTest, AbortGivesBackWhatWasTaken) {
  const Address address = Loopback(FreePort());
  ASSERT_FALSE(sockets_.Prepare(ConfigOf({Bind(address)})).has_value());
  sockets_.Abort();
  EXPECT_TRUE(net::Listen(address, {}).ok());
}

TEST_F(SocketsTest, WhatStaysKeepsItsSocketsAndWhatGoesIsClosed) {
  const Address stays = Loopback(FreePort());
  const Address goes = Loopback(FreePort());
  Serve({Bind(stays), Bind(goes)});
  const int fd = sockets_.fd(stays.ToString(), 1);
  ASSERT_FALSE(sockets_.Prepare(ConfigOf({Bind(stays)})).has_value());
  EXPECT_EQ(sockets_.Commit().size(), 1u);
  EXPECT_TRUE(CanConnect(goes));  // until the workers have let go of it
  sockets_.ReleaseUnused();
  EXPECT_FALSE(CanConnect(goes));
  EXPECT_EQ(sockets_.fd(stays.ToString(), 1), fd);
  EXPECT_TRUE(CanConnect(stays));
}

TEST_F(SocketsTest, OurOwnSocketsAreNotInTheWayOfTheirSuccessors) {
  const uint16_t port = FreePort();
  Serve({Bind(Loopback(port))});
  Serve({Bind(*Address::FromIp("*", port))});
  EXPECT_TRUE(CanConnect(Loopback(port)));
}

TEST_F(SocketsTest, TheSameAddressTwiceHasSocketsTwice) {
  const Address address = Loopback(FreePort());
  std::vector<ListenPoint> points = Serve({Bind(address), Bind(address)});
  ASSERT_EQ(points.size(), 2u);
  EXPECT_NE(points[0].key, points[1].key);
  EXPECT_NE(sockets_.fd(points[0].key, 0), sockets_.fd(points[1].key, 0));
}

TEST_F(SocketsTest, ABacklogMayChangeUnderAListeningSocket) {
  const Address address = Loopback(FreePort());
  Serve({Bind(address)});
  const int fd = sockets_.fd(address.ToString(), 0);
  proxy::BindConfig bind = Bind(address);
  bind.options.backlog = 64;
  Serve({bind});
  EXPECT_EQ(sockets_.fd(address.ToString(), 0), fd);
  EXPECT_TRUE(CanConnect(address));
}

TEST_F(SocketsTest, PortZeroIsOneSocketForAllWorkers) {
  std::vector<ListenPoint> points = Serve({Bind(Loopback(0))});
  EXPECT_EQ(sockets_.fd(points[0].key, 0), sockets_.fd(points[0].key, 1));
}

TEST_F(SocketsTest, AUnixSocketAppearsWithTheCommitAndGoesWithTheBind) {
  testing::TempDir directory;
  const Address address = *Address::FromUnixPath(directory / "s");
  ASSERT_FALSE(sockets_.Prepare(ConfigOf({Bind(address)})).has_value());
  EXPECT_FALSE(std::filesystem::exists(directory / "s"));
  sockets_.Abort();
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  std::vector<ListenPoint> points = Serve({Bind(address)});
  EXPECT_TRUE(CanConnect(address));
  EXPECT_EQ(sockets_.fd(points[0].key, 0), sockets_.fd(points[0].key, 1));
  Serve({});
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(SocketsTest, AUnixSocketThatSomebodyReplacedIsNotRemoved) {
  testing::TempDir directory;
  const Address address = *Address::FromUnixPath(directory / "s");
  Serve({Bind(address)});
  absl::StatusOr<UniqueFd> successor = net::Listen(address, {});
  ASSERT_TRUE(successor.ok());
  Serve({});
  EXPECT_TRUE(CanConnect(address));
}

TEST_F(SocketsTest, AnInheritedDescriptorOutlivesItsBind) {
  absl::StatusOr<UniqueFd> inherited = net::BindSocket(Loopback(0), {});
  ASSERT_TRUE(inherited.ok());
  proxy::BindConfig bind;
  bind.inherited_fd = inherited->get();
  bind.key = "fd";
  bind.options.backlog = 16;
  Serve({bind});
  const Address address = Address::LocalOf(inherited->get());
  EXPECT_TRUE(CanConnect(address));
  Serve({});
  EXPECT_EQ(Address::LocalOf(inherited->get()), address);
}

TEST_F(SocketsTest, ADescriptorThatIsNoSocketIsRefused) {
  proxy::BindConfig bind;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  bind.inherited_fd = reader.get();
  bind.label = "fd@x";
  std::optional<Problem> problem = sockets_.Prepare(ConfigOf({bind}));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->resource, "frontend www, bind fd@x");
  EXPECT_THAT(problem->reason, HasSubstr("Socket operation on non-socket"));
}

}  // namespace
}  // namespace lb::server
