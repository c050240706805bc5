#include "dataplane/upstream/backend.h"

#include <algorithm>

namespace lb::upstream {

std::optional<Candidate> BackendRuntime::Choose(const BackendView& view, const Balance& balance,
                                                uint64_t random, const ServerRuntime* avoid) {
  PickInput input;
  input.turn = &turn_;
  input.random = random;
  input.random_draws = balance.random_draws;
  input.backend_sessions = sessions.load(std::memory_order_relaxed);
  input.avoid = avoid;
  const Candidate* chosen = Pick(view, balance.algorithm, input);
  if (chosen == nullptr) return std::nullopt;
  return *chosen;
}

void BackendRuntime::Release(ServerRuntime* server, const BackendView& view,
                             const Balance& balance) {
  server->ReleasePlace();
  ServeQueue(view, balance);
}

void BackendRuntime::ServeQueue(const BackendView& view, const Balance& balance) {
  if (queue.size() == 0) return;
  queue.Serve([&] {
    return Choose(view, balance, turn_.load(std::memory_order_relaxed), /*avoid=*/nullptr);
  });
}

std::shared_ptr<QueuedRequest> BackendRuntime::Join(event::Source* source, const BackendView& view,
                                                    const Balance& balance) {
  return queue.Join(source, [&] {
    return Choose(view, balance, turn_.load(std::memory_order_relaxed), /*avoid=*/nullptr);
  });
}

void RateLimit::Note(std::chrono::nanoseconds now, uint32_t per_second) {
  int64_t due = due_ns_.load(std::memory_order_relaxed);
  while (!due_ns_.compare_exchange_weak(
      due, std::max<int64_t>(due, now.count()) + kSecondNs / per_second,
      std::memory_order_relaxed)) {
  }
}

std::shared_ptr<BindRuntime> FrontendRuntime::BindOf(const std::string& key) {
  std::erase_if(binds_, [](const auto& entry) { return entry.second.expired(); });
  std::shared_ptr<BindRuntime> bind = binds_[key].lock();
  if (bind == nullptr) {
    bind = std::make_shared<BindRuntime>();
    binds_[key] = bind;
  }
  return bind;
}

}  // namespace lb::upstream
