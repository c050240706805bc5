// bench_origin: the server behind every proxy of the benchmark. One thread, one epoll set.
//
//   --http A:P   HTTP/1.1. "GET /N" answers N body bytes; keep-alive unless the request says
//                "Connection: close". Every reply names the origin in X-Origin.
//   --echo A:P   TCP: what comes in goes out (ping-pong).
//   --bulk A:P   TCP: each line "N\n" is answered by N bytes.
//
// Small replies are one send() of prepared bytes. Large bodies leave by sendfile() from memory, so
// that the origin stays far from being the bottleneck.

#include <getopt.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bench/socket.h"

namespace lb::bench {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kBodyFileBytes = 1024 * 1024;
constexpr size_t kInlineBodyBytes = 16 * 1024;

// Edge triggered: a ready socket is polled once, not again at the next wait. Everything is
// registered once for both directions.
constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

enum class Service { kHttp, kEcho, kBulk };

// A listener (`is_listener`) or one accepted connection. Owned by the epoll set: freed on close.
struct Endpoint {
  int fd;
  Service service;
  bool is_listener;
  bool close_after_reply = false;
  std::string input;        // a request that has not arrived whole
  std::string output;       // bytes a full socket buffer did not take
  uint64_t body_left = 0;   // bytes still to sendfile() after `output`
  bool is_writing = false;  // a reply waits for room; reads are paused
  bool has_unread = false;  // bytes may have come while reads were paused
};

class Origin {
 public:
  explicit Origin(std::string name) : name_(std::move(name)), epoll_(CreateEpoll()) {
    body_file_ = memfd_create("body", MFD_CLOEXEC);
    const std::string body(kBodyFileBytes, 'x');
    if (body_file_ < 0 ||
        write(body_file_, body.data(), body.size()) != static_cast<ssize_t>(body.size())) {
      Die("memfd");
    }
  }

  void AddListener(const sockaddr_in& address, Service service) {
    const int fd = Listen(address);
    EpollAdd(epoll_, fd, EPOLLIN, new Endpoint{.fd = fd, .service = service, .is_listener = true});
  }

