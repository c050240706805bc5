// Publisher: one rollout of one revision to the nodes that were connected when it began, in two
// phases. Pure: time is passed in; messages are sent by the caller when the phase changes.
//
//   kPreparing --all validated--> kDeciding --Commit()--> kCommitting --all serving--> kDone
//       |                            |                        |
//   a Nack, a node too late       Abort()                a node too late: "lagging", still kDone
//       v                            v
//   kAborted <-----------------------+
//
// A node that is lost before the commit leaves the rollout and does not stop it: it is brought up
// to date when it comes back. After the commit nothing can fail any more; a node can only lag.
#ifndef LB_CONTROLPLANE_FLEET_PUBLISHER_H_
#define LB_CONTROLPLANE_FLEET_PUBLISHER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {

// One stream to a data plane; never reused.
using MemberId = uint64_t;

struct RolloutLimits {
  Millis prepare{10'000};
  Millis commit{5'000};
};

// How one node came through, for the operator.
struct NodeOutcome {
  std::string node;
  std::string stage;  // "serving", "applied", "validated", "refused", "lagging", "lost"
  std::string resource;
  std::string reason;
  double seconds = 0;  // from the start to the stage
};

class Publisher {
 public:
  enum class Phase { kPreparing, kDeciding, kCommitting, kDone, kAborted };

  // `nodes` are the names of the members that take part. None: the phase is kDeciding at once.
  Publisher(uint64_t revision, const std::map<MemberId, std::string>& nodes, RolloutLimits limits,
            SteadyTime now);

  // Inputs. Those about members that do not take part have no effect.
  void OnValidated(MemberId member, SteadyTime now);
  void OnNacked(MemberId member, const v1::Nack& nack, SteadyTime now);
  void OnApplied(MemberId member, SteadyTime now);
  void OnServing(MemberId member, SteadyTime now);
  void OnLost(MemberId member, SteadyTime now);
  void OnTime(SteadyTime now);

  // The decision; requires kDeciding (LB_CHECK).
  void Commit(SteadyTime now);
  void Abort(std::string reason);

  Phase phase() const { return phase_; }
  uint64_t revision() const { return revision_; }
  // When OnTime() must be called; max() when there is nothing to wait for.
  SteadyTime deadline() const { return deadline_; }
  // Why it was aborted, in one line.
  const std::string& reason() const { return reason_; }
  bool has_member(MemberId member) const { return members_.contains(member); }
  // By node name.
  std::vector<NodeOutcome> Outcomes() const;

 private:
  enum class Stage { kPreparing, kValidated, kCommitting, kApplied, kServing, kRefused, kLost };

  struct Member {
    std::string node;
    Stage stage = Stage::kPreparing;
    bool is_late = false;
    std::string resource;
    std::string reason;
    SteadyTime at;
  };

  Member* Find(MemberId member);
  void Move(Member* member, Stage stage, SteadyTime now);
  void Advance();
  bool HasMemberIn(Stage stage) const;
  static NodeOutcome OutcomeOf(const Member& member, SteadyTime started);

  const uint64_t revision_;
  const RolloutLimits limits_;
  const SteadyTime started_;
  Phase phase_ = Phase::kPreparing;
  SteadyTime deadline_;
  std::string reason_;
  std::map<MemberId, Member> members_;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_PUBLISHER_H_
