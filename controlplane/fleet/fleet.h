// Fleet: all data planes, as the controller sees them. Joins the pure parts of this room (sessions,
// registry, publisher, state table, questions) with one timer on the event loop.
// Owned by the controller; lives on the loop's thread.
//
// - A node that joins is brought to the current revision alone (catch-up).
// - Publish() takes a new revision to all connected nodes in two phases (publisher.h). It begins
//   when no node is in the middle of a catch-up; nodes that join during it are brought up after.
// - Changed server states go to every node, all changes of one loop turn together.
//
// The call order of a rollout:  Publish() -> hooks.decide -> (verdict) -> hooks.done.
#ifndef LB_CONTROLPLANE_FLEET_FLEET_H_
#define LB_CONTROLPLANE_FLEET_FLEET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "common/event/event_loop.h"
#include "controlplane/fleet/applied_waits.h"
#include "controlplane/fleet/gather.h"
#include "controlplane/fleet/link.h"
#include "controlplane/fleet/publisher.h"
#include "controlplane/fleet/registry.h"
#include "controlplane/fleet/session.h"
#include "controlplane/fleet/snapshots.h"
#include "controlplane/fleet/state_table.h"

namespace lb::fleet {

struct FleetLimits {
  RolloutLimits rollout;
  Millis hello{10'000};    // from the connection to the Hello
  Millis retry{5'000};     // until a refused catch-up is tried again
  Millis laggard{10'000};  // a node this late after a commit is disconnected
};

// Told what happens to nodes. Calls come from inside the fleet's functions.
class FleetObserver {
 public:
  virtual ~FleetObserver() = default;
  virtual void OnNodeJoined(const std::string& name, const Node& node) = 0;
  virtual void OnNodeLost(const std::string& name, const Node& node) = 0;
  // Serves node.revision on every worker.
  virtual void OnNodeServing(const std::string& name, const Node& node) = 0;
  // Refused the revision it was to catch up to, or gave no answer: node.last_error.
  virtual void OnNodeRefused(const std::string& name, const Node& node) = 0;
  virtual void OnReport(const std::string& name, const v1::Report& report) = 0;
};

struct PublishResult {
  bool is_committed = false;
  std::string reason;  // why not
  std::vector<NodeOutcome> nodes;
};

struct PublishHooks {
  using Verdict = std::function<void(absl::Status)>;
  // Every node has validated. Call `verdict` once, now or later: ok commits, an error aborts with
  // its message. Before an ok, ReplaceStates() with the states of the new snapshot.
  std::function<void(Verdict verdict)> decide;
  std::function<void(PublishResult)> done;
};

class Fleet : private event::Timer, private event::Runnable {
 public:
  // All pointers are borrowed.
  Fleet(event::EventLoop* loop, DiffFunction diff, FleetObserver* observer,
        FleetLimits limits = {});
  ~Fleet() override;

  // A data plane has dialed in; then what it says; then its end. A message or an end of a member
  // that the fleet has dropped is ignored.
  MemberId Connect(std::unique_ptr<Link> link);
  void Receive(MemberId member, const v1::FromDataPlane& message);
  void Disconnect(MemberId member, const std::string& reason);

  // Sets what is served, with its revision and hash, without asking anybody: for the start.
  void SetCurrent(SnapshotPtr snapshot, const std::vector<v1::ServerState>& states);
  const SnapshotPtr& current() const { return current_; }

  // Rolls `snapshot` out: a new revision, or the current one with other contents (and so another
  // hash). `states` is called when the rollout begins, for the states of all its
  // servers. One rollout at a time (LB_CHECK).
  void Publish(SnapshotPtr snapshot, std::function<std::vector<v1::ServerState>()> states,
               PublishHooks hooks);
  bool is_publishing() const { return rollout_ != nullptr || pending_ != nullptr; }

  // Server states. Changes are sent in this loop turn, or at once by Flush().
  void SetState(const v1::ServerState& state);
  void ReplaceStates(const std::vector<v1::ServerState>& states);
  const StateTable& states() const { return states_; }

  // Every node is sent these now, or when it joins.
  void SetTicketKeys(const v1::TicketKeys& keys);
  // Sends what has changed; returns the version that covers every change so far.
  uint64_t Flush();
  // Runs `done` when every connected node that serves something uses `version`, or at the limit.
  void WhenApplied(uint64_t version, Millis limit, AppliedWaits::Done done);

  // Asks all connected nodes, or only `node`: Poll, ListSessions, ListBadMessages,
  // ShutdownSessions, ClearCounters. The id is filled in.
  void Ask(v1::ToDataPlane question, const std::optional<std::string>& node, Millis limit,
           Gather::Done done);

  const std::map<std::string, Node>& nodes() const { return registry_.nodes(); }
  // The joined nodes that do not serve current() yet: "refused" with the reason, or "lagging".
  std::vector<NodeOutcome> Behind() const;
  void RememberNode(const std::string& name, Node node) {
    registry_.Remember(name, std::move(node));
  }

 private:
  struct Member {
    Session session;
    std::unique_ptr<Link> link;
    std::string node;                         // after its Hello
    bool is_catching_up = false;              // a Prepare of its own is under way
    bool was_sent_full = false;               // in the Prepare under way
    uint64_t prepared_version = 0;            // of the states in it
    SteadyTime deadline = SteadyTime::max();  // for the Hello, or for the answer awaited
    SteadyTime retry_at = SteadyTime::max();  // of a refused catch-up
  };

  struct PendingPublish {
    SnapshotPtr snapshot;
    std::function<std::vector<v1::ServerState>()> states;
    PublishHooks hooks;
  };

  struct Rollout {
    Rollout(Publisher p, PrepareBuilder b, PublishHooks h)
        : publisher(std::move(p)), builder(std::move(b)), hooks(std::move(h)) {}
    Publisher publisher;
    PrepareBuilder builder;
    PublishHooks hooks;
    bool is_decision_asked = false;
    uint64_t serial = 0;
  };

  void OnExpired() override;  // the next deadline of anything
  void Run() override;        // the end of a turn in which states changed
  void Rearm();

  // fleet.cc: members and their messages
  Member* Find(MemberId id);
  void Send(Member* member, const Outgoing& message);
  void Refuse(MemberId id, const std::string& reason);
  void Drop(MemberId id, const std::string& reason);
  void OnJoined(MemberId id, Member* member);
  void OnServing(MemberId id, Member* member);
  void OnContent(MemberId id, const Member& member, const v1::FromDataPlane& message);
  void SendAllStates(Member* member);
  void SendTicketKeys(Member* member);
  std::map<MemberId, std::string> Joined() const;

  // fleet_rollout.cc: catch-up and rollouts
  void BringUp(MemberId id);
  void BringUpAll();
  bool IsCurrent(const Member& member) const;
  void OnValidated(MemberId id, Member* member);
  void OnNacked(MemberId id, Member* member, const v1::Nack& nack);
  void Prepare(Member* member, PrepareBuilder* builder, bool is_full);
  void StartPendingPublish();
  void AdvanceRollout();
  void AskDecision();
  void CommitRollout();
  void AbortRollout();
  void FinishRollout(bool is_committed);
  void CheckMemberTimes(SteadyTime now);

  event::EventLoop* const loop_;
  FleetObserver* const observer_;
  const FleetLimits limits_;

  MemberId next_member_ = 1;
  std::map<MemberId, Member> members_;
  Registry registry_;
  StateTable states_;
  Outgoing ticket_keys_;  // null: none yet
  AppliedWaits waits_;
  Gather gather_;
  Snapshots snapshots_;
  SnapshotPtr current_;
  std::optional<PrepareBuilder> catch_up_;  // to current_, with the states of its version
  std::unique_ptr<PendingPublish> pending_;
  std::unique_ptr<Rollout> rollout_;
  uint64_t rollout_serial_ = 0;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_FLEET_H_
