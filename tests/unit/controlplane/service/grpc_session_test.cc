#include "controlplane/service/grpc_session.h"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/grpc_fixture.h"

namespace lb::service {
namespace {

using testing::AckOf;
using testing::HelloOf;
using testing::StatesAppliedOf;

// A data plane at the other end of a real stream.
class Client {
 public:
  explicit Client(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::DataPlaneSession::NewStub(channel)), stream_(stub_->Join(&context_)) {}
  ~Client() {
    context_.TryCancel();
    stream_->Finish().IgnoreError();
  }

  void Say(const v1::FromDataPlane& message) { stream_->Write(message); }
  // The next message; without one the stream has ended.
  v1::ToDataPlane Hear() {
    v1::ToDataPlane message;
    is_open_ = stream_->Read(&message);
    return message;
  }
  bool is_open() const { return is_open_; }
  void Leave() { context_.TryCancel(); }

  void CatchUp(const std::string& name) {
    Say(HelloOf(name, 5));
    EXPECT_EQ(Hear().ticket_keys().keys_size(), 3);
    const uint64_t revision = Hear().prepare().full().revision();
    Say(AckOf(revision, v1::Ack::VALIDATED));
    EXPECT_EQ(Hear().commit().revision(), revision);
    Say(AckOf(revision, v1::Ack::APPLIED));
    Say(AckOf(revision, v1::Ack::SERVING));
  }

 private:
  std::unique_ptr<v1::DataPlaneSession::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::FromDataPlane, v1::ToDataPlane>> stream_;
  bool is_open_ = true;
};

class GrpcSessionTest : public GrpcFixture {
 protected:
  // Waits, on the loop's time, until `node` is in `stage`.
  bool Becomes(const std::string& node, const std::string& stage) {
    for (int i = 0; i < 100'000; ++i) {
      const std::string now = OnLoop([&] {
        auto it = controller_->fleet().nodes().find(node);
        return it == controller_->fleet().nodes().end() ? "" : it->second.stage;
      });
      if (now == stage) return true;
    }
    return false;
  }
};

TEST_F(GrpcSessionTest, AStreamBecomesAMemberAndServes) {
  Client client(channel_);
  client.CatchUp("a");
  EXPECT_TRUE(Becomes("a", "serving"));
  EXPECT_EQ(OnLoop([&] { return controller_->fleet().nodes().at("a").peer; }), "in-process");
}

TEST_F(GrpcSessionTest, AnOrderReachesTheDataPlaneAndIsAnsweredWhenItIsApplied) {
  Client client(channel_);
  client.CatchUp("a");
  ASSERT_TRUE(Becomes("a", "serving"));
  auto reply = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    v1::SetServerRequest request;
    request.set_backend("web");
    request.set_server("s1");
    request.set_state("maint");
    v1::SetServerReply answer;
    EXPECT_TRUE(admin_->SetServer(&context, request, &answer).ok());
    return answer;
  });
  const v1::ToDataPlane order = client.Hear();
  ASSERT_EQ(order.states().states_size(), 1);
  EXPECT_EQ(order.states().states(0).status(), v1::SERVER_MAINT);
  client.Say(StatesAppliedOf(order.states().version()));
  const v1::SetServerReply answer = reply.get();
  ASSERT_EQ(answer.nodes_size(), 1);
  EXPECT_EQ(answer.nodes(0).stage(), "applied");
}

TEST_F(GrpcSessionTest, AnIllegalMessageIsRefusedAndEndsTheStream) {
  Client client(channel_);
  client.Say(StatesAppliedOf(1));
  EXPECT_EQ(client.Hear().refused().reason(), "illegal message: StatesApplied in state 'greeting'");
  client.Hear();
  EXPECT_FALSE(client.is_open());
}

TEST_F(GrpcSessionTest, AClientThatLeavesIsLost) {
  Client client(channel_);
  client.CatchUp("a");
  ASSERT_TRUE(Becomes("a", "serving"));
  client.Leave();
  EXPECT_TRUE(Becomes("a", "lost"));
}

TEST_F(GrpcSessionTest, AShutdownEndsOpenStreams) {
  Client client(channel_);
  client.CatchUp("a");
  ASSERT_TRUE(Becomes("a", "serving"));
  ShutDown();
  client.Hear();
  EXPECT_FALSE(client.is_open());
}

TEST(PeerText, NamesTheOtherEndForPeople) {
  EXPECT_EQ(PeerText("ipv4:127.0.0.1:4711"), "127.0.0.1:4711");
  EXPECT_EQ(PeerText("ipv6:%5B::1%5D:4711"), "[::1]:4711");
  EXPECT_EQ(PeerText("unix:/run/x"), "local");
  EXPECT_EQ(PeerText("unknown"), "in-process");
  EXPECT_EQ(PeerText("other"), "other");
}

}  // namespace
}  // namespace lb::service
