// bench_relay: a bare TCP byte relay, the floor a proxy is compared with. It parses nothing.
//
// One thread; each client gets its own upstream connection. Sockets are registered once, edge
// triggered; a recv() shorter than its buffer counts as drained, so the usual request costs one
// recv() and one send() each way, which is the least that moving it can cost.

#include <getopt.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "bench/socket.h"

namespace lb::bench {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

struct Pair;

// One socket of a pair, and the bytes that wait to leave by it.
struct Side {
  int fd = -1;
  Pair* pair = nullptr;
  std::string pending;
  bool saw_end = false;      // the peer will send no more
  bool sent_end = false;     // we shut our writing down
  bool is_readable = false;  // more may be waiting in the kernel
};

struct Pair {
  Side client;
  Side server;
  bool is_dead = false;
};

class Relay {
 public:
  Relay(const sockaddr_in& address, const sockaddr_in& target)
      : target_(target), epoll_(CreateEpoll()), listener_(Listen(address)) {
    EpollAdd(epoll_, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void Run() {
    epoll_event events[256];
    while (true) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        auto* side = static_cast<Side*>(events[i].data.ptr);
        if (side == nullptr) {
          Accept();
        } else if (!side->pair->is_dead) {
          OnReady(*side, events[i].events);
        }
      }
      // Freed only after the batch: a later event of it may name the other side.
      for (Pair* pair : dead_) delete pair;
      dead_.clear();
    }
  }

 private:
  void Accept() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int upstream = StartConnect(target_);
      if (upstream < 0) {
        close(fd);
        continue;
      }
      SetNoDelay(fd);
      auto* pair = new Pair;
      pair->client = {.fd = fd, .pair = pair};
      pair->server = {.fd = upstream, .pair = pair};
      EpollAdd(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &pair->client);
      EpollAdd(epoll_, upstream, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &pair->server);
    }
  }

  static Side& Other(Side& side) {
    return &side == &side.pair->client ? side.pair->server : side.pair->client;
  }

  void OnReady(Side& side, uint32_t events) {
    if (events & EPOLLERR) return Kill(*side.pair);
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) {
      side.is_readable = true;
      if (!Pump(side, Other(side), (events & EPOLLRDHUP) != 0)) return Kill(*side.pair);
    }
    if ((events & EPOLLOUT) && (!side.pending.empty() || Other(side).is_readable)) {
      if (!FlushPending(side)) return Kill(*side.pair);
      if (side.pending.empty() && !Pump(Other(side), side, /*expects_end=*/true)) {
        return Kill(*side.pair);
      }
    }
    if (side.pair->client.sent_end && side.pair->server.sent_end) Kill(*side.pair);
  }

  // Moves bytes while both sides allow. False when the pair must end. With `expects_end` a short
  // read is not taken for a drained socket, because the end of stream gives no second event.
  bool Pump(Side& from, Side& to, bool expects_end) {
    while (from.is_readable && to.pending.empty() && !from.saw_end) {
      const ssize_t count = recv(from.fd, buffer_, sizeof(buffer_), 0);
      if (count < 0) {
        if (errno != EAGAIN) return false;
        from.is_readable = false;
        break;
      }
      if (count == 0) {
        from.saw_end = true;
        break;
      }
      if (count < static_cast<ssize_t>(sizeof(buffer_)) && !expects_end) from.is_readable = false;
      if (!Send(to, {buffer_, static_cast<size_t>(count)})) return false;
    }
    return PassEnd(from, to);
  }

  static bool PassEnd(const Side& from, Side& to) {
    if (from.saw_end && to.pending.empty() && !to.sent_end) {
      shutdown(to.fd, SHUT_WR);
      to.sent_end = true;
    }
    return true;
  }

  static bool Send(Side& to, std::string_view bytes) {
    const ssize_t sent = send(to.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) return false;
    const size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
    if (taken < bytes.size()) to.pending.assign(bytes.substr(taken));
    return true;
  }

  static bool FlushPending(Side& side) {
    if (side.pending.empty()) return true;
    const ssize_t sent = send(side.fd, side.pending.data(), side.pending.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    side.pending.erase(0, static_cast<size_t>(sent));
    return true;
  }

  void Kill(Pair& pair) {
    if (pair.is_dead) return;
    pair.is_dead = true;
    close(pair.client.fd);
    close(pair.server.fd);
    dead_.push_back(&pair);
  }

  const sockaddr_in target_;
  const int epoll_;
  const int listener_;
  std::vector<Pair*> dead_;
  char buffer_[kBufferBytes];
};

int Main(int argc, char** argv) {
  static const option kOptions[] = {
      {"listen", required_argument, nullptr, 'l'}, {"to", required_argument, nullptr, 't'}, {}};
  std::string address;
  std::string target;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == '?') return 2;
    (c == 'l' ? address : target) = optarg;
  }
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  static Relay relay(ParseAddress(address), ParseAddress(target));
  relay.Run();
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
