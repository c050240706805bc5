#include <regex>
#include <string>

#include "check_fixture.h"
#include "scripted_server.h"

namespace lb::checks {
namespace {

class TcpCheck : public CheckTest {
 protected:
  TcpCheck() { check().set_kind(v1::HealthCheck::TCP); }
};

TEST_F(TcpCheck, PassesWhenTheServerAccepts) {
  ScriptedServer server([](Peer* peer) { peer->StayOpen(); });
  SetAddress(server.address());
  EXPECT_EQ(RunToText(), "L4OK");
}

TEST_F(TcpCheck, FailsWhenNobodyListens) {
  DeadAddress nobody;
  SetAddress(nobody.address());
  EXPECT_EQ(RunToText(), "L4CON Connection refused");
}

TEST_F(TcpCheck, TimesOutWhenTheServerIsSilent) {
  SilentAddress silent;
  SetAddress(silent.address());
  const SteadyTime start = clock_.Now();
  const CheckResult result = Run(&AtOnce);
  EXPECT_EQ(CodeOf(result.status), "L4TOUT");
  EXPECT_EQ(result.info, "");
  EXPECT_EQ(result.duration, clock_.Now() - start);
}

TEST_F(TcpCheck, SaysWhenASocketCannotBeMade) {
  SetAddress("unix:/nonexistent/socket");
  EXPECT_EQ(RunToText(), "SOCKERR General socket error (No such file or directory)");
}

TEST_F(TcpCheck, SendsAProxyLineOfItsOwnConnection) {
  check().set_kind(v1::HealthCheck::HTTP);
  target_.send_proxy = 1;
  std::string got;
  std::string port;
  {
    ScriptedServer server([&](Peer* peer) { got = peer->ReadUntil("\r\n"); });
    port = std::to_string(Address::Parse(server.address())->port());
    SetAddress(server.address());
    Run();
  }
  EXPECT_TRUE(std::regex_match(
      got, std::regex("PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 [0-9]+ " + port + "\r\n")))
      << got;
}

TEST_F(TcpCheck, AProxyHeaderOfVersion2NamesNoClient) {
  check().set_kind(v1::HealthCheck::HTTP);
  target_.send_proxy = 2;
  const std::string header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
  std::string got;
  {
    ScriptedServer server([&](Peer* peer) { got = peer->ReadUntil(header); });
    SetAddress(server.address());
    Run();
  }
  EXPECT_EQ(got, header);
}

}  // namespace
}  // namespace lb::checks
