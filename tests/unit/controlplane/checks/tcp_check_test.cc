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

TEST_F(TcpCheck, SendsAProxyLineThatNamesNoClient) {
  const struct {
    uint32_t version;
    std::string line;
  } rows[] = {{1, "PROXY UNKNOWN\r\n"}, {2, std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16)}};
  check().set_kind(v1::HealthCheck::HTTP);
  for (const auto& row : rows) {
    std::string got;
    {
      ScriptedServer server([&](Peer* peer) { got = peer->ReadUntil(row.line); });
      SetAddress(server.address());
      target_.send_proxy = row.version;
      Run();
    }
    EXPECT_EQ(got, row.line);
  }
}

}  // namespace
}  // namespace lb::checks
