#include "controlplane/fleet/fleet.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace lb::fleet {

Fleet::Fleet(event::EventLoop* loop, DiffFunction diff, FleetObserver* observer, FleetLimits limits)
    : loop_(loop), observer_(observer), limits_(limits), snapshots_(std::move(diff)) {}

Fleet::~Fleet() {
  for (auto& [id, member] : members_) member.link->Close();
}

Fleet::Member* Fleet::Find(MemberId id) {
  auto it = members_.find(id);
  return it == members_.end() ? nullptr : &it->second;
}

MemberId Fleet::Connect(std::unique_ptr<Link> link) {
  const MemberId id = next_member_++;
  Member& member = members_[id];
  member.link = std::move(link);
  member.deadline = loop_->now() + limits_.hello;
  Rearm();
  return id;
}

void Fleet::Receive(MemberId id, const v1::FromDataPlane& message) {
  Member* member = Find(id);
  if (member == nullptr) return;
  const Session::Step step = member->session.Receive(message);
  switch (step.outcome) {
    case Session::Outcome::kIllegal:
      Refuse(id, "illegal message: " + step.reason);
      break;
    case Session::Outcome::kJoined:
      OnJoined(id, member);
      break;
    case Session::Outcome::kValidated:
      OnValidated(id, member);
      break;
    case Session::Outcome::kNacked:
      OnNacked(id, member, message.nack());
      break;
    case Session::Outcome::kApplied:
      if (rollout_ != nullptr) rollout_->publisher.OnApplied(id, loop_->now());
      break;
    case Session::Outcome::kServing:
      OnServing(id, member);
      break;
    case Session::Outcome::kStatesApplied:
      waits_.OnApplied(id, member->session.applied_state_version(), loop_->now());
      break;
    case Session::Outcome::kContent:
      OnContent(id, *member, message);
      break;
    case Session::Outcome::kStale:
      break;
  }
  AdvanceRollout();
  StartPendingPublish();
  Rearm();
}

void Fleet::Disconnect(MemberId id, const std::string& reason) {
  if (Find(id) == nullptr) return;
  Drop(id, reason);
  AdvanceRollout();
  StartPendingPublish();
  Rearm();
}

void Fleet::Send(Member* member, const Outgoing& message) {
  member->session.Send(*message);
  member->link->Send(message);
}

void Fleet::Refuse(MemberId id, const std::string& reason) {
  auto message = std::make_shared<v1::ToDataPlane>();
  message->mutable_refused()->set_reason(reason);
  Send(Find(id), message);
  Drop(id, reason);
}

// Forgets the member first, so that whoever is told of it sees it gone.
void Fleet::Drop(MemberId id, const std::string& reason) {
  auto node = members_.extract(id);
  Member& member = node.mapped();
  member.session.Close();
  member.link->Close();
  const bool is_lost = registry_.Lose(member.node, id, reason, loop_->clock().WallNow());
  if (rollout_ != nullptr) rollout_->publisher.OnLost(id, loop_->now());
  waits_.OnLost(id, loop_->now());
  gather_.OnLost(id);
  if (is_lost) observer_->OnNodeLost(member.node, *registry_.Find(member.node));
}

void Fleet::OnJoined(MemberId id, Member* member) {
  const v1::Hello hello = member->session.hello();
  const std::optional<std::string> certified = member->link->certified_node();
  if (certified.has_value() && *certified != hello.node()) {
    Refuse(id, certified->empty() ? "its certificate is not a data plane's: make one with 'lbctl "
                                    "pki issue " +
                                        hello.node() + "'"
                                  : "its certificate is that of node '" + *certified + "'");
    return;
  }
  Registry::Admission admission =
      registry_.Admit(id, hello, member->link->peer(), loop_->clock().WallNow());
  if (!admission.is_admitted) {
    Refuse(id, admission.reason);
    return;
  }
  member->node = hello.node();
  member->deadline = SteadyTime::max();
  if (admission.replaced != 0) Drop(admission.replaced, "replaced by a newer session");
  observer_->OnNodeJoined(hello.node(), *registry_.Find(hello.node()));
  SendTicketKeys(member);
  if (hello.revision() != 0 && current_ != nullptr) SendAllStates(member);
  BringUp(id);
}

void Fleet::OnServing(MemberId id, Member* member) {
  member->is_catching_up = false;
  member->deadline = SteadyTime::max();
  Node* node = registry_.Find(member->node);
  node->revision = member->session.revision();
  node->stage = "serving";
  node->last_error.clear();
  if (rollout_ != nullptr) rollout_->publisher.OnServing(id, loop_->now());
  waits_.OnApplied(id, member->session.applied_state_version(), loop_->now());
  observer_->OnNodeServing(member->node, *node);
  BringUp(id);
}

