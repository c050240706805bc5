#include "dataplane/http/h2_guard.h"

namespace lb::http {

void H2Guard::Advance(SteadyTime now) {
  constexpr Millis kStep{1000 / kRefillPerSecond};
  if (faults_ == 0 && chatter_ == 0) {
    refilled_at_ = now;
    return;
  }
  if (now - refilled_at_ < kStep) return;
  const auto steps = (now - refilled_at_) / kStep;
  const uint32_t refill =
      static_cast<uint32_t>(std::min<int64_t>(steps, std::max(kMaxFaults, kMaxChatter)));
  faults_ -= std::min(faults_, refill);
  chatter_ -= std::min(chatter_, refill);
  refilled_at_ = now;
}

}  // namespace lb::http
