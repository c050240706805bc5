#include "controlplane/service/store_thread.h"

#include "common/base/logger.h"

namespace lb::service {

StoreThread::StoreThread(event::EventLoop* loop, std::unique_ptr<store::StateStore> store)
    : loop_(loop), store_(std::move(store)), thread_([this] { Work(); }) {}

StoreThread::~StoreThread() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_one();
  thread_.join();
  *is_alive_ = false;
}

void StoreThread::Write(Job job, Done done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back({std::move(job), std::move(done), absl::OkStatus()});
  }
  has_work_.notify_one();
}

void StoreThread::Work() {
  for (;;) {
    std::vector<Task> tasks;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      has_work_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      tasks.swap(waiting_);
    }
    RunBatch(&tasks);
    PostBack(std::move(tasks));
  }
}

void StoreThread::RunBatch(std::vector<Task>* tasks) {
  absl::Status together = store_->Batch([&] {
    for (Task& task : *tasks) {
      absl::Status status = task.job(store_.get());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
  if (together.ok()) return;
  for (Task& task : *tasks) {
    task.status = store_->Batch([&] { return task.job(store_.get()); });
    if (!task.status.ok() && task.done == nullptr) {
      LB_LOG(kError) << task.status.message();
    }
  }
}

void StoreThread::PostBack(std::vector<Task> tasks) {
  loop_->Post([is_alive = is_alive_, tasks = std::move(tasks)] {
    if (!*is_alive) return;
    for (const Task& task : tasks) {
      if (task.done != nullptr) task.done(task.status);
    }
  });
}

}  // namespace lb::service