void Fleet::OnContent(MemberId id, const Member& member, const v1::FromDataPlane& message) {
  const std::string name = member.node;
  if (message.has_report()) {
    if (Node* node = registry_.Find(name); node != nullptr && node->member == id) {
      node->counters = message.report().counters();
    }
    observer_->OnReport(name, message.report());
  }
  gather_.OnAnswer(id, message);
}

void Fleet::SetTicketKeys(const v1::TicketKeys& keys) {
  auto message = std::make_shared<v1::ToDataPlane>();
  *message->mutable_ticket_keys() = keys;
  ticket_keys_ = std::move(message);
  for (auto& [id, member] : members_) {
    if (member.session.MaySend(v1::ToDataPlane::kTicketKeys)) SendTicketKeys(&member);
  }
}

// Not over a channel that others can read: such a data plane seals with keys of its own.
void Fleet::SendTicketKeys(Member* member) {
  if (ticket_keys_ != nullptr && member->link->is_protected()) Send(member, ticket_keys_);
}

void Fleet::SendAllStates(Member* member) {
  Flush();
  auto message = std::make_shared<v1::ToDataPlane>();
  for (const v1::ServerState& state : states_.All())
    *message->mutable_states()->add_states() = state;
  message->mutable_states()->set_version(states_.version());
  Send(member, message);
}

std::map<MemberId, std::string> Fleet::Joined() const {
  std::map<MemberId, std::string> joined;
  for (const auto& [id, member] : members_) {
    if (member.session.MaySend(v1::ToDataPlane::kStates)) joined[id] = member.node;
  }
  return joined;
}

void Fleet::SetState(const v1::ServerState& state) {
  if (states_.Set(state)) loop_->Queue(this);
}

void Fleet::ReplaceStates(const std::vector<v1::ServerState>& states) {
  states_.Replace(states);
  if (states_.has_changes()) loop_->Queue(this);
}

void Fleet::Run() { Flush(); }

uint64_t Fleet::Flush() {
  if (!states_.has_changes()) return states_.version();
  auto message = std::make_shared<v1::ToDataPlane>();
  for (v1::ServerState& state : states_.TakeChanges()) {
    *message->mutable_states()->add_states() = std::move(state);
  }
  message->mutable_states()->set_version(states_.version());
  for (const auto& [id, node] : Joined()) Send(Find(id), message);
  return states_.version();
}

void Fleet::WhenApplied(uint64_t version, Millis limit, AppliedWaits::Done done) {
  std::map<MemberId, std::string> members = Joined();
  std::erase_if(members, [&](const auto& entry) {
    const Session& session = Find(entry.first)->session;
    return session.revision() == 0 || session.applied_state_version() >= version;
  });
  waits_.Start(version, std::move(members), loop_->now(), limit, std::move(done));
  Rearm();
}

void Fleet::Ask(v1::ToDataPlane question, const std::optional<std::string>& node, Millis limit,
                Gather::Done done) {
  const uint64_t id = gather_.next_id();
  if (question.has_poll()) question.mutable_poll()->set_id(id);
  if (question.has_list_sessions()) question.mutable_list_sessions()->set_id(id);
  if (question.has_list_bad_messages()) question.mutable_list_bad_messages()->set_id(id);
  if (question.has_shutdown_sessions()) question.mutable_shutdown_sessions()->set_id(id);
  if (question.has_clear_counters()) question.mutable_clear_counters()->set_id(id);
  std::map<MemberId, std::string> members = Joined();
  if (node.has_value()) {
    std::erase_if(members, [&](const auto& entry) { return entry.second != *node; });
  }
  auto message = std::make_shared<const v1::ToDataPlane>(std::move(question));
  for (const auto& [member, name] : members) Send(Find(member), message);
  gather_.Start(std::move(members), loop_->now() + limit, std::move(done));
  Rearm();
}

void Fleet::Rearm() {
  SteadyTime next = std::min(waits_.deadline(), gather_.deadline());
  if (rollout_ != nullptr) next = std::min(next, rollout_->publisher.deadline());
  for (const auto& [id, member] : members_) {
    next = std::min({next, member.deadline, member.retry_at});
  }
  if (next == SteadyTime::max()) {
    Cancel();
  } else {
    loop_->SetTimer(this, next);
  }
}

void Fleet::OnExpired() {
  const SteadyTime now = loop_->now();
  waits_.OnTime(now);
  gather_.OnTime(now);
  if (rollout_ != nullptr) rollout_->publisher.OnTime(now);
  CheckMemberTimes(now);
  AdvanceRollout();
  StartPendingPublish();
  Rearm();
}

}  // namespace lb::fleet
