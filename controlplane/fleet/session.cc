#include "controlplane/fleet/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"

namespace lb::fleet {
namespace {

using State = Session::State;
using To = v1::ToDataPlane;

constexpr size_t kMaxNodeName = 128;

bool IsNodeName(const std::string& name) {
  if (name.empty() || name.size() > kMaxNodeName) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view MessageName(const v1::FromDataPlane& message) {
  switch (message.message_case()) {
    case v1::FromDataPlane::kHello:
      return "Hello";
    case v1::FromDataPlane::kAck:
      switch (message.ack().stage()) {
        case v1::Ack::VALIDATED:
          return "Ack VALIDATED";
        case v1::Ack::APPLIED:
          return "Ack APPLIED";
        case v1::Ack::SERVING:
          return "Ack SERVING";
        default:
          return "Ack without a stage";
      }
    case v1::FromDataPlane::kNack:
      return "Nack";
    case v1::FromDataPlane::kReport:
      return "Report";
    case v1::FromDataPlane::kSessions:
      return "SessionList";
    case v1::FromDataPlane::kStatesApplied:
      return "StatesApplied";
    case v1::FromDataPlane::kCommandDone:
      return "CommandDone";
    case v1::FromDataPlane::kBadMessages:
      return "BadMessageList";
    case v1::FromDataPlane::MESSAGE_NOT_SET:
      break;
  }
  return "unknown message";
}

}  // namespace

std::string_view StateName(State state) {
  switch (state) {
    case State::kGreeting:
      return "greeting";
    case State::kReady:
      return "ready";
    case State::kPreparing:
      return "preparing";
    case State::kValidated:
      return "validated";
    case State::kCommitting:
      return "committing";
    case State::kApplied:
      return "applied";
    case State::kClosed:
      return "closed";
  }
  return "?";
}

// The table of the diagram in the header: the state after `input` in `state`; nullptr: illegal.
const State* Session::NextState(State state, Input input) {
  static constexpr State kReady = State::kReady;
  static constexpr State kPreparing = State::kPreparing;
  static constexpr State kValidated = State::kValidated;
  static constexpr State kCommitting = State::kCommitting;
  static constexpr State kApplied = State::kApplied;
  static constexpr const State* kNone = nullptr;
  static constexpr const State* kTable[7][7] = {
      // Hello, VALIDATED, Nack, APPLIED, SERVING, StatesApplied, content
      {&kReady, kNone, kNone, kNone, kNone, kNone, kNone},                    // greeting
      {kNone, kNone, kNone, kNone, kNone, &kReady, &kReady},                  // ready
      {kNone, &kValidated, &kReady, kNone, kNone, &kPreparing, &kPreparing},  // preparing
      {kNone, kNone, kNone, kNone, kNone, &kValidated, &kValidated},          // validated
      {kNone, kNone, kNone, &kApplied, kNone, &kCommitting, &kCommitting},    // committing
      {kNone, kNone, kNone, kNone, &kReady, &kApplied, &kApplied},            // applied
      {kNone, kNone, kNone, kNone, kNone, kNone, kNone},                      // closed
  };
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(input)];
}

Session::Step Session::Illegal(std::string reason) {
  state_ = State::kClosed;
  return {Outcome::kIllegal, std::move(reason)};
}

Session::Step Session::Receive(const v1::FromDataPlane& message) {
  Step step;
  switch (message.message_case()) {
    case v1::FromDataPlane::kHello:
      step = ReceiveHello(message.hello());
      break;
    case v1::FromDataPlane::kAck:
      switch (message.ack().stage()) {
        case v1::Ack::VALIDATED:
          step = ReceiveAnswer(Input::kValidated, message.ack().revision());
          break;
        case v1::Ack::APPLIED:
          step = ReceiveAnswer(Input::kApplied, message.ack().revision());
          break;
        case v1::Ack::SERVING:
          step = ReceiveAnswer(Input::kServing, message.ack().revision());
          break;
        default:
          break;
      }
      break;
    case v1::FromDataPlane::kNack:
      step = ReceiveAnswer(Input::kNack, message.nack().revision());
      break;
    case v1::FromDataPlane::kStatesApplied:
      step = ReceiveStatesApplied(message.states_applied());
      break;
    case v1::FromDataPlane::kReport:
    case v1::FromDataPlane::kSessions:
    case v1::FromDataPlane::kCommandDone:
    case v1::FromDataPlane::kBadMessages:
      if (NextState(state_, Input::kContent) != nullptr) step.outcome = Outcome::kContent;
      break;
    case v1::FromDataPlane::MESSAGE_NOT_SET:
      break;
  }
  if (step.outcome == Outcome::kIllegal && step.reason.empty()) {
    step.reason =
        std::string(MessageName(message)) + " in state '" + std::string(StateName(state_)) + "'";
  }
  if (step.outcome == Outcome::kIllegal) return Illegal(std::move(step.reason));
  return step;
}

Session::Step Session::ReceiveHello(const v1::Hello& hello) {
  const State* next = NextState(state_, Input::kHello);
  if (next == nullptr) return {};
  if (!IsNodeName(hello.node())) {
    return {Outcome::kIllegal, "node name: expected 1 to 128 printable characters, no spaces"};
  }
  if (hello.instance() == 0) return {Outcome::kIllegal, "Hello without an instance"};
  state_ = *next;
  hello_ = hello;
  revision_ = hello.revision();
  hash_ = hello.hash();
  return {Outcome::kJoined, ""};
}

Session::Step Session::ReceiveAnswer(Input input, uint64_t revision) {
  if (state_ == State::kGreeting || state_ == State::kClosed) return {};
  const bool answers_prepare = input == Input::kValidated || input == Input::kNack;
  if (answers_prepare && revision != pending_revision_ && unanswered_aborts_.erase(revision) > 0) {
    return {Outcome::kStale, ""};
  }
  const State* next = NextState(state_, input);
  if (next == nullptr) return {};
  if (revision != pending_revision_) {
    return {Outcome::kIllegal, absl::StrCat("answer about revision ", revision,
                                            ", expected revision ", pending_revision_)};
  }
  state_ = *next;
  switch (input) {
    case Input::kValidated:
      return {Outcome::kValidated, ""};
    case Input::kApplied:
      return {Outcome::kApplied, ""};
    case Input::kNack:
      pending_revision_ = 0;
      return {Outcome::kNacked, ""};
    default:
      break;
  }
  revision_ = std::exchange(pending_revision_, 0);
  hash_ = std::exchange(pending_hash_, "");
  applied_state_version_ = std::max(applied_state_version_, pending_state_version_);
  return {Outcome::kServing, ""};
}

Session::Step Session::ReceiveStatesApplied(const v1::StatesApplied& applied) {
  if (NextState(state_, Input::kStatesApplied) == nullptr) return {};
  if (applied.version() > sent_state_version_) {
    return {Outcome::kIllegal, absl::StrCat("states ", applied.version(), " applied, but only ",
                                            sent_state_version_, " were sent")};
  }
  applied_state_version_ = std::max(applied_state_version_, applied.version());
  return {Outcome::kStatesApplied, ""};
}

bool Session::MaySend(To::MessageCase kind) const {
  switch (kind) {
    case To::kPrepare:
      return state_ == State::kReady;
    case To::kCommit:
      return state_ == State::kValidated;
    case To::kAbort:
      return state_ == State::kPreparing || state_ == State::kValidated;
    case To::kStates:
    case To::kTicketKeys:
    case To::kPoll:
    case To::kListSessions:
    case To::kListBadMessages:
    case To::kShutdownSessions:
    case To::kClearCounters:
      return state_ != State::kGreeting && state_ != State::kClosed;
    case To::kRefused:
      return true;
    case To::MESSAGE_NOT_SET:
      break;
  }
  return false;
}

bool Session::MayPrepare(uint64_t revision) const {
  return MaySend(To::kPrepare) && !unanswered_aborts_.contains(revision);
}

void Session::Send(const To& message) {
  LB_CHECK(MaySend(message.message_case()));
  switch (message.message_case()) {
    case To::kPrepare: {
      const v1::Prepare& prepare = message.prepare();
      pending_revision_ =
          prepare.has_full() ? prepare.full().revision() : prepare.delta().revision();
      pending_hash_ = prepare.has_full() ? prepare.full().hash() : prepare.delta().hash();
      pending_state_version_ = prepare.state_version();
      sent_state_version_ = std::max(sent_state_version_, pending_state_version_);
      LB_CHECK(!unanswered_aborts_.contains(pending_revision_));
      state_ = State::kPreparing;
      return;
    }
    case To::kCommit:
      state_ = State::kCommitting;
      return;
    case To::kAbort:
      if (state_ == State::kPreparing) unanswered_aborts_.insert(pending_revision_);
      pending_revision_ = 0;
      state_ = State::kReady;
      return;
    case To::kStates:
      sent_state_version_ = std::max(sent_state_version_, message.states().version());
      return;
    case To::kRefused:
      state_ = State::kClosed;
      return;
    default:
      return;
  }
}

}  // namespace lb::fleet
