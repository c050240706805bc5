#include "dataplane/proxy/tcp_inspection.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "dataplane/rules/compiler.h"
#include "lb/v1/snapshot.pb.h"
#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::ProxyFixture;
using ::testing::StartsWith;
using testing::TestPeer;
using testing::TestServer;

// A TCP proxy that may wait a second for bytes, and clients that may be idle for five.
class TcpInspectionTest : public ::testing::Test {
 protected:
  TcpInspectionTest() : proxy_(ProxyFixture::kTcp) {
    server_ = proxy_.AddServer("a");
    proxy_.frontend->client_timeout = Millis(5000);
    proxy_.frontend->inspect_delay = Millis(1000);
  }

  // "<action> if <fetch> <pattern>" for each; all of integers.
  static rules::TcpRules Rules(const std::vector<std::array<std::string, 3>>& rules) {
    v1::ProxyCommon section;
    for (const auto& [action, fetch, pattern] : rules) {
      const std::string number = absl::StrCat(section.acls_size());
      EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
          "tests { expr { fetch: '" + fetch + "' } method: MATCH_INT patterns: '" + pattern + "' }",
          section.add_acls()));
      EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
          "phase: CONTENT " + action + ": true condition { any_of { terms { acl: " + number +
              " } } }",
          section.add_tcp_rules()));
    }
    rules::Compiler compiler(rules::CompileEnvironment::Real());
    EXPECT_TRUE(compiler.CompileAcls(section.acls()).ok());
    absl::StatusOr<rules::TcpRules> compiled =
        compiler.CompileTcpRules(section.tcp_rules(), v1::TcpRule::CONTENT);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *std::move(compiled);
  }
  static rules::TcpRules RejectUnlessLongerThan3() {
    return Rules({{"accept", "req.len", "ge:4"}, {"reject", "always_true", "1"}});
  }
  bool ServerGot(const std::string& text) {
    return proxy_.Until([&] { return server_->size() > 0 && server_->last().received == text; });
  }
  bool Logged(const std::string& start) {
    if (!proxy_.UntilLogged()) return false;
    EXPECT_THAT(proxy_.log_lines[0], StartsWith(start));
    return proxy_.Until([&] { return proxy_.worker.sessions.size() == 0; });
  }

  ProxyFixture proxy_;
  TestServer* server_;
};

TEST_F(TcpInspectionTest, RulesWaitForTheBytesThatDecideThem) {
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("ab");
  proxy_.Settle();
  EXPECT_EQ(server_->size(), 0u);
  EXPECT_FALSE(client->ended);
  client->Send("cd");
  EXPECT_TRUE(ServerGot("abcd"));
  client->Send("ef");
  EXPECT_TRUE(ServerGot("abcdef"));
}

TEST_F(TcpInspectionTest, AfterTheDelayWhatIsNotDecidedIsFalse) {
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("ab");
  proxy_.Settle();
  proxy_.Advance(Millis(900));
  EXPECT_FALSE(client->ended);
  proxy_.Advance(Millis(200));
  EXPECT_TRUE(Logged("<NOSRV> 0 PR 0 0 2"));
  EXPECT_TRUE(proxy_.Until([&] { return client->ended; }));
  EXPECT_EQ(proxy_.frontend_counters().denied_requests.get(), 1u);
}

TEST_F(TcpInspectionTest, WithoutADelayNothingIsWaitedFor) {
  proxy_.frontend->inspect_delay = Millis(0);
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  proxy_.Connect();
  EXPECT_TRUE(Logged("<NOSRV> 0 PR 0 0 0"));
}

TEST_F(TcpInspectionTest, AClientThatIsThroughDecidesAtOnce) {
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("ab");
  client->ShutdownWrite();
  EXPECT_TRUE(Logged("<NOSRV> 0 PR 0 0 2"));
}

