#include "controlplane/service/availability.h"

#include <chrono>

#include "controlplane/service/history.h"

namespace lb::service {

Availability::Availability(const Clock& clock, bool is_up)
    : clock_(&clock), is_up_(is_up), last_change_(clock.WallNow()), down_since_(clock.Now()) {}

bool Availability::Update(bool is_up) {
  if (is_up == is_up_) return false;
  is_up_ = is_up;
  last_change_ = clock_->WallNow();
  if (is_up) {
    ended_downtime_ += clock_->Now() - down_since_;
    return false;
  }
  ++down_transitions_;
  down_since_ = clock_->Now();
  return true;
}

stats::BackendHealth Availability::ToStats() const {
  Nanos down = ended_downtime_;
  if (!is_up_) down += clock_->Now() - down_since_;
  stats::BackendHealth health;
  health.down_transitions = down_transitions_;
  health.last_change_unix_ms = UnixMillis(last_change_);
  health.downtime_seconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(down).count());
  return health;
}

}  // namespace lb::service
