// bench_load: closed-loop load generator. One thread, one epoll set, `--connections` sockets, each
// with one request outstanding. Prints one JSON object at the end.
//
//   --mode h1        GET /SIZE on keep-alive connections
//   --mode h1-close  the same with "Connection: close": a connection for each request
//   --mode tcp       sends SIZE bytes, waits for as many (an echo); SIZE must fit a socket buffer
//   --mode tcp-bulk  sends "SIZE\n", waits for SIZE bytes
//   --mode idle      one GET on each connection, then holds them all
//
// It stops after --duration seconds; without one (and always in idle mode) when its standard input
// ends. A line "ready" on standard output says that as many replies have come as there are
// connections. Counters: "failed" is a reply other than 200 or that is no HTTP; "resets" is a
// connection lost while a reply was owed or held idle; "closes" is a reply that announced its
// connection's end. Bodies are discarded in the kernel (MSG_TRUNC), so that large ones cost the
// generator little.

#include <getopt.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "bench/counters.h"
#include "bench/socket.h"

namespace lb::bench {
namespace {

enum class Mode { kH1, kH1Close, kTcp, kTcpBulk, kIdle };

// How many connections of idle mode are being set up at any moment.
constexpr size_t kIdleSetupWidth = 64;
constexpr size_t kBufferBytes = 256 * 1024;
// Edge triggered: a ready socket is polled once, not again at the next wait.
constexpr uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr uint64_t kRetryPauseNs = 1'000'000;

struct Options {
  Mode mode = Mode::kH1;
  sockaddr_in target{};
  size_t connections = 64;
  uint64_t size = 128;
  double duration_seconds = 0;  // 0: until standard input ends
};

// What a reply's head says. `is_valid` is false for anything but a sized HTTP/1.x reply.
struct ReplyHead {
  bool is_valid = false;
  bool closes = false;
  int status = 0;
  uint64_t body_bytes = 0;
};

bool StartsWithNoCase(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (size_t i = 0; i < lower_prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower_prefix[i]) return false;
  }
  return true;
}

ReplyHead ParseHead(std::string_view head) {
  ReplyHead reply;
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return reply;
  std::from_chars(head.data() + 9, head.data() + 12, reply.status);
  constexpr std::string_view kLength = "content-length: ";
  constexpr std::string_view kClose = "connection: close";
  for (size_t at = head.find('\n') + 1; at < head.size(); at = head.find('\n', at) + 1) {
    const std::string_view line = head.substr(at);
    if (StartsWithNoCase(line, kLength)) {
      const char* digits = line.data() + kLength.size();
      reply.is_valid =
          std::from_chars(digits, head.data() + head.size(), reply.body_bytes).ec == std::errc();
    } else if (StartsWithNoCase(line, kClose)) {
      reply.closes = true;
    }
  }
  return reply;
}

struct Connection {
  int fd = -1;
  bool is_connecting = false;  // the request leaves when the socket turns writable
  bool has_head = false;
  bool closes = false;     // the peer ends the connection after this reply
  bool is_done = false;    // idle mode: had its reply
  uint64_t body_left = 0;  // once has_head
  uint64_t started_ns = 0;
  std::string head;  // a head that came in pieces
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), epoll_(CreateEpoll()), connections_(options.connections) {
    const std::string size = std::to_string(options.size);
    if (options.mode == Mode::kTcp) {
      request_.assign(options.size, 'p');
    } else if (options.mode == Mode::kTcpBulk) {
      request_ = size + "\n";
    } else {
      request_ = "GET /" + size + " HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench\r\n" +
                 "Accept: */*\r\n" +
                 (options.mode == Mode::kH1Close ? "Connection: close\r\n\r\n" : "\r\n");
    }
    if (options.duration_seconds <= 0) EpollAdd(epoll_, STDIN_FILENO, EPOLLIN, nullptr);
  }