TEST_F(TcpInspectionTest, AFullBufferDecidesAtOnce) {
  ProxyFixture small(ProxyFixture::kTcp, /*buffer_bytes=*/4096);
  small.AddServer("a");
  small.frontend->inspect_delay = Millis(1000);
  small.frontend->tcp_content =
      Rules({{"accept", "req.len", "ge:100000"}, {"reject", "always_true", "1"}});
  small.Start();
  small.Connect()->Send(std::string(8192, 'x'));
  ASSERT_TRUE(small.UntilLogged());
  EXPECT_THAT(small.log_lines[0], StartsWith("<NOSRV> 0 PR 0 0 4096"));
}

TEST_F(TcpInspectionTest, AnIdleClientIsLate) {
  proxy_.frontend->inspect_delay = Millis(20000);
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  proxy_.Settle();
  proxy_.Advance(Millis(4000));
  client->Send("a");
  proxy_.Settle();
  proxy_.Advance(Millis(4000));
  EXPECT_TRUE(proxy_.log_lines.empty());
  proxy_.Advance(Millis(2000));
  EXPECT_TRUE(Logged("<NOSRV> 0 cR 0 0 1"));
}

TEST_F(TcpInspectionTest, TheBackendsRulesHaveTheirOwnDelay) {
  proxy_.backend->inspect_delay = Millis(3000);
  proxy_.backend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("ab");
  proxy_.Settle();
  proxy_.Advance(Millis(2000));
  EXPECT_FALSE(client->ended);
  client->Send("cd");
  EXPECT_TRUE(ServerGot("abcd"));
}

TEST_F(TcpInspectionTest, AKilledSessionStopsWaiting) {
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  proxy_.Connect();
  proxy_.Settle();
  proxy_.worker.sessions.KillAll(KillReason::kAdmin);
  EXPECT_TRUE(Logged("<NOSRV> 0 KR 0 0 0"));
}

TEST_F(TcpInspectionTest, AClientThatHasSaidAllItWantsIsServedFromTheQueue) {
  proxy_.entries[0].maxconn = 1;
  proxy_.frontend->tcp_content = RejectUnlessLongerThan3();
  proxy_.Start();
  TestPeer* first = proxy_.Connect();
  first->Send("first");
  ASSERT_TRUE(ServerGot("first"));
  TestPeer* second = proxy_.Connect();
  second->Send("second");
  second->ShutdownWrite();
  ASSERT_TRUE(proxy_.Until([&] { return proxy_.backend->runtime->queue.size() == 1; }));
  first->Close();
  server_->last().Close();
  EXPECT_TRUE(ServerGot("second"));
}

TEST_F(TcpInspectionTest, ARequestIsSeenForWhatItIs) {
  v1::ProxyCommon section;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "acls { tests { expr { fetch: 'method' } method: MATCH_STR patterns: 'GET' } }"
      "tcp_rules { phase: CONTENT accept: true condition { any_of { terms { acl: 0 } } } }"
      "tcp_rules { phase: CONTENT reject: true }",
      &section));
  rules::Compiler compiler(rules::CompileEnvironment::Real());
  ASSERT_TRUE(compiler.CompileAcls(section.acls()).ok());
  proxy_.frontend->tcp_content =
      *compiler.CompileTcpRules(section.tcp_rules(), v1::TcpRule::CONTENT);
  proxy_.Start();
  TestPeer* client = proxy_.Connect();
  client->Send("GET / HT");
  proxy_.Settle();
  EXPECT_EQ(server_->size(), 0u);
  client->Send("TP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(ServerGot(testing::kGet));
  TestPeer* other = proxy_.Connect();
  other->Send("POST / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(proxy_.Until([&] { return other->ended; }));
  TestPeer* third = proxy_.Connect();
  third->Send("\x16\x03\x01");
  EXPECT_TRUE(proxy_.Until([&] { return third->ended; }));
}

}  // namespace
}  // namespace lb::proxy
