// StateKeeper: writes the last good snapshot and the states behind the main thread's back, so that
// a slow disk holds up neither states nor traffic.
//
// Called on the thread of `main_loop`; one thread of its own does the writing. States are written
// at the first change at once, then at most ten times a second (less often where the disk is
// slow), and when the keeper goes.
#ifndef LB_DATAPLANE_SERVER_STATE_KEEPER_H_
#define LB_DATAPLANE_SERVER_STATE_KEEPER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/event/event_loop.h"
#include "dataplane/server/snapshot_file.h"

namespace lb::server {

class StateKeeper {
 public:
  // `states` gives all states as they are; called on the main thread.
  StateKeeper(event::EventLoop* main_loop, std::string directory,
              std::function<std::vector<v1::ServerState>()> states);
  // Writes what is not written yet.
  ~StateKeeper();
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  void SaveSnapshot(std::shared_ptr<const v1::Snapshot> snapshot);
  void SaveStatesSoon();

 private:
  void SaveStates();

  event::EventLoop* const main_loop_;
  const SnapshotFile file_;
  const std::function<std::vector<v1::ServerState>()> states_;
  bool is_save_pending_ = false;
  SteadyTime saved_at_{};
  std::atomic<int64_t> last_write_nanos_{0};
  // Posted functions outlive the keeper.
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);

  event::EventLoop disk_loop_;
  std::thread disk_thread_;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_STATE_KEEPER_H_
