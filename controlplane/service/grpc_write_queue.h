// WriteQueue: the sending side of a gRPC server stream, in front of a callback reactor: messages
// queue while one is being written, and the stream is finished exactly once.
// Any thread. The reactor calls OnWriteDone(), and stays alive until its OnDone().
#ifndef LB_CONTROLPLANE_SERVICE_GRPC_WRITE_QUEUE_H_
#define LB_CONTROLPLANE_SERVICE_GRPC_WRITE_QUEUE_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace lb::service {

template <typename Reactor, typename Message>
class WriteQueue {
 public:
  // A peer that lets more than this wait has stopped reading.
  static constexpr size_t kMaxWaiting = 8192;

  explicit WriteQueue(Reactor* reactor) : reactor_(reactor) {}

  // Returns false when the peer does not keep up: the caller should give the stream up.
  bool Push(std::shared_ptr<const Message> message) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_closing_) return true;
    if (waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(message));
    if (waiting_.size() == 1) reactor_->StartWrite(waiting_.front().get());
    return true;
  }

  // Finishes after what is queued.
  void Close(grpc::Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_closing_) return;
    is_closing_ = true;
    status_ = std::move(status);
    FinishIfIdle();
  }

  // Finishes after the write under way; what else is queued is dropped.
  void Abandon(grpc::Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!is_closing_) status_ = std::move(status);
    is_closing_ = true;
    if (waiting_.size() > 1) waiting_.resize(1);  // the first is gRPC's until OnWriteDone()
    FinishIfIdle();
  }

  void OnWriteDone(bool is_ok) {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.pop_front();
    if (!is_ok) {
      is_closing_ = true;
      waiting_.clear();
    }
    if (!waiting_.empty()) {
      reactor_->StartWrite(waiting_.front().get());
    } else if (is_closing_) {
      FinishIfIdle();
    }
  }

  // Runs `start`, which starts another operation of the reactor, unless the stream is finished.
  template <typename Start>
  void RunUnlessFinished(Start start) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!is_finished_) start();
  }

 private:
  // Requires mutex_.
  void FinishIfIdle() {
    if (is_finished_ || !waiting_.empty()) return;
    is_finished_ = true;
    reactor_->Finish(status_);
  }

  Reactor* const reactor_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<const Message>> waiting_;  // the first is being written
  bool is_closing_ = false;
  bool is_finished_ = false;
  grpc::Status status_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_GRPC_WRITE_QUEUE_H_
