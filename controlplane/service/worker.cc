#include "controlplane/service/worker.h"

namespace lb::service {

Worker::Worker(event::EventLoop* loop) : loop_(loop), thread_([this] { Work(); }) {}

Worker::~Worker() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
    jobs_.clear();
  }
  has_work_.notify_one();
  thread_.join();
  *is_alive_ = false;
}

void Worker::Enqueue(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  has_work_.notify_one();
}

void Worker::PostBack(std::function<void()> then) {
  loop_->Post([is_alive = is_alive_, then = std::move(then)] {
    if (*is_alive) then();
  });
}

void Worker::Work() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      has_work_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
      if (is_stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace lb::service
