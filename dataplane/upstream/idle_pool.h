// IdlePool: the idle connections of one worker to one server, newest used first.
// UpstreamConnection: a connection to a server with its read buffer, which serves one exchange
// after another.
//
// One worker's thread. Source: HAProxy configuration manual, "http-reuse", "pool-max-conn",
// "pool-purge-delay".
#ifndef LB_DATAPLANE_UPSTREAM_IDLE_POOL_H_
#define LB_DATAPLANE_UPSTREAM_IDLE_POOL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/net/buffer_pool.h"
#include "common/net/stream.h"

namespace lb::upstream {

struct UpstreamConnection {
  UpstreamConnection(event::EventLoop* loop, UniqueFd fd, net::BufferPool* pool)
      : stream(loop, std::move(fd), /*is_connected=*/false), in(pool) {}
  // Resets a connection that the server has not ended: closed in order, it would keep its port for
  // a minute more (TIME_WAIT), and a busy proxy has few.
  ~UpstreamConnection() {
    if (!stream.is_ready(event::kHungUp)) stream.ResetOnClose();
  }

  // Our side of it: asked for once.
  const Address& Local() {
    if (local_.family() == AF_UNSPEC) local_ = Address::LocalOf(stream.fd());
    return local_;
  }

  net::Stream stream;
  net::Buffer in;
  SteadyTime idle_since{};  // valid while in a pool
  // What else it was made for, such as the server name told in TLS: only an exchange that wants the
  // same may use it.
  std::string purpose;
  uint64_t exchanges = 0;  // begun on this connection

 private:
  Address local_;
};

class IdlePool {
 public:
  // The most recently used connection that is still open, or null. Those found closed are dropped.
  // Only one that has served at least `min_exchanges` before. Takes the newest of them.
  // `purpose` as UpstreamConnection's.
  std::unique_ptr<UpstreamConnection> Take(uint64_t min_exchanges = 0,
                                           std::string_view purpose = {});
  void Put(std::unique_ptr<UpstreamConnection> connection, SteadyTime now);

  // Drops what the server has closed and half of those idle since before `before`.
  // Returns how many connections went.
  size_t Purge(SteadyTime before);
  // Drops all; returns how many.
  size_t Clear();
  size_t size() const { return idle_.size(); }

 private:
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // the oldest first
  size_t spoilt_ = 0;                                      // dropped by Take() and not reported yet
};

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_IDLE_POOL_H_
