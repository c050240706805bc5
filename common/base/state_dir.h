// StateDir: the directory in which a program keeps what outlives it, held by one process at a time
// (flock(2) on its file "lock", which names the holder's process id).
#ifndef LB_COMMON_BASE_STATE_DIR_H_
#define LB_COMMON_BASE_STATE_DIR_H_

#include <string>

#include "absl/status/statusor.h"

#include "common/base/unique_fd.h"

namespace lb {

// Below which every program has a directory of its own: /var/lib/lb for root, otherwise
// ${XDG_STATE_HOME:-~/.local/state}/lb.
std::string DefaultStateRoot();

class StateDir {
 public:
  // Makes the directory (mode 0700, with its parents) when there is none, and takes its lock.
  // UNAVAILABLE: another process holds it; the message names that process.
  static absl::StatusOr<StateDir> Open(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  StateDir(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;  // released with the descriptor, also by a crash
};

}  // namespace lb

#endif  // LB_COMMON_BASE_STATE_DIR_H_
