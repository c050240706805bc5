#include "dataplane/upstream/server.h"

namespace lb::upstream {

bool ServerRuntime::TryAcquire(uint32_t limit) {
  uint32_t current = sessions.load(std::memory_order_relaxed);
  do {
    if (limit != 0 && current >= limit) return false;
  } while (!sessions.compare_exchange_weak(current, current + 1, std::memory_order_acq_rel,
                                           std::memory_order_relaxed));
  NoteUse(current + 1);
  return true;
}

void ServerRuntime::Acquire() { NoteUse(sessions.fetch_add(1, std::memory_order_acq_rel) + 1); }

void ServerRuntime::NoteUse(uint32_t used) {
  RaiseMaximum(&max_sessions, used);
  RaiseMaximum(&used_lately_, used);
}

void ServerRuntime::AgeNeed() {
  const uint32_t used =
      used_lately_.exchange(sessions.load(std::memory_order_relaxed), std::memory_order_relaxed);
  const uint32_t needed = needed_.load(std::memory_order_relaxed);
  needed_.store(used >= needed ? used : (needed + used) / 2, std::memory_order_relaxed);
}

void RaiseMaximum(std::atomic<uint32_t>* max, uint32_t value) {
  uint32_t seen = max->load(std::memory_order_relaxed);
  while (seen < value && !max->compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace lb::upstream