  // Until the end; then prints the counters.
  void Run() {
    begin_ns_ = NowNs();
    const uint64_t end_ns = options_.duration_seconds > 0
                                ? begin_ns_ + static_cast<uint64_t>(options_.duration_seconds * 1e9)
                                : UINT64_MAX;
    const bool is_idle = options_.mode == Mode::kIdle;
    while (opened_ < connections_.size() && (!is_idle || opened_ < kIdleSetupWidth)) OpenNext();
    epoll_event events[256];
    while (!stop_) {
      const int count = epoll_wait(epoll_, events, 256, /*timeout=*/unopened_.empty() ? 100 : 1);
      now_ns_ = NowNs();
      if (now_ns_ >= end_ns) break;
      for (int i = 0; i < count; ++i) OnEvent(events[i]);
      Reopen();
    }
    counters_.Print(begin_ns_, NowNs());
  }

 private:
  bool is_http() const { return options_.mode != Mode::kTcp && options_.mode != Mode::kTcpBulk; }

  void OpenNext() { Open(connections_[opened_++]); }

  void Open(Connection& c) {
    c = Connection{};
    c.started_ns = now_ns_ = NowNs();
    c.fd = StartConnect(options_.target);
    if (c.fd < 0) return Lose(c, counters_.connect_errors);
    // On loopback the handshake is over before connect() returns: sending now saves two calls.
    if (SendRequest(c)) {
      EpollAdd(epoll_, c.fd, c.is_connecting ? uint32_t{EPOLLOUT} : kReadEvents, &c);
    }
  }

  // False when the connection was lost.
  bool SendRequest(Connection& c) {
    const ssize_t sent = send(c.fd, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(request_.size())) return true;
    if (sent < 0 && errno == EAGAIN) {
      c.is_connecting = true;
      return true;
    }
    Lose(c, counters_.resets);
    return false;
  }

  void OnEvent(const epoll_event& event) {
    if (event.data.ptr == nullptr) {
      char ignored[64];
      stop_ = read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0;
      return;
    }
    auto& c = *static_cast<Connection*>(event.data.ptr);
    if (c.fd < 0) return;
    if (c.is_connecting) {
      c.is_connecting = false;
      if (event.events & EPOLLERR) return Lose(c, counters_.connect_errors);
      if (SendRequest(c)) EpollModify(epoll_, c.fd, kReadEvents, &c);
      return;
    }
    // A short read has drained the socket, unless the peer's end is already behind it.
    const bool has_end = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const int fd = c.fd;
    while (Receive(c, has_end) && c.fd == fd) {
    }
  }

