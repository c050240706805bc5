// Whatever a data plane says, in whatever order, its session keeps these claims:
//
// - an illegal message closes it, and a closed session takes nothing;
// - it serves a revision only after Prepare, VALIDATED, Commit, APPLIED, SERVING of that revision;
// - the states it is known to use were sent, and never go back.
//
// The input is a list of steps: one byte that says which, then its arguments of a byte each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "controlplane/fleet/session.h"
#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {
namespace {

class Steps {
 public:
  Steps(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  bool has_more() const { return at_ < size_; }
  uint8_t Next() { return has_more() ? bytes_[at_++] : 0; }
  std::string Take(size_t count) {
    count = std::min(count, size_ - at_);
    std::string taken(reinterpret_cast<const char*>(bytes_ + at_), count);
    at_ += count;
    return taken;
  }

 private:
  const uint8_t* bytes_;
  size_t size_;
  size_t at_ = 0;
};

class Play {
 public:
  void Run(Steps steps) {
    while (steps.has_more()) Step(&steps);
  }

 private:
  void Step(Steps* steps) {
    v1::FromDataPlane message;
    switch (steps->Next() % 8) {
      case 0:
        SendPrepare(steps->Next());
        return;
      case 1:
        SendDecision(steps->Next());
        return;
      case 2:
        SendStates();
        return;
      case 3:
        message.mutable_hello()->set_node("n");
        message.mutable_hello()->set_revision(steps->Next());
        message.mutable_hello()->set_instance(steps->Next());
        break;
      case 4:
        message.mutable_ack()->set_stage(static_cast<v1::Ack::Stage>(steps->Next() % 4));
        message.mutable_ack()->set_revision(steps->Next());
        break;
      case 5:
        message.mutable_nack()->set_revision(steps->Next());
        break;
      case 6:
        message.mutable_states_applied()->set_version(steps->Next());
        break;
      case 7:
        if (!message.ParseFromString(steps->Take(steps->Next()))) return;
        break;
    }
    Receive(message);
  }

  void SendPrepare(uint64_t revision) {
    if (!session_.MayPrepare(revision)) return;
    v1::ToDataPlane message;
    message.mutable_prepare()->mutable_full()->set_revision(revision);
    message.mutable_prepare()->set_state_version(++version_);
    session_.Send(message);
    prepared_ = revision;
    has_committed_ = false;
  }

  void SendDecision(uint8_t choice) {
    v1::ToDataPlane message;
    if (choice % 2 == 0) {
      message.mutable_commit()->set_revision(prepared_);
    } else {
      message.mutable_abort()->set_revision(prepared_);
    }
    if (!session_.MaySend(message.message_case())) return;
    session_.Send(message);
    has_committed_ = message.has_commit();
  }

  void SendStates() {
    if (!session_.MaySend(v1::ToDataPlane::kStates)) return;
    v1::ToDataPlane message;
    message.mutable_states()->set_version(++version_);
    session_.Send(message);
  }

  void Receive(const v1::FromDataPlane& message) {
    const Session::State before = session_.state();
    const uint64_t applied_before = session_.applied_state_version();
    const Session::Step step = session_.Receive(message);
    const bool is_illegal = step.outcome == Session::Outcome::kIllegal;
    LB_CHECK(is_illegal == (session_.state() == Session::State::kClosed));
    LB_CHECK(is_illegal == !step.reason.empty());
    LB_CHECK(is_illegal || before != Session::State::kClosed);
    if (step.outcome == Session::Outcome::kServing) {
      LB_CHECK(before == Session::State::kApplied && has_committed_);
      LB_CHECK(session_.revision() == prepared_);
      has_committed_ = false;
    }
    if (step.outcome == Session::Outcome::kNacked) prepared_ = 0;
    LB_CHECK(session_.applied_state_version() >= applied_before);
    LB_CHECK(session_.applied_state_version() <= version_);
  }

  Session session_;
  uint64_t version_ = 0;
  uint64_t prepared_ = 0;
  bool has_committed_ = false;
};

}  // namespace
}  // namespace lb::fleet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  lb::fleet::Play().Run(lb::fleet::Steps(bytes, size));
  return 0;
}
