// "balance roundrobin" and "static-rr": the next of the schedule that has a free place.
#include "dataplane/upstream/view.h"

namespace lb::upstream {

const Candidate* PickRoundRobin(const BackendView& view, const PickInput& input) {
  const size_t length = view.schedule.size();
  // The loop below must not miss a server: a schedule visits every one within its length.
  const Candidate* avoided = nullptr;
  for (size_t tries = 0; tries < length; ++tries) {
    uint64_t turn = input.turn->fetch_add(1, std::memory_order_relaxed);
    const Candidate& candidate = view.candidates[view.schedule[turn % length]];
    if (candidate.runtime.get() == input.avoid) {
      avoided = &candidate;
      continue;
    }
    if (candidate.runtime->TryAcquire(DynamicLimit(candidate, view, input.backend_sessions))) {
      return &candidate;
    }
  }
  if (avoided != nullptr && view.candidates.size() == 1 &&
      avoided->runtime->TryAcquire(DynamicLimit(*avoided, view, input.backend_sessions))) {
    return avoided;
  }
  return nullptr;
}

}  // namespace lb::upstream
