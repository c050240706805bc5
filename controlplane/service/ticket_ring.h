// TicketRing: the keys that every data plane of the fleet seals TLS session tickets with, and their
// rotation. Kept in a file (0600), so that clients resume across a restart of the control plane.
//
// Three keys: the one before, the one that seals, and the next, which every node knows before any
// node seals with it. Lives on the loop's thread.
#ifndef LB_CONTROLPLANE_SERVICE_TICKET_RING_H_
#define LB_CONTROLPLANE_SERVICE_TICKET_RING_H_

#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/event/event_loop.h"
#include "lb/v1/dataplane.pb.h"

namespace lb::service {

class TicketRing {
 public:
  using Publish = std::function<void(const v1::TicketKeys&)>;
  static constexpr Millis kPeriod{12 * 3'600'000};

  // `path`: the file, made when it is not there or makes no sense; empty: none is kept. `loop`
  // outlives the ring.
  TicketRing(event::EventLoop* loop, std::string path, Publish publish);

  // Publishes the keys, now and after each rotation. Keys of before a restart are rotated when they
  // would have been without it.
  void Begin();

  // Drops the oldest key, adds a new one, seals with the one that was next.
  void Rotate();

 private:
  class RotationTimer final : public event::Timer {
   public:
    explicit RotationTimer(TicketRing* ring) : ring_(ring) {}

   private:
    void OnExpired() override { ring_->Rotate(); }
    TicketRing* const ring_;
  };

  bool Load();
  void MakeAll();
  int64_t NowSeconds() const;
  void Save() const;
  void PublishKeys() const;

  event::EventLoop* const loop_;
  const std::string path_;
  const Publish publish_;
  std::vector<std::string> keys_;
  int64_t rotated_at_ = 0;  // seconds since 1970
  RotationTimer timer_{this};
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_TICKET_RING_H_
