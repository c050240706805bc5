// Session: the control plane's side of one data plane's session, as a state machine.
// Pure: no I/O, no clock. One per stream; lives on the controller's loop thread.
// Wire: proto/lb/v1/dataplane.proto.
//
//   kGreeting --Hello--> kReady <---------------------------------------------+
//                          |  ^                                               |
//                      >Prepare  <--Nack-- or >Abort                          |
//                          v  |                                               |
//                      kPreparing --VALIDATED--> kValidated --(>Abort)--> kReady
//                                                    |                        |
//                                                 >Commit                  SERVING
//                                                    v                        |
//                                                kCommitting --APPLIED--> kApplied
//
//   ">X" is a message we send, the others arrive. Every state but kClosed goes to kClosed on a
//   message it does not know: an illegal message is the peer's mistake, so it is returned as
//   data (Outcome::kIllegal with a reason) and the caller refuses the session.
//
// A Prepare that is aborted before its answer may still be answered, because the answer was on
// its way: such answers are kStale. A revision aborted that way is not prepared again in the
// same session before that answer, so that an answer always says which Prepare it means.
#ifndef LB_CONTROLPLANE_FLEET_SESSION_H_
#define LB_CONTROLPLANE_FLEET_SESSION_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {

class Session {
 public:
  enum class State { kGreeting, kReady, kPreparing, kValidated, kCommitting, kApplied, kClosed };

  enum class Outcome {
    kJoined,         // the Hello was good; hello() is set
    kValidated,      // the node can serve the prepared revision
    kNacked,         // it cannot: the Nack says why
    kApplied,        // its main thread has switched
    kServing,        // every worker has switched; revision() is the new one
    kStatesApplied,  // applied_state_version() has moved
    kContent,        // a Report, SessionList, BadMessageList or CommandDone: to be read
    kStale,          // an answer to something aborted; nothing to do
    kIllegal,        // `reason` says what was wrong; the state is kClosed
  };

  struct Step {
    Outcome outcome = Outcome::kIllegal;
    std::string reason;
  };

  // Takes one message from the data plane.
  Step Receive(const v1::FromDataPlane& message);

  // Whether a message of this kind may be sent now. A caller that sends another has a bug.
  bool MaySend(v1::ToDataPlane::MessageCase kind) const;
  // Whether `revision` may be prepared now.
  bool MayPrepare(uint64_t revision) const;
  // Records that `message` is sent. Requires MaySend() of it (LB_CHECK).
  void Send(const v1::ToDataPlane& message);

  // The stream has ended. Nothing is legal afterwards.
  void Close() { state_ = State::kClosed; }

  State state() const { return state_; }
  const v1::Hello& hello() const { return hello_; }
  // What the node serves: from its Hello, then of the last SERVING; 0 and "" for none.
  uint64_t revision() const { return revision_; }
  const std::string& hash() const { return hash_; }
  // The revision of the Prepare under way; 0 for none.
  uint64_t pending_revision() const { return pending_revision_; }
  // The newest states known to be in use on every worker of the node.
  uint64_t applied_state_version() const { return applied_state_version_; }

 private:
  // What can arrive, as the columns of the transition table.
  enum class Input { kHello, kValidated, kNack, kApplied, kServing, kStatesApplied, kContent };

  Step ReceiveHello(const v1::Hello& hello);
  Step ReceiveAnswer(Input input, uint64_t revision);
  Step ReceiveStatesApplied(const v1::StatesApplied& applied);
  Step Illegal(std::string reason);
  static const State* NextState(State state, Input input);

  State state_ = State::kGreeting;
  v1::Hello hello_;
  uint64_t revision_ = 0;
  std::string hash_;
  uint64_t pending_revision_ = 0;
  std::string pending_hash_;
  uint64_t pending_state_version_ = 0;
  uint64_t sent_state_version_ = 0;
  uint64_t applied_state_version_ = 0;
  std::set<uint64_t> unanswered_aborts_;
};

// "ready", "preparing", ...: for messages and for operators.
std::string_view StateName(Session::State state);

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_SESSION_H_
