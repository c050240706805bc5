#include "dataplane/proxy/listener.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::ProxyFixture;
using testing::TestPeer;

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() : proxy_(ProxyFixture::kHttp) {
    socket_ = net::Listen(Address::FromIp("127.0.0.1", 0).value(), {}).value();
    address_ = Address::LocalOf(socket_.get());
  }
  void Start() {
    proxy_.Start();
    listener_ = std::make_unique<Listener>(&proxy_.worker, proxy_.frontend, 0, socket_.get());
  }
  void Connect() {
    clients_.push_back(
        std::make_unique<TestPeer>(net::StartConnect(address_, net::ConnectOptions()).value()));
  }
  // The second of two clients is served when the first has gone.
  void ExpectOneSessionAtATime() {
    Start();
    Connect();
    ASSERT_TRUE(Sessions(1));
    Connect();
    proxy_.Settle();
    EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
    clients_[0]->Close();
    ASSERT_TRUE(Sessions(0));
    proxy_.Advance(Millis(10));
    EXPECT_TRUE(Sessions(1));
  }
  bool Sessions(size_t count) {
    return proxy_.Until([&] { return proxy_.worker.sessions.size() == count; });
  }

  ProxyFixture proxy_;
  UniqueFd socket_;
  Address address_;
  std::vector<std::unique_ptr<TestPeer>> clients_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, EachConnectionBecomesASessionThatKnowsItsClient) {
  Start();
  Connect();
  Connect();
  ASSERT_TRUE(Sessions(2));
  proxy_.worker.sessions.ForEach([&](Session& session) {
    EXPECT_EQ(session.client_address.Ip(), "127.0.0.1");
    EXPECT_EQ(session.local_address, address_);
  });
  clients_.clear();
  EXPECT_TRUE(Sessions(0));
}

TEST_F(ListenerTest, TheFrontendsLimitHoldsConnectionsBack) {
  proxy_.frontend->maxconn = 1;
  ExpectOneSessionAtATime();
}

TEST_F(ListenerTest, SoDoesTheBindsOwnLimit) {
  proxy_.frontend->binds[0].maxconn = 1;
  proxy_.frontend->binds[0].runtime = proxy_.frontend->runtime->BindOf("a");
  ExpectOneSessionAtATime();
}

TEST_F(ListenerTest, ABindIsCountedAcrossConfigurations) {
  upstream::FrontendRuntime& runtime = *proxy_.frontend->runtime;
  std::shared_ptr<upstream::BindRuntime> first = runtime.BindOf("a");
  EXPECT_EQ(runtime.BindOf("a"), first);
  EXPECT_NE(runtime.BindOf("b"), first);
}

TEST_F(ListenerTest, SoDoesTheProcessLimit) {
  proxy_.config->maxconn = 2;
  Start();
  Connect();
  Connect();
  ASSERT_TRUE(Sessions(2));
  Connect();
  proxy_.Settle();
  EXPECT_EQ(proxy_.worker.sessions.size(), 2u);
  EXPECT_EQ(proxy_.load.connections.load(), 2u);
}

TEST_F(ListenerTest, StoppingTakesWhatIsInTheQueueAndNoMore) {
  Start();
  Connect();
  listener_->Stop();
  EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
  Connect();
  proxy_.Settle();
  EXPECT_EQ(proxy_.worker.sessions.size(), 1u);
}

TEST_F(ListenerTest, AnUpdateCountsForTheNextConnection) {
  Start();
  auto changed = std::make_shared<FrontendConfig>(*proxy_.frontend);
  changed->name = "changed";
  listener_->Update(changed, 0);
  Connect();
  ASSERT_TRUE(Sessions(1));
  proxy_.worker.sessions.ForEach(
      [](Session& session) { EXPECT_EQ(session.frontend->name, "changed"); });
}

}  // namespace
}  // namespace lb::proxy
