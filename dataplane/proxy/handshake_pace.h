// HandshakePace: spreads handshakes over time when there are more than "maxsslrate" in a second.
// What was not used of the last second may be used at once. Any thread; no lock. Source: HAProxy
// configuration manual, "maxsslrate".
#ifndef LB_DATAPLANE_PROXY_HANDSHAKE_PACE_H_
#define LB_DATAPLANE_PROXY_HANDSHAKE_PACE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"

namespace lb::proxy {

class HandshakePace {
 public:
  // When one more handshake may begin, at most `rate` (not 0) in a second: `now` or later. nullopt:
  // not before `deadline`, and no turn is taken.
  std::optional<SteadyTime> Take(SteadyTime now, uint32_t rate, SteadyTime deadline) {
    constexpr Nanos kSecond(1'000'000'000);
    const Nanos gap = kSecond / rate;
    Nanos::rep last = last_.load(std::memory_order_relaxed);
    for (;;) {
      const SteadyTime turn = std::max(SteadyTime(Nanos(last)), now - kSecond) + gap;
      if (turn > deadline) return std::nullopt;
      if (last_.compare_exchange_weak(last, turn.time_since_epoch().count(),
                                      std::memory_order_relaxed)) {
        return std::max(now, turn);
      }
    }
  }

 private:
  std::atomic<Nanos::rep> last_{0};  // the last turn given, as a SteadyTime
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_HANDSHAKE_PACE_H_
