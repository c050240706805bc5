#include "controlplane/fleet/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>

#include "tests/testing/fleet_messages.h"

namespace lb::fleet {
namespace {

using ::lb::testing::AckOf;
using ::lb::testing::CommandDoneOf;
using ::lb::testing::FakeDiff;
using ::lb::testing::HelloOf;
using ::lb::testing::NackOf;
using ::lb::testing::SnapshotOf;
using ::lb::testing::StateOf;
using ::lb::testing::StatesAppliedOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What one node has been sent; outlives its link.
struct Wire {
  std::deque<v1::ToDataPlane> sent;
  bool is_closed = false;
  std::optional<std::string> certified_node;  // as Link's
};

class FakeLink : public Link {
 public:
  explicit FakeLink(Wire* wire) : wire_(wire) {}
  void Send(Outgoing message) override { wire_->sent.push_back(*message); }
  void Close() override { wire_->is_closed = true; }
  std::string peer() const override { return "10.0.0.1:1"; }
  std::optional<std::string> certified_node() const override { return wire_->certified_node; }

 private:
  Wire* wire_;
};

// A data plane that has the fleet as its peer. Answers only what a test makes it answer.
class FakeNode {
 public:
  FakeNode(Fleet* fleet, std::string name, uint64_t instance)
      : fleet_(fleet), name_(std::move(name)), instance_(instance) {}

  void Join(uint64_t revision = 0, const std::string& hash = "") {
    wire = Wire{{}, false, wire.certified_node};
    member_ = fleet_->Connect(std::make_unique<FakeLink>(&wire));
    Say(HelloOf(name_, instance_, revision, hash));
  }
  void Say(const v1::FromDataPlane& message) { fleet_->Receive(member_, message); }
  void Vanish() { fleet_->Disconnect(member_, "connection lost"); }

  // The next message, as a word; "" when there is none.
  std::string Hear() {
    if (wire.sent.empty()) return "";
    last = wire.sent.front();
    wire.sent.pop_front();
    switch (last.message_case()) {
      case v1::ToDataPlane::kPrepare:
        if (last.prepare().has_delta()) {
          return "delta " + std::to_string(last.prepare().delta().revision());
        }
        return "full " + std::to_string(last.prepare().full().revision());
      case v1::ToDataPlane::kCommit:
        return "commit " + std::to_string(last.commit().revision());
      case v1::ToDataPlane::kAbort:
        return "abort " + std::to_string(last.abort().revision());
      case v1::ToDataPlane::kStates:
        return "states " + std::to_string(last.states().version());
      case v1::ToDataPlane::kRefused:
        return "refused: " + last.refused().reason();
      default:
        return "question";
    }
  }
  std::vector<std::string> HearAll() {
    std::vector<std::string> words;
    while (!wire.sent.empty()) words.push_back(Hear());
    return words;
  }
  // Answers a Prepare and a Commit as a healthy node does.
  void CatchUp(uint64_t revision) {
    Say(AckOf(revision, v1::Ack::VALIDATED));
    Say(AckOf(revision, v1::Ack::APPLIED));
    Say(AckOf(revision, v1::Ack::SERVING));
    HearAll();
  }

  Wire wire;
  v1::ToDataPlane last;

 private:
  Fleet* fleet_;
  std::string name_;
  uint64_t instance_;
  MemberId member_ = 0;
};

class FleetTest : public ::testing::Test, public FleetObserver {
 protected:
  FleetTest() { fleet_.SetCurrent(Made(4), {StateOf(1, v1::SERVER_UP)}); }

  static SnapshotPtr Made(uint64_t revision) {
    return std::make_shared<v1::Snapshot>(SnapshotOf(revision, "h" + std::to_string(revision)));
  }

  void OnNodeJoined(const std::string& name, const Node&) override { Note("joined " + name); }
  void OnNodeLost(const std::string& name, const Node& node) override {
    Note("lost " + name + ": " + node.last_error);
  }
  void OnNodeServing(const std::string& name, const Node& node) override {
    Note("serving " + name + " " + std::to_string(node.revision));
  }
  void OnNodeRefused(const std::string& name, const Node& node) override {
    Note("refused " + name + ": " + node.last_error);
  }
  void OnReport(const std::string&, const v1::Report&) override {}
  void Note(std::string what) { notes_.push_back(std::move(what)); }

  void Turn() { loop_.RunOnce(Millis(0)); }
  void After(int ms) {
    clock_.Advance(Millis(ms));
    Turn();
    Turn();
  }

