// "balance random(<draws>)": of a few servers drawn by weight, the least loaded.
#include <algorithm>

#include "dataplane/upstream/view.h"

namespace lb::upstream {
namespace {

// splitmix64: the next of a sequence of well-mixed numbers.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

const Candidate* PickRandom(const BackendView& view, const PickInput& input) {
  uint64_t state = input.random;
  const Candidate* best = nullptr;
  for (uint32_t draw = 0; draw < std::max<uint32_t>(1, input.random_draws); ++draw) {
    uint64_t point = NextRandom(&state) % view.cumulative.back();
    size_t index = static_cast<size_t>(
        std::upper_bound(view.cumulative.begin(), view.cumulative.end(), point) -
        view.cumulative.begin());
    const Candidate& candidate = view.candidates[index];
    if (candidate.runtime.get() == input.avoid && view.candidates.size() > 1) continue;
    // Crosswise products compare sessions per weight without dividing.
    if (best == nullptr ||
        uint64_t{candidate.runtime->sessions.load(std::memory_order_relaxed)} * best->weight <
            uint64_t{best->runtime->sessions.load(std::memory_order_relaxed)} * candidate.weight) {
      best = &candidate;
    }
  }
  if (best != nullptr &&
      best->runtime->TryAcquire(DynamicLimit(*best, view, input.backend_sessions))) {
    return best;
  }
  // The drawn ones are full: any other with a place is better than the queue.
  return PickLeastConn(view, input);
}

}  // namespace lb::upstream
