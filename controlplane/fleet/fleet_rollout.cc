// How revisions reach data planes: one late node alone, or all of them in two phases.

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "controlplane/fleet/fleet.h"

namespace lb::fleet {
namespace {

Outgoing CommitOf(uint64_t revision) {
  auto message = std::make_shared<v1::ToDataPlane>();
  message->mutable_commit()->set_revision(revision);
  return message;
}

Outgoing AbortOf(uint64_t revision) {
  auto message = std::make_shared<v1::ToDataPlane>();
  message->mutable_abort()->set_revision(revision);
  return message;
}

Outgoing StatesOf(const std::vector<v1::ServerState>& states, uint64_t version) {
  auto message = std::make_shared<v1::ToDataPlane>();
  for (const v1::ServerState& state : states) *message->mutable_states()->add_states() = state;
  message->mutable_states()->set_version(version);
  return message;
}

}  // namespace

void Fleet::SetCurrent(SnapshotPtr snapshot, const std::vector<v1::ServerState>& states) {
  LB_CHECK(!is_publishing());
  current_ = std::move(snapshot);
  snapshots_.Add(current_);
  catch_up_.reset();
  ReplaceStates(states);
  Flush();
  BringUpAll();
  Rearm();
}

bool Fleet::IsCurrent(const Member& member) const {
  return member.session.revision() == current_->revision() &&
         member.session.hash() == current_->hash();
}

std::vector<NodeOutcome> Fleet::Behind() const {
  std::vector<NodeOutcome> behind;
  for (const auto& [id, member] : members_) {
    if (member.node.empty() || current_ == nullptr || IsCurrent(member)) continue;
    const Node& node = registry_.nodes().at(member.node);
    NodeOutcome& outcome = behind.emplace_back();
    outcome.node = member.node;
    outcome.stage = node.last_error.empty() ? "lagging" : "refused";
    outcome.reason = node.last_error;
  }
  return behind;
}

// Starts a catch-up, unless the node is up to date or something else must end first.
void Fleet::BringUp(MemberId id) {
  Member* member = Find(id);
  if (member == nullptr || current_ == nullptr || is_publishing()) return;
  if (member->session.state() != Session::State::kReady || IsCurrent(*member)) return;
  if (!member->session.MayPrepare(current_->revision())) {
    Refuse(id, "an earlier Prepare of this revision has had no answer");
    return;
  }
  Flush();
  if (!catch_up_.has_value() || catch_up_->state_version() != states_.version()) {
    catch_up_.emplace(&snapshots_, current_, states_.All(), states_.version());
  }
  member->is_catching_up = true;
  member->retry_at = SteadyTime::max();
  member->deadline = loop_->now() + limits_.rollout.prepare;
  Prepare(member, &*catch_up_, /*is_full=*/false);
}

void Fleet::BringUpAll() {
  for (const auto& [id, node] : Joined()) BringUp(id);
}

void Fleet::Prepare(Member* member, PrepareBuilder* builder, bool is_full) {
  const Session& session = member->session;
  if (builder->target()->tls_files_size() > 0 && !member->link->is_protected()) {
    auto refused = std::make_shared<v1::ToDataPlane>();
    refused->mutable_refused()->set_reason(
        "the configuration has certificates, which are not sent over a plaintext channel to "
        "another machine: use --tls-cert, --tls-key and --tls-ca");
    Send(member, refused);
    member->link->Close();  // the end of its stream will take it out of the fleet
    return;
  }
  Outgoing message = is_full ? builder->Full() : builder->For(session.revision(), session.hash());
  member->was_sent_full = message->prepare().has_full();
  member->prepared_version = builder->state_version();
  if (Node* node = registry_.Find(member->node); node != nullptr) node->stage = "preparing";
  Send(member, message);
}

void Fleet::OnValidated(MemberId id, Member* member) {
  registry_.Find(member->node)->stage = "validated";
  if (rollout_ != nullptr && rollout_->publisher.has_member(id)) {
    rollout_->publisher.OnValidated(id, loop_->now());
    return;
  }
  Send(member, CommitOf(member->session.pending_revision()));
  member->deadline = loop_->now() + limits_.laggard;
  Flush();
  std::vector<v1::ServerState> newer = states_.Since(member->prepared_version);
  if (!newer.empty()) Send(member, StatesOf(newer, states_.version()));
}

void Fleet::OnNacked(MemberId id, Member* member, const v1::Nack& nack) {
  const bool is_in_rollout = rollout_ != nullptr && rollout_->publisher.has_member(id);
  if (nack.needs_full() && !member->was_sent_full) {
    PrepareBuilder* builder = is_in_rollout ? &rollout_->builder : &*catch_up_;
    Prepare(member, builder, /*is_full=*/true);
    return;
  }
  Node* node = registry_.Find(member->node);
  node->stage = "refused";
  node->last_error =
      nack.resource().empty() ? nack.reason() : nack.resource() + ": " + nack.reason();
  if (is_in_rollout) {
    rollout_->publisher.OnNacked(id, nack, loop_->now());
    return;
  }
  member->is_catching_up = false;
  member->deadline = SteadyTime::max();
  member->retry_at = loop_->now() + limits_.retry;
  observer_->OnNodeRefused(member->node, *node);
}

void Fleet::Publish(SnapshotPtr snapshot, std::function<std::vector<v1::ServerState>()> states,
                    PublishHooks hooks) {
  LB_CHECK(!is_publishing());
  pending_ = std::make_unique<PendingPublish>();
  pending_->snapshot = std::move(snapshot);
  pending_->states = std::move(states);
  pending_->hooks = std::move(hooks);
  StartPendingPublish();
  Rearm();
}

// Begins the rollout that waits, once every joined node is ready for it.
void Fleet::StartPendingPublish() {
  if (pending_ == nullptr) return;
  std::map<MemberId, std::string> members = Joined();
  for (const auto& [id, node] : members) {
    if (Find(id)->session.state() != Session::State::kReady) return;
  }
  std::unique_ptr<PendingPublish> next = std::move(pending_);
  const uint64_t revision = next->snapshot->revision();
  // The revision is no new one when it is to be served with other certificates: a node may still
  // owe the answer to an earlier attempt. It comes back at once, with a session that owes nothing.
  for (const auto& [id, node] : Joined()) {
    if (Find(id)->session.MayPrepare(revision)) continue;
    members.erase(id);
    Refuse(id, "an earlier Prepare of this revision has had no answer");
  }
  Flush();
  rollout_ = std::make_unique<Rollout>(
      Publisher(revision, members, limits_.rollout, loop_->now()),
      PrepareBuilder(&snapshots_, next->snapshot, next->states(), states_.version()),
      std::move(next->hooks));
  rollout_->serial = ++rollout_serial_;
  for (const auto& [id, node] : members) {
    Member* member = Find(id);
    member->retry_at = SteadyTime::max();
    Prepare(member, &rollout_->builder, /*is_full=*/false);
  }
  AdvanceRollout();
}

// Does what the publisher's phase asks for; may be called at any time.
void Fleet::AdvanceRollout() {
  if (rollout_ == nullptr) return;
  switch (rollout_->publisher.phase()) {
    case Publisher::Phase::kPreparing:
    case Publisher::Phase::kCommitting:
      return;
    case Publisher::Phase::kDeciding:
      AskDecision();
      return;
    case Publisher::Phase::kAborted:
      AbortRollout();
      return;
    case Publisher::Phase::kDone:
      FinishRollout(/*is_committed=*/true);
      return;
  }
}

void Fleet::AskDecision() {
  if (rollout_->is_decision_asked) return;
  rollout_->is_decision_asked = true;
  // A copy: the verdict may come at once, and end the rollout that holds the function.
  std::function<void(PublishHooks::Verdict)> decide = rollout_->hooks.decide;
  decide([this, serial = rollout_->serial](absl::Status verdict) {
    if (rollout_ == nullptr || rollout_->serial != serial) return;
    if (verdict.ok()) {
      CommitRollout();
    } else {
      rollout_->publisher.Abort(std::string(verdict.message()));
    }
    AdvanceRollout();
    Rearm();
  });
}

void Fleet::CommitRollout() {
  current_ = rollout_->builder.target();
  snapshots_.Add(current_);
  catch_up_.reset();
  const Outgoing commit = CommitOf(current_->revision());
  const std::vector<v1::ServerState> changed = states_.DifferentFrom(rollout_->builder.states());
  Outgoing newer;
  if (!changed.empty()) newer = StatesOf(changed, states_.version());
  for (auto& [id, member] : members_) {
    const bool takes_part =
        rollout_->publisher.has_member(id) && member.session.state() == Session::State::kValidated;
    if (!takes_part) continue;
    Send(&member, commit);
    if (newer != nullptr) Send(&member, newer);
    registry_.Find(member.node)->stage = "committing";
  }
  rollout_->publisher.Commit(loop_->now());
}

void Fleet::AbortRollout() {
  const Outgoing abort = AbortOf(rollout_->publisher.revision());
  for (auto& [id, member] : members_) {
    if (!rollout_->publisher.has_member(id)) continue;
    Node* node = registry_.Find(member.node);
    if (member.session.MaySend(v1::ToDataPlane::kAbort)) {
      Send(&member, abort);
      node->stage = member.session.revision() == 0 ? "joined" : "serving";
    } else if (node->stage == "refused" && member.session.revision() != 0) {
      node->stage = "serving";  // its last good revision, and last_error says what it refused
    }
  }
  FinishRollout(/*is_committed=*/false);
}

void Fleet::FinishRollout(bool is_committed) {
  std::unique_ptr<Rollout> finished = std::move(rollout_);
  for (auto& [id, member] : members_) {
    const Session::State state = member.session.state();
    if (state == Session::State::kCommitting || state == Session::State::kApplied) {
      member.deadline = loop_->now() + limits_.laggard;
    }
  }
  PublishResult result;
  result.is_committed = is_committed;
  result.reason = finished->publisher.reason();
  result.nodes = finished->publisher.Outcomes();
  finished->hooks.done(std::move(result));
  BringUpAll();
}

// Hellos that did not come, answers to a catch-up that did not come, refused ones to try again.
void Fleet::CheckMemberTimes(SteadyTime now) {
  std::vector<std::pair<MemberId, std::string>> late;
  std::vector<MemberId> again;
  for (auto& [id, member] : members_) {
    if (member.deadline <= now) {
      late.emplace_back(id, member.node.empty()
                                ? "no Hello in time"
                                : "no answer in time, in state '" +
                                      std::string(StateName(member.session.state())) + "'");
    } else if (member.retry_at <= now) {
      member.retry_at = SteadyTime::max();
      again.push_back(id);
    }
  }
  for (const auto& [id, reason] : late) Refuse(id, reason);
  for (MemberId id : again) BringUp(id);
}

}  // namespace lb::fleet
