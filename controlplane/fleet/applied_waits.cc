#include "controlplane/fleet/applied_waits.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace lb::fleet {

void AppliedWaits::Start(uint64_t version, std::map<MemberId, std::string> members, SteadyTime now,
                         Millis limit, Done done) {
  Wait wait;
  wait.version = version;
  wait.waiting = std::move(members);
  wait.started = now;
  wait.deadline = now + limit;
  wait.done = std::move(done);
  waits_.push_back(std::move(wait));
  FinishComplete();
}

void AppliedWaits::Settle(Wait* wait, MemberId member, const char* stage, const char* reason,
                          SteadyTime now) {
  auto it = wait->waiting.find(member);
  if (it == wait->waiting.end()) return;
  NodeOutcome outcome;
  outcome.node = it->second;
  outcome.stage = stage;
  outcome.reason = reason;
  outcome.seconds = std::chrono::duration<double>(now - wait->started).count();
  wait->outcomes.push_back(std::move(outcome));
  wait->waiting.erase(it);
}

void AppliedWaits::OnApplied(MemberId member, uint64_t version, SteadyTime now) {
  for (Wait& wait : waits_) {
    if (wait.version <= version) Settle(&wait, member, "applied", "", now);
  }
  FinishComplete();
}

void AppliedWaits::OnLost(MemberId member, SteadyTime now) {
  for (Wait& wait : waits_) Settle(&wait, member, "lost", "connection lost", now);
  FinishComplete();
}

void AppliedWaits::OnTime(SteadyTime now) {
  for (Wait& wait : waits_) {
    if (wait.deadline > now) continue;
    while (!wait.waiting.empty()) {
      Settle(&wait, wait.waiting.begin()->first, "lagging", "no answer in time", now);
    }
  }
  FinishComplete();
}

// Takes the finished ones out first: their `done` may start others.
void AppliedWaits::FinishComplete() {
  std::list<Wait> finished;
  for (auto it = waits_.begin(); it != waits_.end();) {
    auto next = std::next(it);
    if (it->waiting.empty()) finished.splice(finished.end(), waits_, it);
    it = next;
  }
  for (Wait& wait : finished) {
    std::sort(wait.outcomes.begin(), wait.outcomes.end(),
              [](const NodeOutcome& a, const NodeOutcome& b) { return a.node < b.node; });
    wait.done(std::move(wait.outcomes));
  }
}

SteadyTime AppliedWaits::deadline() const {
  SteadyTime deadline = SteadyTime::max();
  for (const Wait& wait : waits_) deadline = std::min(deadline, wait.deadline);
  return deadline;
}

}  // namespace lb::fleet
