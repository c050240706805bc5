#include "controlplane/fleet/publisher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"

namespace lb::fleet {

Publisher::Publisher(uint64_t revision, const std::map<MemberId, std::string>& nodes,
                     RolloutLimits limits, SteadyTime now)
    : revision_(revision), limits_(limits), started_(now), deadline_(now + limits.prepare) {
  for (const auto& [id, node] : nodes) {
    Member& member = members_[id];
    member.node = node;
    member.at = now;
  }
  Advance();
}

Publisher::Member* Publisher::Find(MemberId member) {
  auto it = members_.find(member);
  return it == members_.end() ? nullptr : &it->second;
}

void Publisher::Move(Member* member, Stage stage, SteadyTime now) {
  member->stage = stage;
  member->at = now;
  Advance();
}

bool Publisher::HasMemberIn(Stage stage) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const auto& entry) { return entry.second.stage == stage; });
}

// Goes to the next phase when the present one has nobody left to wait for.
void Publisher::Advance() {
  if (phase_ == Phase::kPreparing && !HasMemberIn(Stage::kPreparing)) {
    phase_ = Phase::kDeciding;
    deadline_ = SteadyTime::max();
  } else if (phase_ == Phase::kCommitting && !HasMemberIn(Stage::kCommitting) &&
             !HasMemberIn(Stage::kApplied)) {
    phase_ = Phase::kDone;
    deadline_ = SteadyTime::max();
  }
}

void Publisher::OnValidated(MemberId member, SteadyTime now) {
  Member* m = Find(member);
  if (m == nullptr || phase_ != Phase::kPreparing) return;
  Move(m, Stage::kValidated, now);
}

void Publisher::OnNacked(MemberId member, const v1::Nack& nack, SteadyTime now) {
  Member* m = Find(member);
  if (m == nullptr || phase_ != Phase::kPreparing) return;
  m->stage = Stage::kRefused;
  m->at = now;
  m->resource = nack.resource();
  m->reason = nack.reason();
  Abort(absl::StrCat("node '", m->node, "' refused: ", m->resource, m->resource.empty() ? "" : ": ",
                     m->reason));
}

void Publisher::OnApplied(MemberId member, SteadyTime now) {
  Member* m = Find(member);
  if (m == nullptr || m->stage != Stage::kCommitting) return;
  Move(m, Stage::kApplied, now);
}

void Publisher::OnServing(MemberId member, SteadyTime now) {
  Member* m = Find(member);
  if (m == nullptr || (m->stage != Stage::kCommitting && m->stage != Stage::kApplied)) return;
  Move(m, Stage::kServing, now);
}

void Publisher::OnLost(MemberId member, SteadyTime now) {
  Member* m = Find(member);
  if (m == nullptr || m->stage == Stage::kServing || m->stage == Stage::kRefused) return;
  m->reason = "connection lost";
  Move(m, Stage::kLost, now);
}

void Publisher::OnTime(SteadyTime now) {
  if (now < deadline_) return;
  std::string late;
  for (auto& [id, member] : members_) {
    const bool is_waited_for = member.stage == Stage::kPreparing ||
                               member.stage == Stage::kCommitting ||
                               member.stage == Stage::kApplied;
    if (!is_waited_for) continue;
    member.is_late = true;
    member.at = now;
    if (late.empty()) late = member.node;
  }
  if (phase_ == Phase::kPreparing) {
    Abort(absl::StrCat("node '", late, "' did not answer within ", limits_.prepare.count(), " ms"));
  } else if (phase_ == Phase::kCommitting) {
    phase_ = Phase::kDone;
    deadline_ = SteadyTime::max();
  }
}

void Publisher::Commit(SteadyTime now) {
  LB_CHECK(phase_ == Phase::kDeciding);
  phase_ = Phase::kCommitting;
  deadline_ = now + limits_.commit;
  for (auto& [id, member] : members_) {
    if (member.stage == Stage::kValidated) member.stage = Stage::kCommitting;
  }
  Advance();
}

void Publisher::Abort(std::string reason) {
  LB_CHECK(phase_ == Phase::kPreparing || phase_ == Phase::kDeciding);
  phase_ = Phase::kAborted;
  deadline_ = SteadyTime::max();
  reason_ = std::move(reason);
}

NodeOutcome Publisher::OutcomeOf(const Member& member, SteadyTime started) {
  NodeOutcome outcome;
  outcome.node = member.node;
  outcome.resource = member.resource;
  outcome.reason = member.reason;
  outcome.seconds = std::chrono::duration<double>(member.at - started).count();
  switch (member.stage) {
    case Stage::kPreparing:
    case Stage::kCommitting:
      outcome.stage = "lagging";
      outcome.reason = member.is_late ? "no answer in time" : "no answer yet";
      break;
    case Stage::kValidated:
      outcome.stage = "validated";
      break;
    case Stage::kApplied:
      outcome.stage = member.is_late ? "lagging" : "applied";
      if (member.is_late) outcome.reason = "applied, but not serving in time";
      break;
    case Stage::kServing:
      outcome.stage = "serving";
      break;
    case Stage::kRefused:
      outcome.stage = "refused";
      break;
    case Stage::kLost:
      outcome.stage = "lost";
      break;
  }
  return outcome;
}

std::vector<NodeOutcome> Publisher::Outcomes() const {
  std::vector<NodeOutcome> outcomes;
  outcomes.reserve(members_.size());
  for (const auto& [id, member] : members_) outcomes.push_back(OutcomeOf(member, started_));
  std::sort(outcomes.begin(), outcomes.end(),
            [](const NodeOutcome& a, const NodeOutcome& b) { return a.node < b.node; });
  return outcomes;
}

}  // namespace lb::fleet
