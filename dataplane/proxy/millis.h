// Whole milliseconds between two moments, as log lines and averages have them.
#ifndef LB_DATAPLANE_PROXY_MILLIS_H_
#define LB_DATAPLANE_PROXY_MILLIS_H_

#include <cstdint>

#include "common/base/clock.h"

namespace lb::proxy {

inline int32_t MillisBetween(SteadyTime from, SteadyTime to) {
  return static_cast<int32_t>(std::chrono::duration_cast<Millis>(to - from).count());
}

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_MILLIS_H_
