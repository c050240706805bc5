// StoreThread: the one thread that touches the StateStore. Everything that is waiting when it
// comes round becomes durable with one wait for the disk.
//
//   store.Write([=](store::StateStore* s) { return s->SetOverride(maint); },
//               [=](absl::Status status) { Reply(status); });     // durable when ok
//
// Write(), Read() and Drain() are called on the loop's thread, and `done` runs there. Order is
// kept. A write that fails does not fail the ones it was grouped with: those are done again alone,
// so a job may run twice and must only touch the store and its own result.
#ifndef LB_CONTROLPLANE_SERVICE_STORE_THREAD_H_
#define LB_CONTROLPLANE_SERVICE_STORE_THREAD_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "common/event/event_loop.h"
#include "controlplane/store/state_store.h"

namespace lb::service {

class StoreThread {
 public:
  using Job = std::function<absl::Status(store::StateStore*)>;
  using Done = std::function<void(absl::Status)>;

  // `loop` is borrowed.
  StoreThread(event::EventLoop* loop, std::unique_ptr<store::StateStore> store);
  // Finishes every job that was asked for; runs no further `done`.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // `done` may be null: the failure of a write that nobody waits for is logged.
  void Write(Job job, Done done = nullptr);

  // Runs `read` on the store and gives what it returns, a StatusOr, to `then`. It may write too:
  // what it returned is given only when that is durable, else why it is not.
  template <typename Reading, typename Then>
  void Read(Reading read, Then then) {
    using Result = decltype(read(static_cast<store::StateStore*>(nullptr)));
    auto result = std::make_shared<Result>(absl::UnknownError("not read"));
    Write(
        [read = std::move(read), result](store::StateStore* store) {
          *result = read(store);
          return result->status();
        },
        [result, then = std::move(then)](absl::Status status) {
          then(status.ok() ? std::move(*result) : Result(std::move(status)));
        });
  }

 private:
  struct Task {
    Job job;
    Done done;
    absl::Status status;
  };

  void Work();
  void RunBatch(std::vector<Task>* tasks);
  void PostBack(std::vector<Task> tasks);

  event::EventLoop* const loop_;
  const std::unique_ptr<store::StateStore> store_;  // the thread's own
  // Loop thread only; copies live in posted functions and outlast this object.
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<Task> waiting_;  // guarded by mutex_
  bool is_stopping_ = false;   // guarded by mutex_
  std::thread thread_;         // last: starts when the rest is ready
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_STORE_THREAD_H_
