// PipePool: kernel pipes for splice(2), reused by one worker's sessions. A pipe given back must be
// empty; one that is not is closed instead. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_PIPE_POOL_H_
#define LB_DATAPLANE_PROXY_PIPE_POOL_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/unique_fd.h"

namespace lb::proxy {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
  size_t capacity = 0;  // bytes
  size_t held = 0;      // bytes in the pipe now
};

class PipePool {
 public:
  // nullopt when no descriptors are left: copy instead.
  std::optional<Pipe> Take();
  void Give(Pipe pipe);

 private:
  static constexpr size_t kMaxSpare = 64;
  std::vector<Pipe> spare_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_PIPE_POOL_H_
