// TestPeer and TestServer: scripted ends of connections, for tests of what stands between them.
// Nothing here blocks: Poll() takes what has come. Any port is the kernel's choice.
#ifndef LB_TESTS_TESTING_TEST_PEER_H_
#define LB_TESTS_TESTING_TEST_PEER_H_

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/address.h"
#include "common/base/check.h"
#include "common/base/unique_fd.h"
#include "common/net/socket.h"

namespace lb::testing {

// One end of a connection.
class TestPeer {
 public:
  explicit TestPeer(UniqueFd fd) : fd_(std::move(fd)) {
    fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  }

  // Takes what has come, unless reading is paused.
  void Poll() {
    char space[65536];
    while (fd_.valid() && !is_paused && !ended) {
      const ssize_t n = ::recv(fd_.get(), space, sizeof(space), 0);
      if (n > 0) {
        received.append(space, static_cast<size_t>(n));
        continue;
      }
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      ended = true;
      was_reset = n < 0;
    }
  }
  // Sends all of it; the kernel's buffer must have room.
  void Send(std::string_view text) { LB_CHECK(TrySend(text) == text.size()); }
  // Sends what fits; returns how much.
  size_t TrySend(std::string_view text) {
    const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  void ShutdownWrite() { ::shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Reset(); }
  void Reset() {
    net::SetResetOnClose(fd_.get());
    Close();
  }
  int fd() const { return fd_.get(); }
  // What has come so far, and forgets it.
  std::string Take() { return std::exchange(received, ""); }

  std::string received;
  bool ended = false;      // the other side has closed or shut down
  bool was_reset = false;  // and not in order
  bool is_paused = false;  // a slow reader

 private:
  UniqueFd fd_;
};

// A listening socket on the loopback, and the connections it got.
class TestServer {
 public:
  TestServer() {
    absl::StatusOr<UniqueFd> fd =
        net::Listen(Address::FromIp("127.0.0.1", 0).value(), net::ListenOptions());
    LB_CHECK(fd.ok());
    fd_ = std::move(*fd);
    address = Address::LocalOf(fd_.get());
  }

  void Poll() {
    while (accepts) {
      UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd.valid()) break;
      connections.push_back(std::make_unique<TestPeer>(std::move(fd)));
    }
    for (const auto& connection : connections) connection->Poll();
  }
  TestPeer& operator[](size_t i) { return *connections.at(i); }
  TestPeer& last() { return *connections.back(); }
  size_t size() const { return connections.size(); }
  int fd() const { return fd_.get(); }

  Address address;
  bool accepts = true;
  std::vector<std::unique_ptr<TestPeer>> connections;

 private:
  UniqueFd fd_;
};

// An address whose port refuses connections while this lives: bound, and not listening.
class RefusingAddress {
 public:
  RefusingAddress() {
    net::ListenOptions options;
    options.reuse_port = false;
    absl::StatusOr<UniqueFd> fd = net::BindSocket(Address::FromIp("127.0.0.1", 0).value(), options);
    LB_CHECK(fd.ok());
    fd_ = std::move(*fd);
    address = Address::LocalOf(fd_.get());
  }
  Address address;

 private:
  UniqueFd fd_;
};

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_TEST_PEER_H_