  [[noreturn]] void Run() {
    epoll_event events[256];
    while (true) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        auto* endpoint = static_cast<Endpoint*>(events[i].data.ptr);
        if (endpoint->is_listener) {
          Accept(*endpoint);
        } else if (!OnReady(*endpoint, events[i].events)) {
          close(endpoint->fd);
          delete endpoint;
        }
      }
    }
  }

 private:
  void Accept(const Endpoint& listener) {
    while (true) {
      const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      SetNoDelay(fd);
      EpollAdd(epoll_, fd, kEvents,
               new Endpoint{.fd = fd, .service = listener.service, .is_listener = false});
    }
  }

  // All handlers return false when the connection is over.
  bool OnReady(Endpoint& e, uint32_t events) {
    if (e.is_writing) {
      if (!Flush(e)) return false;
      if (!e.is_writing && e.close_after_reply) return false;
    }
    // A short read has drained the socket, unless the peer's end is already behind it.
    const bool has_end = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    bool more = (events & EPOLLIN) != 0 || e.has_unread;
    // Reads wait while a reply is stuck; its Flush comes back here.
    while (more && !e.is_writing) {
      const ssize_t count = recv(e.fd, buffer_, sizeof(buffer_), 0);
      if (count < 0 && errno == EAGAIN) break;
      if (count <= 0 || !OnBytes(e, {buffer_, static_cast<size_t>(count)})) return false;
      more = has_end || count == static_cast<ssize_t>(sizeof(buffer_));
    }
    e.has_unread = e.is_writing;
    return true;
  }

  bool OnBytes(Endpoint& e, std::string_view bytes) {
    switch (e.service) {
      case Service::kEcho:
        return Reply(e, bytes, /*body_bytes=*/0);
      case Service::kHttp:
        return ServeMessages(e, bytes, "\r\n\r\n");
      case Service::kBulk:
        return ServeMessages(e, bytes, "\n");
    }
    return false;
  }

  // Answers each whole message (up to and with `terminator`) of the input so far.
  bool ServeMessages(Endpoint& e, std::string_view bytes, std::string_view terminator) {
    if (!e.input.empty()) {
      e.input.append(bytes);
      bytes = e.input;
    }
    size_t end;
    while ((end = bytes.find(terminator)) != std::string_view::npos) {
      const std::string_view message = bytes.substr(0, end + terminator.size());
      const bool go_on =
          e.service == Service::kHttp ? ServeHttp(e, message) : ServeBulk(e, message);
      if (!go_on) return false;
      bytes.remove_prefix(message.size());
    }
    e.input = std::string(bytes);
    return true;
  }

  bool ServeHttp(Endpoint& e, std::string_view head) {
    uint64_t body_bytes = 0;
    const size_t slash = head.find('/');
    if (slash != std::string_view::npos) {
      std::from_chars(head.data() + slash + 1, head.data() + head.size(), body_bytes);
    }
    e.close_after_reply = head.find("onnection: close\r\n") != std::string_view::npos;
    const bool is_inline = body_bytes <= kInlineBodyBytes;
    return Reply(e, HttpReply(body_bytes, e.close_after_reply), is_inline ? 0 : body_bytes);
  }

  bool ServeBulk(Endpoint& e, std::string_view line) {
    uint64_t body_bytes = 0;
    std::from_chars(line.data(), line.data() + line.size(), body_bytes);
    return Reply(e, {}, body_bytes);
  }

  // The prepared head, with the body itself when it is small.
  const std::string& HttpReply(uint64_t body_bytes, bool closes) {
    std::string& reply = replies_[body_bytes * 2 + (closes ? 1 : 0)];
    if (reply.empty()) {
      reply = "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nX-Origin: " + name_ +
              "\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n" +
              (closes ? "Connection: close\r\n\r\n" : "\r\n");
      if (body_bytes <= kInlineBodyBytes) reply.append(body_bytes, 'x');
    }
    return reply;
  }

  // Sends `bytes` and then `body_bytes` from the body file, now or as the socket drains.
  bool Reply(Endpoint& e, std::string_view bytes, uint64_t body_bytes) {
    // A pipelined request while the earlier reply is stuck: no peer of the benchmark does this.
    if (e.is_writing) return false;
    if (!bytes.empty()) {
      const int more = body_bytes > 0 ? MSG_MORE : 0;
      ssize_t sent = send(e.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | more);
      if (sent < 0) {
        if (errno != EAGAIN) return false;
        sent = 0;
      }
      e.output = std::string(bytes.substr(static_cast<size_t>(sent)));
    }
    e.body_left = body_bytes;
    if (e.output.empty() && e.body_left == 0) return !e.close_after_reply;
    return Flush(e) && (e.is_writing || !e.close_after_reply);
  }

  // Sends what is left; `is_writing` says whether some still is. False on a dead socket.
  bool Flush(Endpoint& e) {
    bool is_blocked = false;
    while (!is_blocked && (!e.output.empty() || e.body_left > 0)) {
      const ssize_t sent = SendSome(e);
      if (sent < 0 && errno != EAGAIN) return false;
      is_blocked = sent < 0;
    }
    e.is_writing = is_blocked;
    return true;
  }

  ssize_t SendSome(Endpoint& e) {
    if (!e.output.empty()) {
      const ssize_t sent = send(e.fd, e.output.data(), e.output.size(), MSG_NOSIGNAL);
      if (sent > 0) e.output.erase(0, static_cast<size_t>(sent));
      return sent;
    }
    off_t offset = 0;
    const ssize_t sent =
        sendfile(e.fd, body_file_, &offset, std::min<uint64_t>(e.body_left, kBodyFileBytes));
    if (sent > 0) e.body_left -= static_cast<uint64_t>(sent);
    return sent;
  }

  const std::string name_;
  const int epoll_;
  int body_file_;
  std::unordered_map<uint64_t, std::string> replies_;  // by size and whether the reply closes
  char buffer_[kReadBytes];
};

int Main(int argc, char** argv) {
  static const option kOptions[] = {{"http", required_argument, nullptr, 'h'},
                                    {"echo", required_argument, nullptr, 'e'},
                                    {"bulk", required_argument, nullptr, 'b'},
                                    {"name", required_argument, nullptr, 'n'},
                                    {}};
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  std::string name = "origin";
  std::unordered_map<int, std::string> addresses;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == '?') return 2;
    (c == 'n' ? name : addresses[c]) = optarg;
  }
  static Origin origin(name);
  for (const auto& [key, address] : addresses) {
    const Service service = key == 'h'   ? Service::kHttp
                            : key == 'e' ? Service::kEcho
                                         : Service::kBulk;
    origin.AddListener(ParseAddress(address), service);
  }
  origin.Run();
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
