// PlaceQueue: who waits for a free place on any server of a backend, in order of arrival, across
// all workers.
//
// Joining, leaving and granting take a mutex; a backend that is not full never touches it. A grant
// reaches the waiter through its own event loop, so a QueuedRequest's source is only touched there.
// Source: HAProxy configuration manual, "maxconn" (server), "timeout queue".
#ifndef LB_DATAPLANE_UPSTREAM_PLACE_QUEUE_H_
#define LB_DATAPLANE_UPSTREAM_PLACE_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "common/event/event_loop.h"
#include "dataplane/upstream/view.h"

namespace lb::upstream {

// One request's place in the queue. Shared by the waiter and the queue; see PlaceQueue.
struct QueuedRequest {
  explicit QueuedRequest(event::Source* waiter) : loop(waiter->loop()), source(waiter) {}

  event::EventLoop* const loop;
  event::Source* source;             // the loop's thread only; null once the waiter is gone
  std::optional<Candidate> granted;  // guarded by the queue's mutex
  bool is_waiting = true;            // guarded by the queue's mutex
};

class PlaceQueue {
 public:
  // Chooses a server with a free place and takes it; nullopt: none.
  using Chooser = std::function<std::optional<Candidate>()>;

  // Joins at the end. `source` is raised with kSignalled once a place is granted. At once serves
  // the queue's head in case a place has become free since the caller looked.
  std::shared_ptr<QueuedRequest> Join(event::Source* source, const Chooser& choose);

  // The place, once one was granted: the caller owns it now, and waits no more.
  std::optional<Candidate> TakeGrant(QueuedRequest* request);

  // Ends the wait: returns the place if one was granted (the caller owns it now).
  std::optional<Candidate> Leave(QueuedRequest* request);

  // Grants places while there are both waiters and places. Any thread.
  void Serve(const Chooser& choose);

  // Raises every waiter's source, so that each looks again at what it waits for. Any thread.
  void Nudge();

  // How many wait. Any thread; exact only while nothing changes.
  uint32_t size() const { return size_.load(std::memory_order_seq_cst); }
  std::atomic<uint32_t>* max_size() { return &max_size_; }

 private:
  void ServeLocked(const Chooser& choose);
  static void Wake(const std::shared_ptr<QueuedRequest>& request);

  std::atomic<uint32_t> size_{0};
  std::atomic<uint32_t> max_size_{0};
  std::mutex mutex_;
  std::deque<std::shared_ptr<QueuedRequest>> waiting_;  // guarded by mutex_
};

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_PLACE_QUEUE_H_
