// "balance first": the first server of the file (of the lowest "id") that has a free place.
#include "dataplane/upstream/view.h"

namespace lb::upstream {

const Candidate* PickFirst(const BackendView& view, const PickInput& input) {
  for (const Candidate& candidate : view.candidates) {
    if (candidate.runtime.get() == input.avoid && view.candidates.size() > 1) continue;
    if (candidate.runtime->TryAcquire(DynamicLimit(candidate, view, input.backend_sessions))) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace lb::upstream
