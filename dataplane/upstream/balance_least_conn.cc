// "balance leastconn": the fewest sessions for its weight; among equals, each in turn.
#include "dataplane/upstream/view.h"

namespace lb::upstream {

const Candidate* PickLeastConn(const BackendView& view, const PickInput& input) {
  const size_t count = view.candidates.size();
  const size_t start = input.turn->fetch_add(1, std::memory_order_relaxed) % count;
  // Another worker may take the chosen one's last place meanwhile: then look again.
  for (size_t attempt = 0; attempt <= count; ++attempt) {
    const Candidate* best = nullptr;
    uint64_t best_load = 0;
    for (size_t i = 0; i < count; ++i) {
      const Candidate& candidate = view.candidates[(start + i) % count];
      if (candidate.runtime.get() == input.avoid && count > 1) continue;
      uint64_t sessions = candidate.runtime->sessions.load(std::memory_order_relaxed);
      uint32_t limit = DynamicLimit(candidate, view, input.backend_sessions);
      if (limit != 0 && sessions >= limit) continue;
      // Compare (sessions + 1) / weight without dividing: scaled by 256, the largest weight.
      uint64_t load = (sessions + 1) * 256 / candidate.weight;
      if (best == nullptr || load < best_load) {
        best = &candidate;
        best_load = load;
      }
    }
    if (best == nullptr) return nullptr;
    if (best->runtime->TryAcquire(DynamicLimit(*best, view, input.backend_sessions))) return best;
  }
  return nullptr;
}

}  // namespace lb::upstream
