// ScriptedServer: a server on a free loopback port that treats each connection as a script says,
// on a thread of its own, one connection after the other. For tests.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPTED_SERVER_H_
#define LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPTED_SERVER_H_

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/address.h"
#include "common/base/check.h"
#include "common/base/unique_fd.h"
#include "common/net/socket.h"

namespace lb::checks {

// The server's end of one connection; blocking, and over as soon as the server stops.
class Peer {
 public:
  Peer(int fd, const std::atomic<bool>* is_stopping) : fd_(fd), is_stopping_(is_stopping) {}

  // Reads until `end` has come, or the client has closed. Returns everything read by this call.
  std::string ReadUntil(const std::string& end) {
    std::string text;
    while (text.find(end) == std::string::npos && WaitReadable()) {
      char byte;
      if (recv(fd_, &byte, 1, 0) != 1) break;
      text.push_back(byte);
    }
    return text;
  }
  void Write(const std::string& text) { send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the client closes.
  void StayOpen() { ReadUntil("\xff\xff never sent"); }
  void Reset() { net::SetResetOnClose(fd_); }

 private:
  bool WaitReadable() {
    pollfd readable{fd_, POLLIN, 0};
    while (!*is_stopping_) {
      if (poll(&readable, 1, 20) > 0) return true;
    }
    return false;
  }

  int fd_;
  const std::atomic<bool>* is_stopping_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer*)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    absl::StatusOr<UniqueFd> fd =
        net::Listen(*Address::FromIp("127.0.0.1", 0), net::ListenOptions{});
    LB_CHECK(fd.ok());
    listener_ = std::move(*fd);
    address_ = Address::LocalOf(listener_.get()).ToString();
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedServer() {
    is_stopping_ = true;
    thread_.join();
  }

  const std::string& address() const { return address_; }
  int connections() const { return connections_; }

 private:
  void Serve() {
    pollfd readable{listener_.get(), POLLIN, 0};
    while (!is_stopping_) {
      if (poll(&readable, 1, 20) <= 0) continue;
      UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd.valid()) continue;
      ++connections_;
      Peer peer(fd.get(), &is_stopping_);
      script_(&peer);
    }
  }

  Script script_;
  UniqueFd listener_;
  std::string address_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// An address on which nothing listens, for as long as this lives.
class DeadAddress {
 public:
  DeadAddress() {
    absl::StatusOr<UniqueFd> fd =
        net::BindSocket(*Address::FromIp("127.0.0.1", 0), net::ListenOptions{});
    LB_CHECK(fd.ok());
    fd_ = std::move(*fd);
    address_ = Address::LocalOf(fd_.get()).ToString();
  }
  const std::string& address() const { return address_; }

 private:
  UniqueFd fd_;
  std::string address_;
};

// An address that never answers: its queue of connections is full.
class SilentAddress {
 public:
  SilentAddress() {
    net::ListenOptions options;
    options.backlog = 0;
    absl::StatusOr<UniqueFd> fd = net::Listen(*Address::FromIp("127.0.0.1", 0), options);
    LB_CHECK(fd.ok());
    fds_.push_back(std::move(*fd));
    const Address address = Address::LocalOf(fds_[0].get());
    address_ = address.ToString();
    for (int i = 0; i < 4; ++i) {
      absl::StatusOr<UniqueFd> filler = net::StartConnect(address, net::ConnectOptions{});
      LB_CHECK(filler.ok());
      fds_.push_back(std::move(*filler));
    }
  }
  const std::string& address() const { return address_; }

 private:
  std::vector<UniqueFd> fds_;
  std::string address_;
};

}  // namespace lb::checks

#endif  // LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPTED_SERVER_H_
