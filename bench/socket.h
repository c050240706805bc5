// Socket and clock calls shared by the benchmark's programs. IPv4 only: the rig lives on loopback.
//
// Every program here is single-threaded, owns its descriptors for its whole life and has no
// recovery to offer, so a failed set-up call ends the process with a message.

#ifndef LB_BENCH_SOCKET_H_
#define LB_BENCH_SOCKET_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lb::bench {

// Prints `what` with the current errno to standard error and exits 1.
[[noreturn]] void Die(std::string_view what);

// CLOCK_MONOTONIC in nanoseconds: the clock Python's time.monotonic_ns() reads, in every namespace.
uint64_t NowNs();

// "A.B.C.D:PORT" as a socket address. Dies when malformed.
sockaddr_in ParseAddress(std::string_view text);

// "a,b,c" as its parts, empty ones dropped.
std::vector<std::string> SplitCommas(std::string_view text);

// A non-blocking listening socket with SO_REUSEADDR.
int Listen(const sockaddr_in& address);

// A non-blocking, Nagle-free socket whose connection to `address` has begun. Returns -1 with errno
// when the kernel refused at once.
int StartConnect(const sockaddr_in& address);

// Nagle off. Ignores failure: a socket that is gone is noticed by its next read.
void SetNoDelay(int fd);

// Lets the process open as many descriptors as its hard limit allows.
void RaiseDescriptorLimit();

// epoll_create1 / epoll_ctl that die on failure. `tag` comes back in epoll_event.data.
int CreateEpoll();
void EpollAdd(int epoll_fd, int fd, uint32_t events, void* tag);
void EpollModify(int epoll_fd, int fd, uint32_t events, void* tag);

}  // namespace lb::bench

#endif  // LB_BENCH_SOCKET_H_
