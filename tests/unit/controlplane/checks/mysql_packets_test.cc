#include "controlplane/checks/mysql_packets.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

using Kind = MysqlPacket::Kind;

TEST(ReadMysqlGreeting, WaitsForTheWholePacket) {
  const std::string whole(
      "\x09\0\0\0\x0a"
      "8.0.36\0x",
      13);
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_EQ(ReadMysqlGreeting(whole.substr(0, bytes)).kind, Kind::kPartial) << bytes;
  }
  const MysqlPacket packet = ReadMysqlGreeting(whole + "more");
  EXPECT_EQ(packet.kind, Kind::kGreeting);
  EXPECT_EQ(packet.text, "8.0.36");
  EXPECT_EQ(packet.bytes, whole.size());
}

TEST(ReadMysqlGreeting, RefusesOtherThings) {
  const std::string rows[] = {
      std::string("\0\0\0\0", 4),            // empty
      std::string("\xff\xff\xff\0\x0a", 5),  // too long
      std::string("\3\0\0\0\x0b"
                  "8\0",
                  7),  // unknown protocol
      std::string("\3\0\0\0\x0a"
                  "88",
                  7),                    // version without an end
      std::string("\2\0\0\0\xff\1", 6),  // error without a code
  };
  for (const std::string& row : rows) EXPECT_EQ(ReadMysqlGreeting(row).kind, Kind::kBad);
}

TEST(ReadMysqlAnswer, TellsErrorsFromTheRest) {
  const MysqlPacket error = ReadMysqlAnswer(std::string("\4\0\0\2\xff\x15\x04!", 8));
  EXPECT_EQ(error.kind, Kind::kError);
  EXPECT_EQ(error.code, 1045);
  EXPECT_EQ(error.text, "!");
  EXPECT_EQ(ReadMysqlAnswer(std::string("\1\0\0\2\0", 5)).kind, Kind::kOther);
  EXPECT_EQ(ReadMysqlAnswer(std::string("\1\0\0\2\xfe", 5)).kind, Kind::kOther);
}

}  // namespace
}  // namespace lb::checks
