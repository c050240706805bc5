// BackendRuntime and FrontendRuntime: what lives on of a proxy while snapshots come and go: load,
// queue, counters and, per worker, the current view of the servers. Keyed by id; owned by the
// Registry. Threads: see each member.
#ifndef LB_DATAPLANE_UPSTREAM_BACKEND_H_
#define LB_DATAPLANE_UPSTREAM_BACKEND_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/ids.h"
#include "dataplane/upstream/counters.h"
#include "dataplane/upstream/place_queue.h"
#include "dataplane/upstream/view.h"

namespace lb::upstream {

// How a backend chooses; set from the configuration by the main thread before it is used.
struct Balance {
  Algorithm algorithm = Algorithm::kRoundRobin;
  uint32_t random_draws = 2;
};

class BackendRuntime {
 public:
  BackendRuntime(BackendId id, std::string name, size_t workers)
      : id(id), name(std::move(name)), counters(workers), views_(workers) {}

  const BackendId id;
  const std::string name;

  // The worker's own view. Set by the worker when one is posted to it; read by that worker only.
  const std::shared_ptr<const BackendView>& view(size_t worker) const { return views_[worker]; }
  void set_view(size_t worker, std::shared_ptr<const BackendView> view) {
    views_[worker] = std::move(view);
  }

  // Chooses by the given view and takes a place. Any thread.
  std::optional<Candidate> Choose(const BackendView& view, const Balance& balance, uint64_t random,
                                  const ServerRuntime* avoid);

  // Gives a place back and hands it to whoever waits for one. Any thread.
  void Release(ServerRuntime* server, const BackendView& view, const Balance& balance);
  // Grants places to waiters, after a server came up or a limit was raised. Any thread.
  void ServeQueue(const BackendView& view, const Balance& balance);
  // Wakes all waiters to look again: the last server that had no verdict has gone down. Any thread.
  void NudgeQueue() { queue.Nudge(); }
  // Waits for a place; see PlaceQueue::Join.
  std::shared_ptr<QueuedRequest> Join(event::Source* source, const BackendView& view,
                                      const Balance& balance);

  PlaceQueue queue;
  std::atomic<uint32_t> sessions{0};
  std::atomic<uint32_t> max_sessions{0};
  UpstreamCounters counters;

 private:
  std::atomic<uint64_t> turn_{0};
  PerWorker<std::shared_ptr<const BackendView>> views_;
};

// The connections of one listening address, over all workers.
struct BindRuntime {
  std::atomic<uint32_t> connections{0};
};

// A limit of events a second: as many may come at once after a pause of a second, then one each
// time that its share of a second has passed. Any thread; threads at once may exceed it by one
// each.
class RateLimit {
 public:
  bool HasRoom(std::chrono::nanoseconds now, uint32_t per_second) const {
    return due_ns_.load(std::memory_order_relaxed) - now.count() <=
           kSecondNs - kSecondNs / per_second;
  }
  void Note(std::chrono::nanoseconds now, uint32_t per_second);

 private:
  static constexpr int64_t kSecondNs = 1'000'000'000;
  std::atomic<int64_t> due_ns_{0};  // when an evenly spaced next event would come
};

class FrontendRuntime {
 public:
  FrontendRuntime(FrontendId id, std::string name, size_t workers)
      : id(id), name(std::move(name)), counters(workers) {}

  const FrontendId id;
  const std::string name;
  std::atomic<uint32_t> sessions{0};
  std::atomic<uint32_t> max_sessions{0};
  RateLimit session_rate;  // "rate-limit sessions"
  FrontendCounters counters;

  // Of the listening address that `key` stands for: the same as long as anyone uses it. Main
  // thread.
  std::shared_ptr<BindRuntime> BindOf(const std::string& key);

 private:
  std::map<std::string, std::weak_ptr<BindRuntime>> binds_;
};

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_BACKEND_H_
