#include "dataplane/proxy/pipe_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace lb::proxy {
namespace {

// What one splice moves at most; an unprivileged process may be given less.
constexpr int kWantedCapacity = 1 << 20;

}  // namespace

std::optional<Pipe> PipePool::Take() {
  if (!spare_.empty()) {
    Pipe pipe = std::move(spare_.back());
    spare_.pop_back();
    return pipe;
  }
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
  Pipe pipe;
  pipe.read_end.Reset(ends[0]);
  pipe.write_end.Reset(ends[1]);
  int capacity = fcntl(ends[1], F_SETPIPE_SZ, kWantedCapacity);
  if (capacity < 0) capacity = fcntl(ends[1], F_GETPIPE_SZ);
  pipe.capacity = capacity > 0 ? static_cast<size_t>(capacity) : 65536;
  return pipe;
}

void PipePool::Give(Pipe pipe) {
  if (pipe.held == 0 && spare_.size() < kMaxSpare) spare_.push_back(std::move(pipe));
}

}  // namespace lb::proxy
