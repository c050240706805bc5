#include "dataplane/upstream/idle_pool.h"

#include <algorithm>
#include <utility>

namespace lb::upstream {
namespace {

// An idle server has nothing to say: what it sent, or that it hung up, ends the connection's use.
// TLS itself may have: a ticket behind the response.
bool IsSpoilt(UpstreamConnection& connection) {
  net::Stream& stream = connection.stream;
  if (!stream.is_ready(event::kReadable | event::kHungUp)) return false;
  return !stream.is_tls() || stream.is_ready(event::kHungUp) || !stream.IsQuiet();
}

}  // namespace

std::unique_ptr<UpstreamConnection> IdlePool::Take(uint64_t min_exchanges,
                                                   std::string_view purpose) {
  for (size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i]->exchanges < min_exchanges || idle_[i]->purpose != purpose) continue;
    std::unique_ptr<UpstreamConnection> connection = std::move(idle_[i]);
    idle_.erase(idle_.begin() + static_cast<ptrdiff_t>(i));
    if (!IsSpoilt(*connection)) return connection;
    // The server's count of idle connections follows in the next Purge().
    ++spoilt_;
  }
  return nullptr;
}

void IdlePool::Put(std::unique_ptr<UpstreamConnection> connection, SteadyTime now) {
  connection->in.Release();
  connection->idle_since = now;
  idle_.push_back(std::move(connection));
}

size_t IdlePool::Purge(SteadyTime before) {
  const size_t had = idle_.size() + std::exchange(spoilt_, 0);
  std::erase_if(idle_, [](auto& connection) { return IsSpoilt(*connection); });
  auto first_young = std::find_if(idle_.begin(), idle_.end(), [&](const auto& connection) {
    return connection->idle_since >= before;
  });
  const auto old = first_young - idle_.begin();
  idle_.erase(idle_.begin(), idle_.begin() + (old + 1) / 2);
  return had - idle_.size();
}

size_t IdlePool::Clear() {
  size_t count = idle_.size() + std::exchange(spoilt_, 0);
  idle_.clear();
  return count;
}

}  // namespace lb::upstream
