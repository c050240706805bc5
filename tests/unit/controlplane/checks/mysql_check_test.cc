#include "check_fixture.h"
#include "scripted_server.h"

namespace lb::checks {
namespace {

std::string Packet(int sequence, const std::string& payload) {
  std::string header = {static_cast<char>(payload.size()), 0, 0, static_cast<char>(sequence)};
  return header + payload;
}

const std::string kGreeting = Packet(0, std::string("\x0a"
                                                    "5.5.5-10.11.6-MariaDB\0\7\0\0\0abcdefgh\0",
                                                    36) +
                                            std::string(20, 'x'));
const std::string kOk = Packet(2, std::string("\0\0\0\2\0\0\0", 7));

class MysqlCheck : public CheckTest {
 protected:
  MysqlCheck() { check().set_kind(v1::HealthCheck::MYSQL); }

  std::string Against(const std::string& first, const std::string& second) {
    ScriptedServer server([&](Peer* peer) {
      peer->Write(first);
      if (second.empty()) return;
      login_ = peer->ReadUntil(std::string("\1\0\0\0\1", 5));
      peer->Write(second);
      peer->StayOpen();
    });
    SetAddress(server.address());
    return RunToText();
  }

  std::string login_;
};

TEST_F(MysqlCheck, WithoutAUserTheGreetingIsEnough) {
  EXPECT_EQ(Against(kGreeting, ""), "L7OK 0 5.5.5-10.11.6-MariaDB");
}

TEST_F(MysqlCheck, LogsInAndQuits) {
  check().set_mysql_user("lbping");
  EXPECT_EQ(Against(kGreeting, kOk), "L7OK 0 5.5.5-10.11.6-MariaDB");
  EXPECT_EQ(login_, Packet(1, std::string("\x00\x82\x00\x00\x00\x80\x00\x01\x21", 9) +
                                  std::string(23, '\0') + std::string("lbping\0\0", 8)) +
                        Packet(0, "\x01"));
}

TEST_F(MysqlCheck, SpeaksTheOldProtocolWhenTold) {
  check().set_mysql_user("lbping");
  check().set_mysql_pre_41(true);
  EXPECT_EQ(Against(kGreeting, kOk), "L7OK 0 5.5.5-10.11.6-MariaDB");
  EXPECT_EQ(login_,
            Packet(1, std::string("\x00\x80\x00\x00\x01lbping\0\0", 13)) + Packet(0, "\x01"));
}

TEST_F(MysqlCheck, TellsTheServersErrors) {
  const std::string blocked = Packet(0, "\xff\x69\x04#HY000Host is blocked");
  const std::string denied = Packet(2, "\xff\x15\x04#28000Access denied");
  EXPECT_EQ(Against(blocked, ""), "L7STS 1129 #HY000Host is blocked");
  check().set_mysql_user("lbping");
  EXPECT_EQ(Against(kGreeting, denied), "L7STS 1045 #28000Access denied");
}

TEST_F(MysqlCheck, RefusesWhatIsNotMysql) {
  EXPECT_EQ(Against("hello world, no mysql here", ""), "L7RSP not a MySQL packet");
  EXPECT_EQ(Against(kGreeting.substr(0, 10), ""), "L7RSP connection closed by the MySQL server");
  EXPECT_EQ(Against("", ""), "L7RSP connection closed by the MySQL server");
}

TEST_F(MysqlCheck, TimesOut) {
  ScriptedServer server([](Peer* peer) { peer->StayOpen(); });
  SetAddress(server.address());
  EXPECT_EQ(RunToText([&] { return server.connections() == 1; }), "L7TOUT");
}

}  // namespace
}  // namespace lb::checks
