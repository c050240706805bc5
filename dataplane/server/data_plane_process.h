// DataPlaneProcess: a whole data plane: what lbproxyd is, and the half of lbd that carries traffic.
//
//   DataPlaneProcess data_plane(options, channel);
//   absl::Status status = data_plane.Start();   // refuses here: state directory in use, ...
//   data_plane.Run();                           // until it has stopped
//
// Threads. Run() makes the calling thread the data plane's main thread (its event loop) and returns
// when the data plane has ended; workers, one thread for the disk and gRPC's own threads are
// started and joined inside. So that signals reach the program's main thread only, block those it
// waits for before Start(): threads inherit the mask. SIGPIPE must be ignored.
//
// Ending. Any thread may call Drain() and StopNow(); they return at once, and Run() returns later.
// Nothing else ends Run(): losing the control plane does not. After Run() destroy the object on the
// thread that called Run(), before the gRPC server that an in-process channel leads to.
//
// With an in-process channel (grpc::Server::InProcessChannel) give Run() a thread of its own, pass
// an empty state_dir (the control plane's store is the memory of both), and at the end: Drain(),
// join that thread, then stop the control plane.
#ifndef LB_DATAPLANE_SERVER_DATA_PLANE_PROCESS_H_
#define LB_DATAPLANE_SERVER_DATA_PLANE_PROCESS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/channel.h"

#include "common/base/state_dir.h"
#include "common/event/event_loop.h"
#include "dataplane/server/control_client.h"
#include "dataplane/server/data_plane.h"
#include "dataplane/server/state_keeper.h"

namespace lb::server {

struct DataPlaneOptions {
  std::string node;  // 1 to 128 printable characters, no spaces
  std::string group;
  std::map<std::string, std::string> labels;
  std::string state_dir;  // empty: nothing is kept, and nothing is served from before
  uint32_t workers = 0;   // 0: the configuration's nbthread, or one a core
  std::string version;
  bool process_forks = false;  // whether the process ever starts another
};

class DataPlaneProcess : private ControlObserver {
 public:
  DataPlaneProcess(DataPlaneOptions options, std::shared_ptr<grpc::Channel> channel);
  ~DataPlaneProcess() override;

  // Raises the limit of descriptors, takes the state directory. Call once, before Run().
  absl::Status Start();
  void Run();

  // Stops accepting and lets sessions end; those left after `limit` are ended, and Run() returns.
  // nullopt: they have the configuration's "hard-stop-after", or as long as they need. A later call
  // with a limit shortens an earlier one. Any thread.
  void Drain(std::optional<Millis> limit);
  // Ends what is left at once. Any thread.
  void StopNow();

  // The main thread's loop, for what else belongs there (signals).
  event::EventLoop* loop() { return &loop_; }

 private:
  void OnConnected(ControlLink* link) override;
  void OnMessage(const v1::ToDataPlane& message) override;
  void OnDisconnected(const std::string& reason) override;
  void ServeFromBefore();

  const DataPlaneOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  event::EventLoop loop_;
  std::optional<StateDir> state_dir_;
  std::unique_ptr<DataPlane> data_plane_;
  std::unique_ptr<StateKeeper> keeper_;  // null without a state directory
  std::unique_ptr<ControlClient> client_;
  bool has_looked_back_ = false;
};

// Raises the soft limit of open descriptors to the hard one; returns the limit.
uint32_t RaiseDescriptorLimit();

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_DATA_PLANE_PROCESS_H_
