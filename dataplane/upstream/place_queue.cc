#include "dataplane/upstream/place_queue.h"

#include <algorithm>
#include <utility>

namespace lb::upstream {

std::shared_ptr<QueuedRequest> PlaceQueue::Join(event::Source* source, const Chooser& choose) {
  auto request = std::make_shared<QueuedRequest>(source);
  std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(request);
  // Counted before the places are looked at again: whoever frees a place later sees the waiter.
  RaiseMaximum(&max_size_, size_.fetch_add(1, std::memory_order_seq_cst) + 1);
  ServeLocked(choose);
  return request;
}

std::optional<Candidate> PlaceQueue::TakeGrant(QueuedRequest* request) {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(request->granted, std::nullopt);
}

std::optional<Candidate> PlaceQueue::Leave(QueuedRequest* request) {
  request->source = nullptr;
  std::lock_guard<std::mutex> lock(mutex_);
  if (std::exchange(request->is_waiting, false)) {
    auto it = std::find_if(waiting_.begin(), waiting_.end(),
                           [&](const auto& other) { return other.get() == request; });
    if (it != waiting_.end()) {
      waiting_.erase(it);
      size_.fetch_sub(1, std::memory_order_seq_cst);
    }
  }
  return std::exchange(request->granted, std::nullopt);
}

void PlaceQueue::Serve(const Chooser& choose) {
  if (size() == 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  ServeLocked(choose);
}

void PlaceQueue::Nudge() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<QueuedRequest>& request : waiting_) Wake(request);
}

void PlaceQueue::Wake(const std::shared_ptr<QueuedRequest>& request) {
  request->loop->Post([request] {
    if (request->source != nullptr) request->source->Raise(event::kSignalled);
  });
}

void PlaceQueue::ServeLocked(const Chooser& choose) {
  while (!waiting_.empty()) {
    std::optional<Candidate> place = choose();
    if (!place.has_value()) return;
    std::shared_ptr<QueuedRequest> request = std::move(waiting_.front());
    waiting_.pop_front();
    size_.fetch_sub(1, std::memory_order_seq_cst);
    request->is_waiting = false;
    request->granted = std::move(place);
    Wake(request);
  }
}

}  // namespace lb::upstream
