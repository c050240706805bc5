// DataPlane with real workers and sockets, and a fake control plane.
#include "dataplane/server/data_plane.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/net/socket.h"
#include "tests/testing/free_port.h"
#include "tests/testing/snapshots.h"

namespace lb::server {
namespace {

using ::testing::ElementsAre;
using testing::FreePort;
using ::testing::HasSubstr;
using testing::SnapshotOf;
using testing::StateOf;

constexpr int kPatienceMs = 20'000;

class FakeLink : public ControlLink {
 public:
  void Send(v1::FromDataPlane message) override {
    // Reports come by the clock; tests look at those they ask for.
    if (message.has_report() && message.report().poll_id() == 0) return;
    sent.push_back(std::move(message));
  }
  // What was sent, in short: "hello", "ack 1 VALIDATED", "nack 2", "states 5", ...
  std::vector<std::string> Story() const {
    std::vector<std::string> story;
    for (const v1::FromDataPlane& message : sent) story.push_back(Short(message));
    return story;
  }

  std::vector<v1::FromDataPlane> sent;

 private:
  static std::string Short(const v1::FromDataPlane& message) {
    switch (message.message_case()) {
      case v1::FromDataPlane::kHello:
        return "hello";
      case v1::FromDataPlane::kAck:
        return absl::StrCat("ack ", message.ack().revision(), " ",
                            v1::Ack::Stage_Name(message.ack().stage()));
      case v1::FromDataPlane::kNack:
        return absl::StrCat("nack ", message.nack().revision(),
                            message.nack().needs_full() ? " needs full" : "");
      case v1::FromDataPlane::kStatesApplied:
        return absl::StrCat("states ", message.states_applied().version());
      case v1::FromDataPlane::kReport:
        return absl::StrCat("report ", message.report().poll_id());
      case v1::FromDataPlane::kSessions:
        return absl::StrCat("sessions ", message.sessions().sessions_size());
      case v1::FromDataPlane::kBadMessages:
        return absl::StrCat("bad messages ", message.bad_messages().messages_size(), " of ",
                            message.bad_messages().total());
      case v1::FromDataPlane::kCommandDone:
        return absl::StrCat("done ", message.command_done().affected());
      case v1::FromDataPlane::MESSAGE_NOT_SET:
        break;
    }
    return "?";
  }
};

// A blocking client of the data plane.
class Client {
 public:
  explicit Client(uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        address_(*Address::FromIp("127.0.0.1", port)) {
    is_connected_ = ::connect(fd_.get(), address_.sa(), address_.length()) == 0;
  }
  bool is_connected() const { return is_connected_; }
  void AskHalf() { ASSERT_EQ(::send(fd_.get(), "GET /", 5, MSG_NOSIGNAL), 5); }
  // The first line of the answer to a request; "" when the connection ends before.
  std::string Ask(const std::string& request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n") {
    if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string answer;
    while (answer.find("\r\n") == std::string::npos && Receive(&answer)) {
    }
    return answer.substr(0, answer.find("\r\n"));
  }
  // Waits until the other side ends the connection; false when it does not in time.
  bool WaitEnd() {
    std::string rest;
    for (;;) {
      pollfd waiting{fd_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
      if (!Receive(&rest)) return true;
    }
  }

 private:
  bool Receive(std::string* into) {
    char part[4096];
    const ssize_t n = ::recv(fd_.get(), part, sizeof(part), 0);
    if (n > 0) into->append(part, static_cast<size_t>(n));
    return n > 0;
  }

  UniqueFd fd_;
  Address address_;
  bool is_connected_ = false;
};

class DataPlaneTest : public ::testing::Test {
 protected:
  DataPlaneTest() {
    DataPlaneSettings settings;
    settings.node = "n1";
    settings.workers = 2;
    settings.max_descriptors = 1024;
    DataPlaneHooks hooks;
    hooks.on_committed = [this](SnapshotPtr snapshot) { committed_ = snapshot->revision(); };
    hooks.on_states_changed = [this] { ++state_changes_; };
    data_plane_ = std::make_unique<DataPlane>(&loop_, settings, hooks);
    data_plane_->OnConnected(&link_);
  }

  // Turns the main loop until `holds`, which it must before long.
  void Until(const std::function<bool()>& holds) {
    const SteadyTime limit = Clock::Real().Now() + Millis(kPatienceMs);
    while (!holds() && Clock::Real().Now() < limit) loop_.RunOnce(Millis(100));
    ASSERT_TRUE(holds()) << ::testing::PrintToString(link_.Story());
  }
  void UntilSent(const std::string& last) {
    Until([&] {
      const std::vector<std::string> story = link_.Story();
      return !story.empty() && story.back() == last;
    });
  }

  // An HTTP frontend that has nowhere to send requests answers 503 by itself.
  static std::string Text(uint64_t revision, uint16_t port, const std::string& more = "") {
    return absl::StrCat("revision: ", revision,
                        " global {} frontends { common { name: 'www' mode: PROXY_MODE_HTTP } "
                        "client_timeout_ms: 60000"
                        "   binds { address: '127.0.0.1:",
                        port, "' label: ':", port, "' } default_backend: 'b' }",
                        " backends { common { name: 'b' mode: PROXY_MODE_HTTP } "
                        "   servers { name: 's' address: '127.0.0.1:1' weight: 1 } }",
                        more);
  }
  void Prepare(const v1::Snapshot& snapshot, const std::vector<v1::ServerState>& states = {}) {
    v1::ToDataPlane message;
    *message.mutable_prepare()->mutable_full() = snapshot;
    for (const auto& state : states) *message.mutable_prepare()->add_states() = state;
    data_plane_->OnMessage(message);
  }
  void Commit(uint64_t revision) {
    v1::ToDataPlane message;
    message.mutable_commit()->set_revision(revision);
    data_plane_->OnMessage(message);
  }
  void Abort(uint64_t revision) {
    v1::ToDataPlane message;
    message.mutable_abort()->set_revision(revision);
    data_plane_->OnMessage(message);
  }
  void SendStates(const std::vector<v1::ServerState>& states, uint64_t version) {
    v1::ToDataPlane message;
    for (const auto& state : states) *message.mutable_states()->add_states() = state;
    message.mutable_states()->set_version(version);
    data_plane_->OnMessage(message);
  }
  // Serves revision 1 on a free port; the port. The server is in maintenance: requests get a 503.
  uint16_t Serve() {
    const uint16_t port = FreePort();
    Prepare(SnapshotOf(Text(1, port)), {StateOf("b", "s", v1::SERVER_MAINT)});
    Commit(1);
    UntilSent("ack 1 SERVING");
    link_.sent.clear();
    return port;
  }

  event::EventLoop loop_;
  FakeLink link_;
  uint64_t committed_ = 0;
  int state_changes_ = 0;
  std::unique_ptr<DataPlane> data_plane_;
};

TEST_F(DataPlaneTest, SaysHelloFirst) {
  ASSERT_THAT(link_.Story(), ElementsAre("hello"));
  const v1::Hello& hello = link_.sent[0].hello();
  EXPECT_EQ(hello.node(), "n1");
  EXPECT_EQ(hello.revision(), 0u);
  EXPECT_NE(hello.instance(), 0u);
  EXPECT_EQ(hello.pid(), static_cast<uint32_t>(getpid()));
}

TEST_F(DataPlaneTest, ServesAfterTheCommitAndNotBefore) {
  const uint16_t port = FreePort();
  Prepare(SnapshotOf(Text(1, port)), {StateOf("b", "s", v1::SERVER_MAINT)});
  EXPECT_THAT(link_.Story(), ElementsAre("hello", "ack 1 VALIDATED"));
  EXPECT_FALSE(Client(port).is_connected());
  Commit(1);
  UntilSent("ack 1 SERVING");
  EXPECT_THAT(link_.Story(),
              ElementsAre("hello", "ack 1 VALIDATED", "ack 1 APPLIED", "ack 1 SERVING"));
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  EXPECT_EQ(committed_, 1u);
  EXPECT_EQ(data_plane_->workers(), 2u);
}

TEST_F(DataPlaneTest, ARefusedRevisionChangesNothing) {
  const uint16_t port = Serve();
  absl::StatusOr<UniqueFd> foreign = net::Listen(*Address::Parse("127.0.0.1:0"), {});
  const uint16_t taken = Address::LocalOf(foreign->get()).port();
  Prepare(SnapshotOf(Text(2, taken)));
  ASSERT_THAT(link_.Story(), ElementsAre("nack 2"));
  EXPECT_EQ(link_.sent[0].nack().resource(), absl::StrCat("frontend www, bind :", taken));
  EXPECT_EQ(link_.sent[0].nack().reason(), "Address already in use");
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  EXPECT_EQ(committed_, 1u);
}

TEST_F(DataPlaneTest, AConfigurationThatDoesNotCompileIsRefusedByName) {
  Prepare(
      SnapshotOf("revision: 1 backends { common { name: 'b' } "
                 "servers { name: 's' address: 'nowhere' } }"));
  ASSERT_EQ(link_.Story().back(), "nack 1");
  EXPECT_EQ(link_.sent.back().nack().resource(), "backend b");
  EXPECT_THAT(link_.sent.back().nack().reason(), HasSubstr("server s"));
}

TEST_F(DataPlaneTest, AbortReleasesThePorts) {
  const uint16_t port = FreePort();
  Prepare(SnapshotOf(Text(1, port)));
  Abort(1);
  EXPECT_TRUE(net::Listen(*Address::FromIp("127.0.0.1", port), {}).ok());
  Commit(1);  // there is nothing to commit any more
  EXPECT_THAT(link_.Story(), ElementsAre("hello", "ack 1 VALIDATED", "nack 1"));
}

TEST_F(DataPlaneTest, AnotherPrepareReplacesTheOneBefore) {
  const uint16_t first = FreePort();
  Prepare(SnapshotOf(Text(1, first)));
  Prepare(SnapshotOf(Text(2, FreePort())));
  EXPECT_TRUE(net::Listen(*Address::FromIp("127.0.0.1", first), {}).ok());
  Commit(2);
  UntilSent("ack 2 SERVING");
}

TEST_F(DataPlaneTest, APushMovesAPortAndKeepsTheOther) {
  const uint16_t stays = Serve();
  const uint16_t moves = FreePort();
  const auto extra = [](uint16_t port) {
    return absl::StrCat(
        "frontends { common { name: 'x' mode: PROXY_MODE_HTTP } binds { address: '127.0.0.1:", port,
        "' } }");
  };
  Client kept(stays);
  EXPECT_THAT(kept.Ask(), HasSubstr(" 503 "));
  Prepare(SnapshotOf(Text(2, stays, extra(moves))));
  Commit(2);
  UntilSent("ack 2 SERVING");
  EXPECT_THAT(Client(moves).Ask(), HasSubstr(" 503 "));
  Prepare(SnapshotOf(Text(3, stays)));
  Commit(3);
  UntilSent("ack 3 SERVING");
  EXPECT_FALSE(Client(moves).is_connected());
  EXPECT_THAT(Client(stays).Ask(), HasSubstr(" 503 "));
}

TEST_F(DataPlaneTest, TakesADifferenceToWhatItServes) {
  const uint16_t port = Serve();
  v1::Snapshot next = SnapshotOf(Text(2, port, "backends { common { name: 'c' } }"));
  v1::ToDataPlane message;
  v1::SnapshotDelta* delta = message.mutable_prepare()->mutable_delta();
  delta->set_base_revision(1);
  delta->set_revision(2);
  delta->set_hash(next.hash());
  *delta->add_backends() = next.backends(1);
  delta->add_frontend_order("www");
  delta->add_backend_order("b");
  delta->add_backend_order("c");
  data_plane_->OnMessage(message);
  Commit(2);
  UntilSent("ack 2 SERVING");

  link_.sent.clear();
  data_plane_->OnMessage(message);  // from revision 1 again
  EXPECT_THAT(link_.Story(), ElementsAre("nack 2 needs full"));
  delta->set_base_revision(2);
  delta->set_revision(3);
  delta->set_hash("wrong");
  data_plane_->OnMessage(message);
  EXPECT_EQ(link_.Story().back(), "nack 3 needs full");
}

TEST_F(DataPlaneTest, RefusesASnapshotThatIsNotWhatItsHashSays) {
  v1::Snapshot snapshot = SnapshotOf(Text(1, FreePort()));
  snapshot.set_hash("wrong");
  Prepare(snapshot);
  EXPECT_THAT(link_.Story(), ElementsAre("hello", "nack 1"));
}

TEST_F(DataPlaneTest, StatesAreAppliedOnEveryWorkerBeforeItSaysSo) {
  Serve();
  SendStates({StateOf("b", "s", v1::SERVER_UP)}, /*version=*/8);
  // Read before any worker has had a chance to answer.
  EXPECT_EQ(data_plane_->States().at(0).status(), v1::SERVER_UP);
  EXPECT_TRUE(link_.sent.empty());
  UntilSent("states 8");
  EXPECT_EQ(state_changes_, 1);
  v1::ServerState same = StateOf("b", "s", v1::SERVER_UP);
  same.set_status_text("UP 1/3");
  SendStates({same}, /*version=*/9);
  UntilSent("states 9");
  EXPECT_EQ(state_changes_, 1);
}

TEST_F(DataPlaneTest, StatesThatArriveBetweenPrepareAndCommitAreNotLost) {
  const uint16_t port = Serve();
  Prepare(SnapshotOf(Text(2, port)), {StateOf("b", "s", v1::SERVER_MAINT)});
  SendStates({StateOf("b", "s", v1::SERVER_DRAIN)}, /*version=*/5);
  Commit(2);
  UntilSent("ack 2 SERVING");
  EXPECT_EQ(data_plane_->States().at(0).status(), v1::SERVER_DRAIN);
}

TEST_F(DataPlaneTest, LosingTheSessionForgetsWhatWasPrepared) {
  const uint16_t port = FreePort();
  Prepare(SnapshotOf(Text(1, port)));
  data_plane_->OnDisconnected("lost");
  EXPECT_TRUE(net::Listen(*Address::FromIp("127.0.0.1", port), {}).ok());
}

TEST_F(DataPlaneTest, KeepsServingWithoutASessionAndSaysWhatItServesInTheNext) {
  const uint16_t port = Serve();
  data_plane_->OnDisconnected("lost");
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  FakeLink next;
  data_plane_->OnConnected(&next);
  ASSERT_THAT(next.Story(), ElementsAre("hello"));
  EXPECT_EQ(next.sent[0].hello().revision(), 1u);
  EXPECT_EQ(next.sent[0].hello().workers(), 2u);
}

TEST_F(DataPlaneTest, AnswersOfALostSessionAreNotSentInTheNext) {
  Prepare(SnapshotOf(Text(1, FreePort())));
  Commit(1);
  data_plane_->OnDisconnected("lost");
  FakeLink next;
  data_plane_->OnConnected(&next);
  v1::ToDataPlane poll;
  poll.mutable_list_sessions()->set_id(4);
  data_plane_->OnMessage(poll);
  Until([&] { return next.Story().size() > 1; });
  EXPECT_THAT(next.Story(), ElementsAre("hello", "sessions 0"));
}

TEST_F(DataPlaneTest, TellsTheLastBadMessages) {
  Client client(Serve());
  EXPECT_THAT(client.Ask("GET / HTTP/1.1\r\nbad name: 1\r\n\r\n"), HasSubstr(" 400 "));
  v1::ToDataPlane list;
  list.mutable_list_bad_messages()->set_id(6);
  link_.sent.clear();
  data_plane_->OnMessage(list);
  ASSERT_THAT(link_.Story(), ElementsAre("bad messages 1 of 1"));
  EXPECT_EQ(link_.sent[0].bad_messages().id(), 6u);
  const v1::BadMessage& bad = link_.sent[0].bad_messages().messages(0);
  EXPECT_EQ(bad.frontend(), "www");
  EXPECT_EQ(bad.reason(), "bad header name");
  EXPECT_EQ(bad.position(), 19u);
  EXPECT_EQ(bad.bytes(), "GET / HTTP/1.1\r\nbad name: 1\r\n\r\n");
}

TEST_F(DataPlaneTest, ReportsWhatItCounted) {
  const uint16_t port = Serve();
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  v1::ToDataPlane poll;
  poll.mutable_poll()->set_id(3);
  data_plane_->OnMessage(poll);
  ASSERT_EQ(link_.Story().back(), "report 3");
  const v1::Counters& counters = link_.sent.back().report().counters();
  ASSERT_EQ(counters.frontends_size(), 1);
  EXPECT_EQ(counters.frontends(0).id(), FrontendIdOf("www"));
  EXPECT_EQ(counters.frontends(0).requests(), 1u);
  EXPECT_EQ(counters.backends_size(), 1);
  EXPECT_EQ(counters.servers_size(), 1);
  EXPECT_EQ(counters.process().workers(), 2u);
}

TEST_F(DataPlaneTest, ListsAndEndsSessions) {
  const uint16_t port = Serve();
  Client client(port);
  ASSERT_TRUE(client.is_connected());
  v1::ToDataPlane list;
  list.mutable_list_sessions()->set_id(1);
  // Until the worker has accepted it.
  Until([&] {
    if (!link_.sent.empty() && link_.Story().back() == "sessions 1") return true;
    if (link_.sent.empty() || link_.Story().back() == "sessions 0") {
      link_.sent.clear();
      data_plane_->OnMessage(list);
      loop_.RunOnce(Millis(100));
    }
    return false;
  });
  const v1::SessionEntry session = link_.sent.back().sessions().sessions(0);
  EXPECT_EQ(session.frontend(), "www");
  EXPECT_EQ(session.node(), "n1");
  EXPECT_THAT(session.client(), HasSubstr("127.0.0.1:"));

  v1::ToDataPlane shutdown;
  shutdown.mutable_shutdown_sessions()->set_id(2);
  shutdown.mutable_shutdown_sessions()->set_session_id(session.id());
  data_plane_->OnMessage(shutdown);
  UntilSent("done 1");
  EXPECT_TRUE(client.WaitEnd());
}

TEST_F(DataPlaneTest, ClearsCounters) {
  const uint16_t port = Serve();
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  v1::ToDataPlane clear;
  clear.mutable_clear_counters()->set_id(1);
  clear.mutable_clear_counters()->set_all(true);
  data_plane_->OnMessage(clear);
  UntilSent("done 0");
  v1::ToDataPlane poll;
  poll.mutable_poll()->set_id(2);
  data_plane_->OnMessage(poll);
  EXPECT_EQ(link_.sent.back().report().counters().frontends(0).requests(), 0u);
}

TEST_F(DataPlaneTest, RestoresWhatItServedBefore) {
  data_plane_->OnDisconnected("nobody there");
  const uint16_t port = FreePort();
  std::optional<Problem> problem = data_plane_->Restore(testing::SharedSnapshotOf(Text(6, port)),
                                                        {StateOf("b", "s", v1::SERVER_MAINT)});
  EXPECT_FALSE(problem.has_value());
  EXPECT_THAT(Client(port).Ask(), HasSubstr(" 503 "));
  EXPECT_EQ(data_plane_->States().at(0).status(), v1::SERVER_MAINT);
}

TEST_F(DataPlaneTest, DrainingEndsWhenTheLastSessionHasAndRefusesNewOnes) {
  const uint16_t port = Serve();
  bool is_drained = false;
  data_plane_->Drain(std::nullopt, [&] { is_drained = true; });
  Until([&] { return is_drained; });
  EXPECT_FALSE(Client(port).is_connected());
}

TEST_F(DataPlaneTest, FollowsChangesWhileItDrainsWithoutListening) {
  const uint16_t port = Serve();
  Client client(port);
  client.AskHalf();
  data_plane_->Drain(std::nullopt, [] { FAIL() << "a session is left"; });
  const uint16_t next = FreePort();
  Prepare(SnapshotOf(Text(2, next)));
  EXPECT_EQ(link_.Story().back(), "ack 2 VALIDATED");
  Commit(2);
  UntilSent("ack 2 SERVING");
  EXPECT_FALSE(Client(next).is_connected());
}

TEST_F(DataPlaneTest, DrainingEndsWhatIsLeftAtTheLimit) {
  const uint16_t port = Serve();
  Client client(port);
  client.AskHalf();  // the session is not idle, so that it need not end by itself
  bool is_drained = false;
  data_plane_->Drain(Millis(0), [&] { is_drained = true; });
  Until([&] { return is_drained; });
  EXPECT_TRUE(client.WaitEnd());
}

TEST_F(DataPlaneTest, DrainingBeforeAnythingServesEndsAtOnce) {
  bool is_drained = false;
  data_plane_->Drain(Millis(60'000), [&] { is_drained = true; });
  Until([&] { return is_drained; });
}

}  // namespace
}  // namespace lb::server