  // One recv(). False when the socket has no more for now, or is gone.
  bool Receive(Connection& c, bool has_end) {
    const bool discards = c.has_head || !is_http();
    const ssize_t count = recv(c.fd, buffer_, sizeof(buffer_), discards ? MSG_TRUNC : 0);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      const bool has_whole_reply = c.has_head && c.body_left == 0 && c.closes;
      if (count == 0 && has_whole_reply) {
        OnClosed(c);
      } else {
        Lose(c, counters_.resets);
      }
      return false;
    }
    OnBytes(c, static_cast<size_t>(count), discards);
    return has_end || count == static_cast<ssize_t>(sizeof(buffer_));
  }

  // `count` bytes came, into buffer_ unless they were discarded.
  void OnBytes(Connection& c, uint64_t count, bool discards) {
    counters_.bytes += count;
    if (c.is_done) return Lose(c, counters_.failed);  // an idle connection owes us nothing
    if (!discards) {
      if (!TakeHead(c, {buffer_, static_cast<size_t>(count)}, count)) return;
    } else if (!c.has_head) {
      c.has_head = true;
      c.body_left = options_.size;
    }
    if (count > c.body_left) return Lose(c, counters_.failed);
    c.body_left -= count;
    if (c.body_left == 0) OnReply(c);
  }

  // Reads the head; `body_bytes` becomes how much of `bytes` lies past it. False when the head is
  // not whole yet or the connection was lost.
  bool TakeHead(Connection& c, std::string_view bytes, uint64_t& body_bytes) {
    if (!c.head.empty()) {
      c.head.append(bytes);
      bytes = c.head;
    }
    const size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      if (c.head.empty()) c.head = std::string(bytes);
      return false;
    }
    const ReplyHead reply = ParseHead(bytes.substr(0, end + 4));
    body_bytes = bytes.size() - end - 4;
    c.head.clear();
    if (!reply.is_valid || reply.status != 200) {
      Lose(c, counters_.failed);
      return false;
    }
    c.has_head = true;
    c.closes = reply.closes;
    c.body_left = reply.body_bytes;
    return true;
  }

  // The last byte of a reply is here.
  void OnReply(Connection& c) {
    // A request of a closing connection ends with the connection: the peer's close is part of it.
    if (c.closes) return;
    Complete(c);
    if (options_.mode == Mode::kIdle) {
      c.is_done = true;
      if (opened_ < connections_.size()) OpenNext();
      return;
    }
    c.has_head = false;
    c.started_ns = now_ns_;
    SendRequest(c);
  }

  void OnClosed(Connection& c) {
    Complete(c);
    if (options_.mode != Mode::kH1Close) ++counters_.closes;
    close(c.fd);
    c.fd = -1;
    Open(c);
  }

  void Complete(const Connection& c) {
    counters_.latency.Record(now_ns_ - c.started_ns);
    if (++counters_.requests == connections_.size()) {
      std::puts("ready");
      std::fflush(stdout);
    }
  }

  // Counts the loss in `counter`; the connection is opened again after a pause.
  void Lose(Connection& c, uint64_t& counter) {
    ++counter;
    if (c.fd >= 0) close(c.fd);
    c.fd = -1;
    unopened_.push_back(&c);
    retry_ns_ = now_ns_ + kRetryPauseNs;
  }

  void Reopen() {
    if (unopened_.empty() || now_ns_ < retry_ns_) return;
    std::vector<Connection*> lost;
    lost.swap(unopened_);
    for (Connection* c : lost) Open(*c);
  }

  const Options options_;
  Counters counters_;
  const int epoll_;
  std::string request_;
  std::vector<Connection> connections_;
  size_t opened_ = 0;
  std::vector<Connection*> unopened_;  // lost, to be opened again at retry_ns_
  uint64_t retry_ns_ = 0;
  bool stop_ = false;
  uint64_t now_ns_ = 0;
  uint64_t begin_ns_ = 0;

  char buffer_[kBufferBytes];
};

bool ParseMode(std::string_view text, Mode& mode) {
  constexpr std::pair<std::string_view, Mode> kModes[] = {{"h1", Mode::kH1},
                                                          {"h1-close", Mode::kH1Close},
                                                          {"tcp", Mode::kTcp},
                                                          {"tcp-bulk", Mode::kTcpBulk},
                                                          {"idle", Mode::kIdle}};
  for (const auto& [name, value] : kModes) {
    if (text == name) {
      mode = value;
      return true;
    }
  }
  return false;
}

int Main(int argc, char** argv) {
  static const option kOptions[] = {
      {"mode", required_argument, nullptr, 'm'},        {"target", required_argument, nullptr, 't'},
      {"connections", required_argument, nullptr, 'c'}, {"size", required_argument, nullptr, 's'},
      {"duration", required_argument, nullptr, 'd'},    {}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == 'm' && !ParseMode(optarg, options.mode)) return 2;
    if (c == 't') options.target = ParseAddress(optarg);
    if (c == 'c') options.connections = std::strtoul(optarg, nullptr, 10);
    if (c == 's') options.size = std::strtoul(optarg, nullptr, 10);
    if (c == 'd') options.duration_seconds = std::strtod(optarg, nullptr);
    if (c == '?') return 2;
  }
  if (options.target.sin_port == 0 || options.connections == 0) return 2;
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  static Load load(options);
  load.Run();
  return 0;
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
