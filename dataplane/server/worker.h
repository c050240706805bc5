// Worker: one thread with its event loop and what sessions on it share. Made, given orders and
// ended by the main thread; each order is a function posted to the worker's loop, so orders are
// carried out in the order in which they are given.
#ifndef LB_DATAPLANE_SERVER_WORKER_H_
#define LB_DATAPLANE_SERVER_WORKER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/event/event_loop.h"
#include "dataplane/proxy/bad_messages.h"
#include "dataplane/proxy/listener.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/server/lookup.h"
#include "dataplane/server/registry.h"
#include "dataplane/server/sockets.h"

namespace lb::server {

// What all workers of a process share. Outlives them.
struct WorkerShared {
  proxy::ProcessLoad* load = nullptr;
  proxy::DocumentSource* documents = nullptr;
  proxy::BadMessages* bad_messages = nullptr;
  const rules::ProcessFacts* process = nullptr;
  size_t buffer_bytes = 16384;
  bool process_forks = true;
};

// A configuration as one worker gets it.
struct WorkerConfig {
  std::shared_ptr<const ServingSet> serving;
  struct Listen {
    ListenPoint point;
    int fd = -1;  // borrowed: open until the worker has a configuration without it
  };
  std::vector<Listen> listens;
};

class Worker {
 public:
  // Starts the thread, with all signals blocked.
  Worker(size_t index, WorkerShared shared);
  // Ends the loop and whatever sessions are left, then the thread.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs `order` on the worker's thread. Any thread.
  void Give(std::function<void(Worker&)> order);
  size_t index() const { return index_; }
  // Nanoseconds of waiting so far. Any thread.
  int64_t waited_nanos() const { return loop_.waited_nanos(); }

  // Stops and joins the thread; the loop stays, since others may still post to it.
  void Stop();

  // The rest is for orders: on the worker's thread.
  event::EventLoop* loop() { return &loop_; }
  proxy::WorkerContext& context() { return *context_; }
  const ServingSet* serving() const { return serving_.get(); }

  // Listeners that stay are not touched; those that go accept what has arrived, then end.
  void SetConfig(WorkerConfig config);
  void ApplyChanges(const Changes& changes);
  // Calls `done` once, when no session is left. Nothing is accepted any more.
  void Drain(std::function<void()> done);

 private:
  void Run();
  void DrainGoneFrontends(const ServingSet* before, const ServingSet& now);
  void PurgePools();
  void ClearPool(upstream::ServerRuntime* server);
  void CheckDrained();

  const size_t index_;
  const WorkerShared shared_;
  event::EventLoop loop_;

  // The worker's thread only.
  std::unique_ptr<proxy::WorkerContext> context_;
  Lookup lookup_;
  std::shared_ptr<const ServingSet> serving_;
  std::map<std::string, std::unique_ptr<proxy::Listener>> listeners_;  // by ListenPoint::key
  std::unordered_map<ServerId, SteadyTime> purged_at_;
  std::function<void()> on_drained_;

  std::thread thread_;  // last: starts when the rest is ready
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_WORKER_H_
