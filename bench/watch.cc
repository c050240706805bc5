// bench_watch: sees when traffic moves from one server to another. It asks each target in turn, on
// a keep-alive connection, every --interval-us, and prints a line for each change of who answered:
//
//   <CLOCK_MONOTONIC ns> <target index> <X-Origin of the reply, the status, or "lost">
//
// The time is taken when the reply has arrived, so a change is seen late by at most one interval
// and one round trip. Ends when its standard input does.

#include <getopt.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/socket.h"

namespace lb::bench {
namespace {

constexpr int kReplyTimeoutMs = 1000;
constexpr std::string_view kRequest = "GET /0 HTTP/1.1\r\nHost: bench.test\r\n\r\n";

struct Target {
  sockaddr_in address{};
  int fd = -1;
  std::string last_answer;
};

bool WaitFor(int fd, short events) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return poll(&entry, 1, kReplyTimeoutMs) == 1;
}

// Who answers a request sent now: the value of X-Origin, else the status, else "lost".
std::string Ask(Target& target) {
  if (target.fd < 0) {
    target.fd = StartConnect(target.address);
    if (target.fd < 0 || !WaitFor(target.fd, POLLOUT)) return "lost";
  }
  if (send(target.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return "lost";
  std::string reply;
  while (reply.find("\r\n\r\n") == std::string::npos) {
    char buffer[4096];
    if (!WaitFor(target.fd, POLLIN)) return "lost";
    const ssize_t count = recv(target.fd, buffer, sizeof(buffer), 0);
    if (count <= 0) return "lost";
    reply.append(buffer, static_cast<size_t>(count));
  }
  // Proxies may change the letter case of a name; the rest of it is enough to find it.
  constexpr std::string_view kName = "rigin: ";
  const size_t at = reply.find(kName);
  if (at == std::string::npos) return reply.substr(9, 3);
  const size_t begin = at + kName.size();
  return reply.substr(begin, reply.find('\r', begin) - begin);
}

void AskAndPrint(std::vector<Target>& targets, size_t index) {
  Target& target = targets[index];
  std::string answer = Ask(target);
  const bool is_server = answer.find_first_not_of("0123456789") != std::string::npos;
  if ((answer == "lost" || !is_server) && target.fd >= 0) {
    // The connection's state is unknown after anything but a server's reply.
    close(target.fd);
    target.fd = -1;
  }
  if (answer == target.last_answer) return;
  std::printf("%" PRIu64 " %zu %s\n", NowNs(), index, answer.c_str());
  std::fflush(stdout);
  target.last_answer = std::move(answer);
}

int Main(int argc, char** argv) {
  static const option kOptions[] = {{"targets", required_argument, nullptr, 't'},
                                    {"interval-us", required_argument, nullptr, 'i'},
                                    {}};
  std::vector<Target> targets;
  long interval_us = 500;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == '?') return 2;
    if (c == 'i') interval_us = std::strtol(optarg, nullptr, 10);
    if (c != 't') continue;
    for (const std::string& address : SplitCommas(optarg)) {
      targets.push_back({.address = ParseAddress(address)});
    }
  }
  signal(SIGPIPE, SIG_IGN);
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (poll(&input, 1, 0) == 0) {
    for (size_t i = 0; i < targets.size(); ++i) AskAndPrint(targets, i);
    const timespec pause{.tv_sec = interval_us / 1'000'000,
                         .tv_nsec = interval_us % 1'000'000 * 1000};
    nanosleep(&pause, nullptr);
  }
  return 0;
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
