// WorkerPool: all workers of the process, as the main thread sees them. Main thread only.
#ifndef LB_DATAPLANE_SERVER_WORKER_POOL_H_
#define LB_DATAPLANE_SERVER_WORKER_POOL_H_

#include <functional>
#include <memory>
#include <vector>

#include "dataplane/server/worker.h"

namespace lb::server {

class WorkerPool {
 public:
  // `main_loop` is borrowed and outlives the pool.
  explicit WorkerPool(event::EventLoop* main_loop) : main_loop_(main_loop) {}
  ~WorkerPool() { Stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Start(size_t workers, const WorkerShared& shared);
  // Ends every thread, with whatever sessions are left.
  void Stop();

  // Runs `order` on every worker, then `done` on the main thread. Orders of one call and the next
  // reach a worker in that order. Without workers, `done` still comes from the main loop.
  void GiveAll(std::function<void(Worker&)> order, std::function<void()> done);

  size_t size() const { return workers_.size(); }
  // The sum over all.
  int64_t waited_nanos() const;

 private:
  event::EventLoop* const main_loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_WORKER_POOL_H_
