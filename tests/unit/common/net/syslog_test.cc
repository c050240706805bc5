#include "common/net/syslog.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace lb::net {
namespace {

class SyslogTest : public ::testing::Test {
 protected:
  SyslogTest() {
    setenv("TZ", "UTC-2", 1);  // two hours east
    tzset();
  }
  ~SyslogTest() override {
    unsetenv("TZ");
    tzset();
  }

  // 2023-11-04 22:13:20 UTC: a day of one digit.
  const WallTime now_{std::chrono::seconds(1'699'136'000) + std::chrono::microseconds(1234)};
};

TEST_F(SyslogTest, WritesEachFormat) {
  const struct {
    const char* format;
    const char* line;
  } rows[] = {
      {"rfc3164", "<142>Nov  5 00:13:20 host lb[7]: text"},
      {"rfc5424", "<142>1 2023-11-05T00:13:20.001234+02:00 host lb 7 - - text"},
      {"local", "<142>Nov  5 00:13:20 lb[7]: text"},
      {"priority", "<142>lb[7]: text"},
      {"short", "<6>text"},
      {"timed", "<6>2023-11-05T00:13:20.001234+02:00 text"},
      {"iso", "2023-11-05T00:13:20.001234+02:00 text"},
      {"raw", "text"},
  };
  for (const auto& row : rows) {
    SyslogTarget target;
    target.facility = *ParseSyslogFacility("local1");
    target.format = *ParseSyslogFormat(row.format);
    EXPECT_EQ(FormatSyslogLine(target, SyslogLevel::kInfo, now_, "host", "lb", 7, "text"),
              row.line);
  }
}

TEST_F(SyslogTest, LeavesOutAMissingHostname) {
  SyslogTarget target;
  EXPECT_EQ(FormatSyslogLine(target, SyslogLevel::kInfo, now_, "", "lb", 7, "text"),
            "<134>Nov  5 00:13:20 lb[7]: text");
  target.format = SyslogFormat::kRfc5424;
  EXPECT_EQ(FormatSyslogLine(target, SyslogLevel::kInfo, now_, "", "lb", 7, "text"),
            "<134>1 2023-11-05T00:13:20.001234+02:00 - lb 7 - - text");
}

TEST_F(SyslogTest, CapsSeverityAndLength) {
  SyslogTarget target;
  target.format = SyslogFormat::kShort;
  target.min_level = SyslogLevel::kNotice;
  target.max_length = 7;
  EXPECT_EQ(FormatSyslogLine(target, SyslogLevel::kEmerg, now_, "", "lb", 7, "abcdef"), "<5>abc")
      << "six bytes and a line feed";
}

TEST_F(SyslogTest, ParsesNames) {
  EXPECT_EQ(*ParseSyslogLevel("emerg"), SyslogLevel::kEmerg);
  EXPECT_EQ(*ParseSyslogLevel("debug"), SyslogLevel::kDebug);
  EXPECT_EQ(*ParseSyslogFacility("kern"), 0);
  EXPECT_EQ(*ParseSyslogFacility("local0"), 16);
  EXPECT_EQ(*ParseSyslogFacility("local7"), 23);
  EXPECT_FALSE(ParseSyslogLevel("loud").ok());
  EXPECT_FALSE(ParseSyslogFacility("local8").ok());
  EXPECT_FALSE(ParseSyslogFormat("").ok());
}

class SyslogSenderTest : public ::testing::Test {
 protected:
  SyslogSenderTest() : receiver_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const Address any = *Address::FromIp("127.0.0.1", 0);
    EXPECT_EQ(bind(receiver_.get(), any.sa(), any.length()), 0);
    target_.address = Address::LocalOf(receiver_.get()).ToString();
    target_.format = SyslogFormat::kShort;
  }
  std::string Receive() {
    char space[2048];
    const ssize_t n = recv(receiver_.get(), space, sizeof(space), 0);
    return n < 0 ? "nothing" : std::string(space, static_cast<size_t>(n));
  }

  UniqueFd receiver_;
  SyslogTarget target_;
};

TEST_F(SyslogSenderTest, SendsDatagramsOfTheLevelsWanted) {
  target_.max_level = SyslogLevel::kNotice;
  auto sender = SyslogSender::Create({target_}, "lb", "");
  ASSERT_TRUE(sender.ok()) << sender.status();
  EXPECT_TRUE((*sender)->has_targets());
  (*sender)->Send(SyslogLevel::kAlert, WallTime(), "down");
  (*sender)->Send(SyslogLevel::kInfo, WallTime(), "traffic");
  (*sender)->Send(SyslogLevel::kNotice, WallTime(), "up");
  EXPECT_EQ(Receive(), "<1>down\n");
  EXPECT_EQ(Receive(), "<5>up\n");
  EXPECT_EQ(Receive(), "nothing");
  EXPECT_EQ((*sender)->dropped(), 0u);
}

TEST_F(SyslogSenderTest, SendsToEveryTarget) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  UniqueFd read_end(fds[0]), write_end(fds[1]);
  SyslogTarget stream = target_;
  stream.format = SyslogFormat::kRaw;
  stream.address = "fd@" + std::to_string(write_end.get());
  auto sender = SyslogSender::Create({target_, stream}, "lb", "");
  ASSERT_TRUE(sender.ok()) << sender.status();
  (*sender)->Send(SyslogLevel::kInfo, WallTime(), "both");
  EXPECT_EQ(Receive(), "<6>both\n");
  char space[64];
  EXPECT_EQ(std::string(space, static_cast<size_t>(read(read_end.get(), space, 64))), "both\n");
}

TEST_F(SyslogSenderTest, CountsWhatIsDroppedAndNeverBlocks) {
  SyslogTarget gone = target_;
  gone.address = "unix:/nonexistent/log";
  auto sender = SyslogSender::Create({gone}, "lb", "");
  ASSERT_TRUE(sender.ok()) << sender.status();
  (*sender)->Send(SyslogLevel::kInfo, WallTime(), "lost");
  EXPECT_EQ((*sender)->dropped(), 1u);
}

TEST_F(SyslogSenderTest, RefusesTargetsThatAreNone) {
  for (const char* address : {"", "localhost", "fd@", "fd@x", "fd@999999"}) {
    target_.address = address;
    EXPECT_FALSE(SyslogSender::Create({target_}, "lb", "").ok()) << address;
  }
}

}  // namespace
}  // namespace lb::net
