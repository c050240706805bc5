#include "dataplane/server/control_client.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/fake_control_plane.h"

namespace lb::server {
namespace {

using testing::FakeControlPlane;

class FakeObserver : public ControlObserver {
 public:
  void OnConnected(ControlLink* link) override {
    ++sessions;
    v1::FromDataPlane hello;
    hello.mutable_hello()->set_node("n1");
    link->Send(std::move(hello));
    for (int i = 1; i <= extra_messages; ++i) {
      v1::FromDataPlane message;
      message.mutable_states_applied()->set_version(static_cast<uint64_t>(i));
      link->Send(std::move(message));
    }
  }
  void OnMessage(const v1::ToDataPlane& message) override { messages.push_back(message); }
  void OnDisconnected(const std::string& reason) override { reasons.push_back(reason); }

  int extra_messages = 0;
  int sessions = 0;
  std::vector<v1::ToDataPlane> messages;
  std::vector<std::string> reasons;
};

v1::ToDataPlane CommitOf(uint64_t revision) {
  v1::ToDataPlane message;
  message.mutable_commit()->set_revision(revision);
  return message;
}

class ControlClientTest : public ::testing::Test {
 protected:
  void Until(const std::function<bool()>& holds) {
    const SteadyTime limit = Clock::Real().Now() + std::chrono::seconds(20);
    while (!holds() && Clock::Real().Now() < limit) loop_.RunOnce(Millis(100));
    ASSERT_TRUE(holds());
  }

  event::EventLoop loop_;
  FakeObserver observer_;
};

TEST_F(ControlClientTest, CarriesMessagesBothWaysInOrder) {
  observer_.extra_messages = 50;
  FakeControlPlane control([](FakeControlPlane::Stream* stream) {
    v1::FromDataPlane message;
    if (!stream->Read(&message) || message.hello().node() != "n1") return;
    // Each is answered with its number, so that the order shows.
    while (stream->Read(&message)) stream->Write(CommitOf(message.states_applied().version()));
  });
  ControlClient client(&loop_, control.Channel(), &observer_);
  client.Start();
  Until([&] { return observer_.messages.size() == 50; });
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(observer_.messages[i].commit().revision(), i + 1);
  EXPECT_EQ(observer_.sessions, 1);
  EXPECT_EQ(client.failures(), 0u);
}

TEST_F(ControlClientTest, DialsAgainWhenTheSessionEnds) {
  FakeControlPlane control([](FakeControlPlane::Stream* stream) {
    v1::FromDataPlane message;
    stream->Read(&message);
    stream->Write(CommitOf(1));
  });
  ControlClient client(&loop_, control.Channel(), &observer_);
  client.Start();
  Until([&] { return observer_.sessions == 3; });
  EXPECT_EQ(observer_.reasons.size(), 2u);
  EXPECT_EQ(observer_.messages.size(), 2u);
  EXPECT_LE(client.failures(), 1u);  // what worked starts over at the shortest pause
}

TEST_F(ControlClientTest, SaysWhenNobodyIsThereAndTriesOn) {
  ControlClient client(&loop_, DialControlPlane("unix:/nonexistent/control.sock"), &observer_);
  client.Start();
  Until([&] { return observer_.reasons.size() >= 2; });
  EXPECT_GE(client.failures(), 2u);
}

TEST_F(ControlClientTest, EndsInTheMiddleOfASession) {
  FakeControlPlane control([](FakeControlPlane::Stream* stream) {
    v1::FromDataPlane message;
    stream->Write(CommitOf(1));
    while (stream->Read(&message)) {
    }
  });
  {
    ControlClient client(&loop_, control.Channel(), &observer_);
    client.Start();
    Until([&] { return observer_.messages.size() == 1; });
  }
  loop_.RunOnce(Millis(0));  // what was on its way reaches nobody
  EXPECT_TRUE(observer_.reasons.empty());
}

TEST(RedialPause, GrowsToFiveSecondsAndIsShortenedByUpToHalf) {
  struct Case {
    uint32_t failures;
    int longest;
  };
  for (const Case& c : {Case{0, 100}, {1, 200}, {2, 400}, {5, 3200}, {6, 5000}, {1000, 5000}}) {
    for (uint64_t random :
         {uint64_t{0}, uint64_t{1}, uint64_t{49}, uint64_t{1} << 63, ~uint64_t{0}}) {
      const Millis pause = RedialPause(c.failures, random);
      EXPECT_LE(pause, Millis(c.longest)) << c.failures;
      EXPECT_GE(pause, Millis(c.longest / 2)) << c.failures;
    }
    EXPECT_NE(RedialPause(c.failures, 1), RedialPause(c.failures, 20)) << c.failures;
  }
}

}  // namespace
}  // namespace lb::server