  void Publish(uint64_t revision, std::vector<v1::ServerState> states = {}) {
    PublishSnapshot(Made(revision), std::move(states));
  }
  void PublishSnapshot(SnapshotPtr snapshot, std::vector<v1::ServerState> states = {}) {
    PublishHooks hooks;
    hooks.decide = [this](PublishHooks::Verdict verdict) {
      ++decisions_;
      if (holds_verdict_) {
        held_ = verdict;
      } else {
        verdict(absl::OkStatus());
      }
    };
    hooks.done = [this](PublishResult result) { result_ = std::move(result); };
    fleet_.Publish(
        std::move(snapshot), [states] { return states; }, hooks);
  }
  void JoinBoth() {
    a_.Join(4, "h4");
    b_.Join(4, "h4");
    a_.HearAll();
    b_.HearAll();
  }

  FakeClock clock_;
  event::EventLoop loop_{clock_};
  Fleet fleet_{&loop_, FakeDiff, this};
  FakeNode a_{&fleet_, "a", 1};
  FakeNode b_{&fleet_, "b", 2};
  std::vector<std::string> notes_;
  std::optional<PublishResult> result_;
  PublishHooks::Verdict held_;
  bool holds_verdict_ = false;
  int decisions_ = 0;
};

TEST_F(FleetTest, AnEmptyNodeIsBroughtUpAlone) {
  a_.Join();
  EXPECT_EQ(a_.Hear(), "full 4");
  EXPECT_EQ(a_.last.prepare().states_size(), 1);
  a_.Say(AckOf(4, v1::Ack::VALIDATED));
  EXPECT_EQ(a_.Hear(), "commit 4");
  a_.Say(AckOf(4, v1::Ack::APPLIED));
  a_.Say(AckOf(4, v1::Ack::SERVING));
  EXPECT_THAT(notes_, ElementsAre("joined a", "serving a 4"));
  EXPECT_EQ(fleet_.nodes().at("a").stage, "serving");
}

TEST_F(FleetTest, ANodeAtTheCurrentRevisionGetsStatesOnly) {
  a_.Join(4, "h4");
  EXPECT_THAT(a_.HearAll(), ElementsAre("states 1"));
}

TEST_F(FleetTest, ANodeWithTheRevisionButOtherContentGetsTheWhole) {
  a_.Join(4, "other");
  EXPECT_THAT(a_.HearAll(), ElementsAre("states 1", "full 4"));
}

TEST_F(FleetTest, StatesThatChangedDuringACatchUpFollowItsCommit) {
  a_.Join();
  fleet_.SetState(StateOf(1, v1::SERVER_DOWN));
  Turn();
  a_.HearAll();
  a_.Say(AckOf(4, v1::Ack::VALIDATED));
  EXPECT_EQ(a_.Hear(), "commit 4");
  EXPECT_EQ(a_.Hear(), "states 2");
  EXPECT_EQ(a_.last.states().states(0).status(), v1::SERVER_DOWN);
}

TEST_F(FleetTest, ARefusedCatchUpIsTriedAgainLater) {
  a_.Join();
  a_.HearAll();
  a_.Say(NackOf(4, "bind *:80", "in use"));
  EXPECT_THAT(notes_, ElementsAre("joined a", "refused a: bind *:80: in use"));
  EXPECT_THAT(a_.HearAll(), IsEmpty());
  After(5000);
  EXPECT_EQ(a_.Hear(), "full 4");
}

TEST_F(FleetTest, TellsWhoDoesNotServeWhatIsCurrent) {
  a_.Join(4, "h4");
  EXPECT_THAT(fleet_.Behind(), IsEmpty());
  b_.Join();
  ASSERT_EQ(fleet_.Behind().size(), 1u);
  EXPECT_EQ(fleet_.Behind()[0].node, "b");
  EXPECT_EQ(fleet_.Behind()[0].stage, "lagging");
  b_.HearAll();
  b_.Say(NackOf(4, "bind *:80", "in use"));
  ASSERT_EQ(fleet_.Behind().size(), 1u);
  EXPECT_EQ(fleet_.Behind()[0].stage, "refused");
  EXPECT_EQ(fleet_.Behind()[0].reason, "bind *:80: in use");
}

TEST_F(FleetTest, ASilentCatchUpEndsTheSession) {
  a_.Join();
  a_.HearAll();
  After(10'000);
  EXPECT_THAT(a_.Hear(), HasSubstr("refused: no answer in time, in state 'preparing'"));
  EXPECT_TRUE(a_.wire.is_closed);
}

TEST_F(FleetTest, AStreamWithoutAHelloIsClosed) {
  Wire wire;
  fleet_.Connect(std::make_unique<FakeLink>(&wire));
  After(9'999);
  EXPECT_FALSE(wire.is_closed);
  After(1);
  EXPECT_TRUE(wire.is_closed);
}

TEST_F(FleetTest, OnlyACertificateOfTheNodeLetsItJoin) {
  a_.wire.certified_node = "a";
  a_.Join(4, "h4");
  EXPECT_FALSE(a_.wire.is_closed);
  for (const char* other : {"", "a"}) {
    FakeNode node(&fleet_, "b", 20);
    node.wire.certified_node = other;
    node.Join(4, "h4");
    EXPECT_TRUE(node.wire.is_closed) << other;
    EXPECT_EQ(fleet_.nodes().count("b"), 0u) << other;
  }
}

TEST_F(FleetTest, ASecondNodeOfTheSameNameIsRefused) {
  a_.Join(4, "h4");
  FakeNode twin(&fleet_, "a", 99);
  twin.Join();
  EXPECT_THAT(twin.Hear(), HasSubstr("refused: node name 'a' is in use"));
  EXPECT_TRUE(twin.wire.is_closed);
  EXPECT_TRUE(fleet_.nodes().at("a").is_connected);
}

TEST_F(FleetTest, AReconnectOfTheSameInstanceReplacesTheOldSession) {
  FakeNode again(&fleet_, "a", 1);
  a_.Join(4, "h4");
  again.Join(4, "h4");
  EXPECT_TRUE(a_.wire.is_closed);
  a_.Vanish();
  EXPECT_TRUE(fleet_.nodes().at("a").is_connected);
  again.Vanish();
}

TEST_F(FleetTest, AnIllegalMessageEndsTheSessionWithAReason) {
  a_.Join(4, "h4");
  a_.HearAll();
  a_.Say(AckOf(4, v1::Ack::SERVING));
  EXPECT_EQ(a_.Hear(), "refused: illegal message: Ack SERVING in state 'ready'");
  EXPECT_FALSE(fleet_.nodes().at("a").is_connected);
  EXPECT_THAT(fleet_.nodes().at("a").last_error, HasSubstr("illegal message"));
}

TEST_F(FleetTest, PublishesInTwoPhases) {
  JoinBoth();
  Publish(5);
  EXPECT_EQ(a_.Hear(), "delta 5");
  EXPECT_EQ(b_.Hear(), "delta 5");
  a_.Say(AckOf(5, v1::Ack::VALIDATED));
  EXPECT_EQ(a_.Hear(), "");
  EXPECT_EQ(decisions_, 0);
  b_.Say(AckOf(5, v1::Ack::VALIDATED));
  EXPECT_EQ(decisions_, 1);
  EXPECT_EQ(a_.Hear(), "commit 5");
  EXPECT_EQ(b_.Hear(), "commit 5");
  EXPECT_FALSE(result_.has_value());
}

TEST_F(FleetTest, APublishEndsWhenAllServe) {
  JoinBoth();
  Publish(5);
  for (FakeNode* node : {&a_, &b_}) node->Say(AckOf(5, v1::Ack::VALIDATED));
  for (FakeNode* node : {&a_, &b_}) {
    node->Say(AckOf(5, v1::Ack::APPLIED));
    EXPECT_FALSE(result_.has_value());
    node->Say(AckOf(5, v1::Ack::SERVING));
  }
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->is_committed);
  EXPECT_EQ(result_->nodes.size(), 2u);
  EXPECT_EQ(fleet_.current()->revision(), 5u);
}

TEST_F(FleetTest, ANackAbortsEverywhereAndChangesNothing) {
  JoinBoth();
  Publish(5);
  a_.Say(AckOf(5, v1::Ack::VALIDATED));
  b_.Say(NackOf(5, "bind *:80", "in use"));
  ASSERT_TRUE(result_.has_value());
  EXPECT_FALSE(result_->is_committed);
  EXPECT_EQ(result_->reason, "node 'b' refused: bind *:80: in use");
  EXPECT_THAT(a_.HearAll(), ElementsAre("delta 5", "abort 5"));
  EXPECT_THAT(b_.HearAll(), ElementsAre("delta 5"));
  EXPECT_EQ(fleet_.current()->revision(), 4u);
  EXPECT_EQ(decisions_, 0);
}

TEST_F(FleetTest, ASilentNodeAbortsAndItsLateAnswerIsHarmless) {
  JoinBoth();
  Publish(5);
  a_.Say(AckOf(5, v1::Ack::VALIDATED));
  After(10'000);
  ASSERT_TRUE(result_.has_value());
  EXPECT_FALSE(result_->is_committed);
  EXPECT_THAT(b_.HearAll(), ElementsAre("delta 5", "abort 5"));
  b_.Say(AckOf(5, v1::Ack::VALIDATED));
  EXPECT_TRUE(fleet_.nodes().at("b").is_connected);
  result_.reset();
  Publish(6);
  for (FakeNode* node : {&a_, &b_}) node->CatchUp(6);
  EXPECT_TRUE(result_.has_value() && result_->is_committed);
}

TEST_F(FleetTest, OtherContentsOfTheSameRevisionArePublishedToo) {
  JoinBoth();
  PublishSnapshot(std::make_shared<v1::Snapshot>(SnapshotOf(4, "other")));
  EXPECT_EQ(a_.Hear(), "delta 4");
  EXPECT_EQ(b_.Hear(), "delta 4");
  for (FakeNode* node : {&a_, &b_}) node->CatchUp(4);
  EXPECT_TRUE(result_.has_value() && result_->is_committed);
  EXPECT_EQ(fleet_.current()->hash(), "other");
  a_.Vanish();
  a_.Join(4, "h4");
  EXPECT_THAT(a_.HearAll(), Contains("delta 4")) << "what it has is the revision, not its contents";
}

TEST_F(FleetTest, WhoOwesAnAnswerAboutTheRevisionComesBackForTheNextAttempt) {
  JoinBoth();
  PublishSnapshot(std::make_shared<v1::Snapshot>(SnapshotOf(4, "refused")));
  a_.Say(NackOf(4, "bind *:443", "no"));  // b has not answered yet
  ASSERT_TRUE(result_.has_value() && !result_->is_committed);
  b_.HearAll();
  result_.reset();
  PublishSnapshot(std::make_shared<v1::Snapshot>(SnapshotOf(4, "better")));
  EXPECT_THAT(b_.HearAll(), ElementsAre(HasSubstr("has had no answer")));
  a_.CatchUp(4);
  ASSERT_TRUE(result_.has_value() && result_->is_committed);
  b_.Join(4, "h4");
  EXPECT_THAT(b_.HearAll(), Contains("delta 4"));
}

TEST_F(FleetTest, ANodeLostInTheMiddleDoesNotStopThePublish) {
  JoinBoth();
  Publish(5);
  b_.Vanish();
  a_.CatchUp(5);
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->is_committed);
  EXPECT_EQ(result_->nodes[1].stage, "lost");
  b_.Join(4, "h4");
  EXPECT_THAT(b_.HearAll(), ElementsAre("states 1", "delta 5"));
}

TEST_F(FleetTest, ALateJoinerWaitsForTheRolloutThenIsBroughtUp) {
  a_.Join(4, "h4");
  Publish(5);
  b_.Join();
  EXPECT_THAT(b_.HearAll(), IsEmpty());
  a_.CatchUp(5);
  EXPECT_THAT(b_.HearAll(), ElementsAre("full 5"));
}

TEST_F(FleetTest, APublishWaitsForACatchUp) {
  a_.Join();
  Publish(5);
  EXPECT_THAT(a_.HearAll(), ElementsAre("full 4"));
  EXPECT_TRUE(fleet_.is_publishing());
  a_.CatchUp(4);
  a_.Say(AckOf(5, v1::Ack::VALIDATED));
  EXPECT_EQ(decisions_, 1);
}

TEST_F(FleetTest, ANodeThatNeedsTheWholeGetsIt) {
  a_.Join(4, "h4");
  a_.HearAll();
  Publish(5);
  EXPECT_EQ(a_.Hear(), "delta 5");
  a_.Say(NackOf(5, "", "no such base", /*needs_full=*/true));
  EXPECT_EQ(a_.Hear(), "full 5");
  EXPECT_FALSE(result_.has_value());
  a_.Say(NackOf(5, "", "still not", /*needs_full=*/true));
  EXPECT_TRUE(result_.has_value()) << "the whole was refused as well";
}

TEST_F(FleetTest, ANegativeVerdictAborts) {
  JoinBoth();
  holds_verdict_ = true;
  Publish(5);
  for (FakeNode* node : {&a_, &b_}) node->Say(AckOf(5, v1::Ack::VALIDATED));
  held_(absl::UnavailableError("state: disk full"));
  EXPECT_THAT(a_.HearAll(), ElementsAre("delta 5", "abort 5"));
  EXPECT_EQ(result_->reason, "state: disk full");
  held_(absl::OkStatus());  // a second verdict does nothing
  EXPECT_EQ(fleet_.current()->revision(), 4u);
}

TEST_F(FleetTest, WithoutNodesAPublishCommitsAtOnce) {
  Publish(5);
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->is_committed);
  EXPECT_EQ(fleet_.current()->revision(), 5u);
}

TEST_F(FleetTest, StatesThatDifferFromThePreparedOnesFollowTheCommit) {
  a_.Join(4, "h4");
  a_.HearAll();
  holds_verdict_ = true;
  Publish(5, {StateOf(1, v1::SERVER_UP), StateOf(2, v1::SERVER_PENDING)});
  EXPECT_EQ(a_.Hear(), "delta 5");
  a_.Say(AckOf(5, v1::Ack::VALIDATED));
  fleet_.ReplaceStates({StateOf(1, v1::SERVER_DOWN), StateOf(2, v1::SERVER_PENDING)});
  held_(absl::OkStatus());
  EXPECT_EQ(a_.Hear(), "commit 5");
  EXPECT_EQ(a_.Hear(), "states 1");
  ASSERT_EQ(a_.last.states().states_size(), 1);
  EXPECT_EQ(a_.last.states().states(0).status(), v1::SERVER_DOWN);
}

TEST_F(FleetTest, ANodeThatLagsAfterTheCommitIsDisconnectedInTheEnd) {
  JoinBoth();
  Publish(5);
  for (FakeNode* node : {&a_, &b_}) node->Say(AckOf(5, v1::Ack::VALIDATED));
  a_.Say(AckOf(5, v1::Ack::APPLIED));
  a_.Say(AckOf(5, v1::Ack::SERVING));
  After(5000);
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->nodes[1].stage, "lagging");
  EXPECT_TRUE(fleet_.nodes().at("b").is_connected);
  After(10'000);
  EXPECT_FALSE(fleet_.nodes().at("b").is_connected);
}

TEST_F(FleetTest, ChangesOfOneTurnGoOutTogether) {
  JoinBoth();
  fleet_.SetState(StateOf(1, v1::SERVER_DOWN));
  fleet_.SetState(StateOf(2, v1::SERVER_UP));
  EXPECT_EQ(a_.Hear(), "");
  Turn();
  EXPECT_THAT(a_.HearAll(), ElementsAre("states 2"));
  EXPECT_EQ(a_.last.states().states_size(), 2);
  EXPECT_THAT(b_.HearAll(), ElementsAre("states 2"));
}

TEST_F(FleetTest, WaitsUntilEveryServingNodeHasAppliedAStateChange) {
  JoinBoth();
  fleet_.SetState(StateOf(1, v1::SERVER_MAINT));
  const uint64_t version = fleet_.Flush();
  std::optional<std::vector<NodeOutcome>> outcomes;
  fleet_.WhenApplied(version, Millis(1000),
                     [&](std::vector<NodeOutcome> o) { outcomes = std::move(o); });
  a_.Say(StatesAppliedOf(version));
  EXPECT_FALSE(outcomes.has_value());
  After(1000);
  ASSERT_TRUE(outcomes.has_value());
  EXPECT_EQ((*outcomes)[0].stage, "applied");
  EXPECT_EQ((*outcomes)[1].stage, "lagging");
}

TEST_F(FleetTest, QuestionsGoToAllOrToOneAndAreAnsweredTogether) {
  JoinBoth();
  v1::ToDataPlane question;
  question.mutable_clear_counters()->set_all(true);
  std::optional<Gathered> gathered;
  auto done = [&](Gathered g) { gathered = std::move(g); };
  fleet_.Ask(question, std::nullopt, Millis(250), done);
  EXPECT_EQ(a_.Hear(), "question");
  EXPECT_EQ(b_.Hear(), "question");
  for (FakeNode* node : {&a_, &b_}) node->Say(CommandDoneOf(node->last.clear_counters().id(), 1));
  ASSERT_TRUE(gathered.has_value());
  EXPECT_EQ(gathered->answers.size(), 2u);
  gathered.reset();
  fleet_.Ask(question, "b", Millis(250), done);
  EXPECT_EQ(a_.Hear(), "");
  EXPECT_EQ(b_.Hear(), "question");
  After(250);
  ASSERT_TRUE(gathered.has_value());
  EXPECT_THAT(gathered->missing, ElementsAre("b"));
}

TEST_F(FleetTest, KeepsTheCountersOfTheLastReport) {
  a_.Join(4, "h4");
  v1::FromDataPlane report;
  report.mutable_report()->mutable_counters()->mutable_process()->set_pid(77);
  a_.Say(report);
  EXPECT_EQ(fleet_.nodes().at("a").counters.process().pid(), 77u);
  a_.Vanish();
  EXPECT_EQ(fleet_.nodes().at("a").counters.process().pid(), 0u);
}

}  // namespace
}  // namespace lb::fleet
