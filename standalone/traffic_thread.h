// TrafficThread: the data plane of lbd, on a thread of its own.
// Made, told and destroyed on the control plane's loop thread.
#ifndef LB_STANDALONE_TRAFFIC_THREAD_H_
#define LB_STANDALONE_TRAFFIC_THREAD_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "common/event/event_loop.h"
#include "dataplane/server/data_plane_process.h"

namespace lb::standalone {

class TrafficThread {
 public:
  // Joins the control plane at the other end of `channel`. When the data plane has ended, and
  // nothing of it is left, `on_ended` runs on `loop`, which outlives this object.
  static absl::StatusOr<std::unique_ptr<TrafficThread>> Start(
      std::shared_ptr<grpc::Channel> channel, event::EventLoop* loop,
      std::function<void()> on_ended);
  // Waits for the end, which must have been asked for.
  ~TrafficThread();

  // As DataPlaneProcess::Drain() and StopNow(); without effect after the end.
  void Drain(std::optional<Millis> limit);
  void StopNow();

 private:
  TrafficThread() = default;

  std::mutex mutex_;
  server::DataPlaneProcess* process_ = nullptr;  // guarded by mutex_; null after the end
  std::thread thread_;
};

}  // namespace lb::standalone

#endif  // LB_STANDALONE_TRAFFIC_THREAD_H_
