// The texts are HAProxy 2.6's own, in the same situations.
#include "controlplane/checks/tcp_script.h"

#include "check_fixture.h"
#include "scripted_server.h"

namespace lb::checks {
namespace {

using TcpExpect = v1::TcpCheckExpect;

class TcpScript : public CheckTest {
 protected:
  TcpScript() { check().set_kind(v1::HealthCheck::TCP_SCRIPT); }

  v1::TcpCheckStep* AddConnect(uint32_t port = 0) {
    v1::TcpCheckStep* step = check().add_tcp_steps();
    step->mutable_connect()->set_port(port);
    return step;
  }
  void AddSend(const std::string& bytes) { check().add_tcp_steps()->set_send(bytes); }
  v1::TcpCheckStep* AddExpect(const std::string& pattern, bool negate = false,
                              TcpExpect::Kind kind = TcpExpect::STRING) {
    v1::TcpCheckStep* step = check().add_tcp_steps();
    step->mutable_expect()->set_kind(kind);
    step->mutable_expect()->set_pattern(pattern);
    step->mutable_expect()->set_negate(negate);
    return step;
  }
  // The result when the server says `greeting` and closes.
  std::string AgainstGreeting(const std::string& greeting) {
    ScriptedServer server([&](Peer* peer) { peer->Write(greeting); });
    SetAddress(server.address());
    return RunToText();
  }
};

// Counts the answers to "info replication" in `answers`.
void ServeRedis(Peer* peer, std::atomic<int>* answers) {
  while (true) {
    const std::string command = peer->ReadUntil("\r\n");
    if (command == "PING\r\n") {
      peer->Write("+PONG\r\n");
    } else if (command == "info replication\r\n") {
      peer->Write("$30\r\n# Replication\r\nrole:mas");
      peer->Write("ter\r\nconnected_slaves:2\r\n");
      ++*answers;
    } else if (command == "QUIT\r\n") {
      peer->Write("+OK\r\n");
      return;
    } else {
      return;
    }
  }
}

TEST_F(TcpScript, AsksRedisForItsRole) {
  std::atomic<int> answers = 0;
  ScriptedServer server([&](Peer* peer) { ServeRedis(peer, &answers); });
  SetAddress(server.address());
  auto set_script = [&](const std::string& role) {
    check().clear_tcp_steps();
    AddConnect();
    AddSend("PING\r\n");
    AddExpect("+PONG");
    AddSend("info replication\r\n");
    AddExpect(role);
    AddSend("QUIT\r\n");
    AddExpect("+OK");
  };
  set_script("role:master");
  EXPECT_EQ(RunToText(), "L7OK 0 (tcp-check)");
  set_script("role:slave");
  EXPECT_EQ(RunToText([&] { return answers == 2; }),
            "L7TOUT  at step 5 of tcp-check (expect string 'role:slave')");
}

TEST_F(TcpScript, NamesTheStepThatFailed) {
  const struct {
    const char* pattern;
    bool negate;
    TcpExpect::Kind kind;
    const char* greeting;
    const char* result;
  } rows[] = {
      {"bar", false, TcpExpect::STRING, "bar", "L7OK 0 (tcp-check)"},
      {"baz", false, TcpExpect::STRING, "bar",
       "L7RSP TCPCHK did not match content 'baz' at step 2"},
      {"bar", true, TcpExpect::STRING, "bar",
       "L7RSP TCPCHK matched unwanted content 'bar' at step 2"},
      {"baz", true, TcpExpect::STRING, "bar", "L7OK 0 (tcp-check)"},
      {"^foo", false, TcpExpect::RSTRING, "bar",
       "L7RSP TCPCHK did not match content (regex) at step 2"},
      {"a.$", false, TcpExpect::RSTRING, "bar", "L7OK 0 (tcp-check)"},
      {"\x01\xff", false, TcpExpect::BINARY, "bar",
       "L7RSP TCPCHK did not match content (binary) at step 2"},
      {"baz", false, TcpExpect::STRING, "", "L7RSP TCPCHK got an empty response at step 2"},
  };
  for (const auto& row : rows) {
    check().clear_tcp_steps();
    AddConnect();
    AddExpect(row.pattern, row.negate, row.kind);
    EXPECT_EQ(AgainstGreeting(row.greeting), row.result);
  }
}

TEST_F(TcpScript, AddsTheCommentOfTheStep) {
  AddConnect();
  AddExpect("baz")->set_comment("COMM");
  EXPECT_EQ(AgainstGreeting("bar"),
            "L7RSP TCPCHK did not match content 'baz' at step 2 comment: COMM");
}

TEST_F(TcpScript, ConnectsByItselfWhenTheScriptDoesNot) {
  AddExpect("foo");
  EXPECT_EQ(AgainstGreeting("foo"), "L7OK 0 (tcp-check)");
  EXPECT_EQ(AgainstGreeting("bar"), "L7RSP TCPCHK did not match content 'foo' at step 1");
}

TEST_F(TcpScript, CommentsCountAsSteps) {
  check().add_tcp_steps()->set_comment("C1");
  AddConnect();
  check().add_tcp_steps()->set_comment("C2");
  AddExpect("foo")->set_comment("C2");
  EXPECT_EQ(AgainstGreeting("bar"),
            "L7RSP TCPCHK did not match content 'foo' at step 4 comment: C2");
}

TEST_F(TcpScript, AConnectionAloneIsLayer4) {
  EXPECT_EQ(AgainstGreeting(""), "L4OK");
  AddConnect();
  EXPECT_EQ(AgainstGreeting(""), "L4OK (tcp-check)");
}

TEST_F(TcpScript, WhatHasArrivedServesSeveralExpectations) {
  AddConnect();
  AddExpect("foo");
  AddExpect("bar");
  EXPECT_EQ(AgainstGreeting("foobar"), "L7OK 0 (tcp-check)");
}

TEST_F(TcpScript, NamesTheConnectionThatFailed) {
  DeadAddress nobody;
  SetAddress(nobody.address());
  AddConnect()->set_comment("CC");
  EXPECT_EQ(RunToText(), "L4CON Connection refused at step 1 of tcp-check (connect) comment: 'CC'");
  check().clear_tcp_steps();
  AddExpect("a");
  EXPECT_EQ(RunToText(), "L4CON Connection refused at initial connection step of tcp-check");
}

TEST_F(TcpScript, AConnectStepMayHaveAPortOfItsOwn) {
  DeadAddress nobody;
  ScriptedServer server([](Peer* peer) { peer->Write("foo"); });
  SetAddress(nobody.address());
  AddConnect(Address::Parse(server.address())->port());
  AddExpect("foo");
  EXPECT_EQ(RunToText(), "L7OK 0 (tcp-check)");
}

TEST_F(TcpScript, SaysWhenTheServerBreaksTheConnection) {
  ScriptedServer server([](Peer* peer) {
    peer->ReadUntil("X");
    peer->Reset();
  });
  SetAddress(server.address());
  AddConnect();
  AddSend("X");
  AddExpect("a");
  EXPECT_EQ(RunToText(),
            "SOCKERR Connection reset by peer at step 3 of tcp-check (expect string 'a')");
}

TEST(JudgeTcpStep, MinRecvDecidesEarly) {
  v1::TcpCheckStep step;
  step.mutable_expect()->set_kind(TcpExpect::STRING);
  step.mutable_expect()->set_pattern("a");
  step.mutable_expect()->set_min_recv(2);
  EXPECT_FALSE(JudgeTcpStep(step, 1, "b", /*is_last=*/false));
  EXPECT_EQ(JudgeTcpStep(step, 1, "bb", /*is_last=*/false)->status, CheckStatus::kL7Response);
  step.mutable_expect()->set_negate(true);
  EXPECT_EQ(JudgeTcpStep(step, 1, "bb", /*is_last=*/false)->status, CheckStatus::kL7Ok);
}

}  // namespace
}  // namespace lb::checks
