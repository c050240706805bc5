#include "dataplane/server/worker_pool.h"

#include <atomic>
#include <utility>

#include "common/base/check.h"

namespace lb::server {

void WorkerPool::Start(size_t workers, const WorkerShared& shared) {
  LB_CHECK(workers_.empty());
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(i, shared));
}

void WorkerPool::Stop() {
  // All threads end before the first loop goes: until then any of them may post to any loop.
  for (const auto& worker : workers_) worker->Stop();
  workers_.clear();
}

void WorkerPool::GiveAll(std::function<void(Worker&)> order, std::function<void()> done) {
  if (workers_.empty()) {
    main_loop_->Post(std::move(done));
    return;
  }
  struct Progress {
    std::atomic<size_t> left;
    std::function<void(Worker&)> order;
    std::function<void()> done;
  };
  auto progress = std::make_shared<Progress>();
  progress->left = workers_.size();
  progress->order = std::move(order);
  progress->done = std::move(done);
  for (const auto& worker : workers_) {
    worker->Give([progress, loop = main_loop_](Worker& w) {
      progress->order(w);
      if (progress->left.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
      loop->Post(std::move(progress->done));
    });
  }
}

int64_t WorkerPool::waited_nanos() const {
  int64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->waited_nanos();
  return sum;
}

}  // namespace lb::server
