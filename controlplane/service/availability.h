// Availability: whether a backend as a whole can serve, since when, and how often and how long it
// could not. Pure but for the clock; lives on the controller's loop thread.
//
// A backend goes down when its last usable server does, whatever the reason: a check, an operator,
// a weight of zero. One that begins without a usable server is down without having gone down.
// Source: the "BACKEND" rows of HAProxy 2.6's `show stat`. Deviation: it forgets down time that
// ends with maintenance or with a new weight; here all down time counts.
#ifndef LB_CONTROLPLANE_SERVICE_AVAILABILITY_H_
#define LB_CONTROLPLANE_SERVICE_AVAILABILITY_H_

#include <cstdint>

#include "common/base/clock.h"
#include "common/stats/row.h"

namespace lb::service {

class Availability {
 public:
  // `clock` outlives this.
  Availability(const Clock& clock, bool is_up);

  // Tells what is now. Returns whether that is a loss: it was up and is not.
  bool Update(bool is_up);

  bool is_up() const { return is_up_; }
  stats::BackendHealth ToStats() const;

 private:
  const Clock* clock_;
  bool is_up_;
  uint64_t down_transitions_ = 0;
  WallTime last_change_;
  SteadyTime down_since_;  // valid while not is_up_
  Nanos ended_downtime_{0};
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_AVAILABILITY_H_
