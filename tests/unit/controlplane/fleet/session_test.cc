#include "controlplane/fleet/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::AckOf;
using ::lb::testing::CommandDoneOf;
using ::lb::testing::HelloOf;
using ::lb::testing::NackOf;
using ::lb::testing::SnapshotOf;
using ::lb::testing::StatesAppliedOf;
using ::testing::HasSubstr;
using Outcome = Session::Outcome;
using State = Session::State;

v1::ToDataPlane PrepareOf(uint64_t revision, uint64_t state_version = 0) {
  v1::ToDataPlane message;
  *message.mutable_prepare()->mutable_full() = SnapshotOf(revision, "h" + std::to_string(revision));
  message.mutable_prepare()->set_state_version(state_version);
  return message;
}

v1::ToDataPlane CommitOf(uint64_t revision) {
  v1::ToDataPlane message;
  message.mutable_commit()->set_revision(revision);
  return message;
}

v1::ToDataPlane AbortOf(uint64_t revision) {
  v1::ToDataPlane message;
  message.mutable_abort()->set_revision(revision);
  return message;
}

v1::ToDataPlane StatesOf(uint64_t version) {
  v1::ToDataPlane message;
  message.mutable_states()->set_version(version);
  return message;
}

// A session that serves revision 4 and has been brought to `state`, where revision 5 is pending.
Session SessionIn(State state) {
  Session session;
  if (state == State::kGreeting) return session;
  session.Receive(HelloOf("node1", 7, 4, "h4"));
  session.Send(StatesOf(10));
  if (state == State::kReady) return session;
  if (state == State::kClosed) {
    session.Close();
    return session;
  }
  session.Send(PrepareOf(5));
  if (state == State::kPreparing) return session;
  session.Receive(AckOf(5, v1::Ack::VALIDATED));
  if (state == State::kValidated) return session;
  session.Send(CommitOf(5));
  if (state == State::kCommitting) return session;
  session.Receive(AckOf(5, v1::Ack::APPLIED));
  return session;
}

constexpr State kStates[] = {State::kGreeting,  State::kReady,      State::kPreparing,
                             State::kValidated, State::kCommitting, State::kApplied,
                             State::kClosed};

TEST(Session, ReceivesEveryMessageInEveryStateAsTheTableSays) {
  using N = std::optional<State>;  // nullopt: illegal
  constexpr N no = std::nullopt;
  struct Row {
    const char* name;
    v1::FromDataPlane message;
    N next[7];  // by kStates
  };
  v1::FromDataPlane report;
  report.mutable_report();
  v1::FromDataPlane list;
  list.mutable_sessions();
  const Row rows[] = {
      {"Hello", HelloOf("node1", 7), {State::kReady, no, no, no, no, no, no}},
      {"VALIDATED", AckOf(5, v1::Ack::VALIDATED), {no, no, State::kValidated, no, no, no, no}},
      {"Nack", NackOf(5, "r", "w"), {no, no, State::kReady, no, no, no, no}},
      {"APPLIED", AckOf(5, v1::Ack::APPLIED), {no, no, no, no, State::kApplied, no, no}},
      {"SERVING", AckOf(5, v1::Ack::SERVING), {no, no, no, no, no, State::kReady, no}},
      {"no stage", AckOf(5, v1::Ack::STAGE_UNSPECIFIED), {no, no, no, no, no, no, no}},
      {"StatesApplied",
       StatesAppliedOf(10),
       {no, State::kReady, State::kPreparing, State::kValidated, State::kCommitting,
        State::kApplied, no}},
      {"Report",
       report,
       {no, State::kReady, State::kPreparing, State::kValidated, State::kCommitting,
        State::kApplied, no}},
      {"SessionList",
       list,
       {no, State::kReady, State::kPreparing, State::kValidated, State::kCommitting,
        State::kApplied, no}},
      {"CommandDone",
       CommandDoneOf(1, 0),
       {no, State::kReady, State::kPreparing, State::kValidated, State::kCommitting,
        State::kApplied, no}},
      {"unknown", v1::FromDataPlane(), {no, no, no, no, no, no, no}},
  };
  for (const Row& row : rows) {
    for (size_t i = 0; i < std::size(kStates); ++i) {
      SCOPED_TRACE(std::string(row.name) + " in " + std::string(StateName(kStates[i])));
      Session session = SessionIn(kStates[i]);
      ASSERT_EQ(session.state(), kStates[i]);
      Session::Step step = session.Receive(row.message);
      EXPECT_EQ(step.outcome != Outcome::kIllegal, row.next[i].has_value()) << step.reason;
      EXPECT_EQ(session.state(), row.next[i].value_or(State::kClosed));
      EXPECT_EQ(step.reason.empty(), row.next[i].has_value());
    }
  }
}

