#include "dataplane/proxy/session_list.h"

#include <sys/socket.h>

#include <memory>
#include <vector>

#include "gtest/gtest.h"

#include "dataplane/proxy/config.h"

namespace lb::proxy {
namespace {

class FakeSession final : public Session {
 public:
  FakeSession(SessionList* list, uint64_t id, event::EventLoop* loop)
      : Session(list, id, &stream_), stream_(loop, NewSocket(), /*is_connected=*/true) {}
  bool is_signalled() { return client()->is_ready(event::kSignalled); }
  bool is_aborted() { return client()->is_aborted(); }

 private:
  static UniqueFd NewSocket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  net::Stream stream_;
};

class SessionListTest : public ::testing::Test {
 protected:
  FakeSession* Add(uint64_t id) {
    auto session = std::make_unique<FakeSession>(&list_, id, &loop_);
    FakeSession* added = session.get();
    list_.Add(std::move(session));
    return added;
  }
  std::vector<uint64_t> Ids() {
    std::vector<uint64_t> ids;
    list_.ForEach([&](Session& session) { ids.push_back(session.id()); });
    return ids;
  }

  event::EventLoop loop_;
  SessionList list_;
};

TEST_F(SessionListTest, KeepsItsSessionsUntilTheyAreDestroyed) {
  FakeSession* first = Add(1);
  FakeSession* second = Add(2);
  FakeSession* third = Add(3);
  EXPECT_EQ(Ids(), (std::vector<uint64_t>{3, 2, 1}));
  list_.Destroy(second);
  EXPECT_EQ(Ids(), (std::vector<uint64_t>{3, 1}));
  list_.Destroy(third);
  list_.Destroy(first);
  EXPECT_EQ(list_.size(), 0u);
  EXPECT_TRUE(Ids().empty());
}

TEST_F(SessionListTest, ASessionThatWasNeverAddedLeavesTheListAlone) {
  Add(1);
  { FakeSession alone(&list_, 2, &loop_); }
  EXPECT_EQ(list_.size(), 1u);
}

TEST_F(SessionListTest, KillsThoseOnAServer) {
  upstream::ServerRuntime server(1, "b", "a", 1);
  FakeSession* on = Add(1);
  FakeSession* off = Add(2);
  on->server = &server;
  EXPECT_EQ(list_.KillOnServer(&server, KillReason::kServerDown), 1u);
  EXPECT_EQ(on->kill_reason(), KillReason::kServerDown);
  EXPECT_TRUE(on->is_aborted());
  EXPECT_FALSE(off->is_killed());
  on->server = nullptr;
}

TEST_F(SessionListTest, KillsThoseOnBackupsOfOneBackend) {
  auto mine = std::make_shared<BackendConfig>();
  mine->id = 1;
  auto other = std::make_shared<BackendConfig>();
  other->id = 2;
  FakeSession* backup = Add(1);
  backup->backend = mine;
  backup->server_is_backup = true;
  FakeSession* active = Add(2);
  active->backend = mine;
  FakeSession* elsewhere = Add(3);
  elsewhere->backend = other;
  elsewhere->server_is_backup = true;
  EXPECT_EQ(list_.KillOnBackups(1, KillReason::kActiveUp), 1u);
  EXPECT_TRUE(backup->is_killed());
  EXPECT_FALSE(active->is_killed() || elsewhere->is_killed());
}

TEST_F(SessionListTest, TheFirstReasonStays) {
  FakeSession* session = Add(7);
  EXPECT_EQ(list_.KillById(8, KillReason::kAdmin), 0u);
  EXPECT_EQ(list_.KillById(7, KillReason::kAdmin), 1u);
  list_.KillAll(KillReason::kServerDown);
  EXPECT_EQ(session->kill_reason(), KillReason::kAdmin);
}

TEST_F(SessionListTest, DrainsByFrontend) {
  auto frontend = std::make_shared<FrontendConfig>();
  frontend->id = 5;
  auto other = std::make_shared<FrontendConfig>();
  other->id = 6;
  FakeSession* mine = Add(1);
  mine->frontend = frontend;
  FakeSession* elsewhere = Add(2);
  elsewhere->frontend = other;
  list_.DrainFrontend(5);
  EXPECT_TRUE(mine->is_draining() && mine->is_signalled() && !mine->is_aborted());
  EXPECT_FALSE(elsewhere->is_draining());
  mine->AcknowledgeDrain();
  EXPECT_FALSE(mine->is_signalled());
  EXPECT_TRUE(mine->is_draining());
  list_.DrainAll();
  EXPECT_TRUE(elsewhere->is_draining());
}

TEST_F(SessionListTest, StatesHaveNames) {
  EXPECT_EQ(NameOf(SessionState::kIdle), "idle");
  EXPECT_EQ(NameOf(SessionState::kTunnel), "tunnel");
}

}  // namespace
}  // namespace lb::proxy
