// Worker: one thread for work that may block (compiling, name resolution), so that the loop never
// does. Jobs run one after the other, in order; what follows each runs on the loop.
//
//   worker.Run([files] { return Compile(files); }, [this](Compiled c) { OnCompiled(std::move(c));
//   });
//
// Run() is called on the loop's thread. The destructor finishes the job under way, drops the
// others, and runs no further `then`.
#ifndef LB_CONTROLPLANE_SERVICE_WORKER_H_
#define LB_CONTROLPLANE_SERVICE_WORKER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "common/event/event_loop.h"

namespace lb::service {

class Worker {
 public:
  // `loop` is borrowed.
  explicit Worker(event::EventLoop* loop);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  template <typename Job, typename Then>
  void Run(Job job, Then then) {
    using Result = decltype(job());
    Enqueue([this, job = std::move(job), then = std::move(then)]() mutable {
      // Shared, because the loop's functions are copyable and results need not be.
      auto result = std::make_shared<Result>(job());
      PostBack([result, then = std::move(then)]() mutable { then(std::move(*result)); });
    });
  }

 private:
  void Enqueue(std::function<void()> job);
  void PostBack(std::function<void()> then);
  void Work();

  event::EventLoop* const loop_;
  // Loop thread only; copies live in posted functions and outlast the worker.
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool is_stopping_ = false;                // guarded by mutex_
  std::thread thread_;                      // last: starts when the rest is ready
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_WORKER_H_