TEST(Session, MaySendWhatTheDiagramSays) {
  using To = v1::ToDataPlane;
  struct Row {
    To::MessageCase kind;
    const char* states;  // one letter a state of kStates: 'y' or 'n'
  };
  const Row rows[] = {
      {To::kPrepare, "nynnnnn"},
      {To::kCommit, "nnnynnn"},
      {To::kAbort, "nnyynnn"},
      {To::kStates, "nyyyyyn"},
      {To::kPoll, "nyyyyyn"},
      {To::kListSessions, "nyyyyyn"},
      {To::kShutdownSessions, "nyyyyyn"},
      {To::kClearCounters, "nyyyyyn"},
      {To::kRefused, "yyyyyyy"},
      {To::MESSAGE_NOT_SET, "nnnnnnn"},
  };
  for (const Row& row : rows) {
    for (size_t i = 0; i < std::size(kStates); ++i) {
      EXPECT_EQ(SessionIn(kStates[i]).MaySend(row.kind), row.states[i] == 'y')
          << "message " << row.kind << " in " << StateName(kStates[i]);
    }
  }
}

TEST(Session, ServesTheNewRevisionOnlyAfterServing) {
  Session session = SessionIn(State::kApplied);
  EXPECT_EQ(session.revision(), 4u);
  EXPECT_EQ(session.Receive(AckOf(5, v1::Ack::SERVING)).outcome, Outcome::kServing);
  EXPECT_EQ(session.revision(), 5u);
  EXPECT_EQ(session.hash(), "h5");
}

TEST(Session, KeepsItsRevisionAfterNackAndAbort) {
  Session nacked = SessionIn(State::kPreparing);
  EXPECT_EQ(nacked.Receive(NackOf(5, "bind", "in use")).outcome, Outcome::kNacked);
  EXPECT_EQ(nacked.revision(), 4u);
  Session aborted = SessionIn(State::kValidated);
  aborted.Send(AbortOf(5));
  EXPECT_EQ(aborted.state(), State::kReady);
  EXPECT_EQ(aborted.revision(), 4u);
}

TEST(Session, TakesOneLateAnswerToAnAbortedPrepare) {
  for (const v1::FromDataPlane& late : {AckOf(5, v1::Ack::VALIDATED), NackOf(5, "r", "w")}) {
    Session session = SessionIn(State::kPreparing);
    session.Send(AbortOf(5));
    EXPECT_FALSE(session.MayPrepare(5));
    session.Send(PrepareOf(6));
    EXPECT_EQ(session.Receive(late).outcome, Outcome::kStale);
    EXPECT_EQ(session.state(), State::kPreparing);
    EXPECT_EQ(session.Receive(late).outcome, Outcome::kIllegal);
  }
}

TEST(Session, ExpectsNoLateAnswerWhenTheAbortedPrepareWasAnswered) {
  Session session = SessionIn(State::kValidated);
  session.Send(AbortOf(5));
  EXPECT_EQ(session.Receive(AckOf(5, v1::Ack::VALIDATED)).outcome, Outcome::kIllegal);
}

TEST(Session, RefusesAnswersAboutAnotherRevision) {
  Session session = SessionIn(State::kPreparing);
  Session::Step step = session.Receive(AckOf(9, v1::Ack::VALIDATED));
  EXPECT_EQ(step.outcome, Outcome::kIllegal);
  EXPECT_THAT(step.reason, HasSubstr("expected revision 5"));
}

TEST(Session, RefusesBadHellos) {
  const v1::FromDataPlane bad[] = {HelloOf("", 7), HelloOf("a b", 7), HelloOf("a\n", 7),
                                   HelloOf(std::string(129, 'x'), 7), HelloOf("node1", 0)};
  for (const v1::FromDataPlane& hello : bad) {
    EXPECT_EQ(Session().Receive(hello).outcome, Outcome::kIllegal) << hello.DebugString();
  }
}

TEST(Session, RefusesStatesThatWereNeverSent) {
  Session session = SessionIn(State::kReady);
  EXPECT_EQ(session.Receive(StatesAppliedOf(11)).outcome, Outcome::kIllegal);
}

TEST(Session, AppliedStatesNeverGoBack) {
  Session session = SessionIn(State::kReady);
  session.Receive(StatesAppliedOf(9));
  session.Receive(StatesAppliedOf(3));
  EXPECT_EQ(session.applied_state_version(), 9u);
}

TEST(Session, ServingAppliesTheStatesOfItsPrepare) {
  Session session = SessionIn(State::kReady);
  session.Send(PrepareOf(5, /*state_version=*/12));
  session.Receive(AckOf(5, v1::Ack::VALIDATED));
  session.Send(CommitOf(5));
  session.Receive(AckOf(5, v1::Ack::APPLIED));
  EXPECT_EQ(session.applied_state_version(), 0u);
  session.Receive(AckOf(5, v1::Ack::SERVING));
  EXPECT_EQ(session.applied_state_version(), 12u);
}

TEST(SessionDeathTest, SendingWhatMayNotBeSentIsABug) {
  EXPECT_DEATH(SessionIn(State::kReady).Send(CommitOf(5)), "MaySend");
}

}  // namespace
}  // namespace lb::fleet
