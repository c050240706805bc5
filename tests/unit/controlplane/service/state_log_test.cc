#include "controlplane/service/state_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/base/unique_fd.h"

namespace lb::service {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StateLogTest : public ::testing::Test {
 protected:
  StateLogTest() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    read_.Reset(ends[0]);
    write_.Reset(ends[1]);
  }
  // A backend that logs to the pipe.
  void AddBackend(const std::string& name, const std::string& facility,
                  const std::string& max_level) {
    v1::ProxyCommon* common = snapshot_.add_backends()->mutable_common();
    common->set_name(name);
    v1::LogTarget* target = common->add_log_targets();
    target->set_address("fd@" + std::to_string(write_.get()));
    target->set_facility(facility);
    target->set_max_level(max_level);
  }
  std::string Written() {
    char text[4096];
    const ssize_t n = read(read_.get(), text, sizeof(text));
    return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
  }

  FakeClock clock_;
  UniqueFd read_, write_;
  v1::Snapshot snapshot_;
  StateLog log_{clock_};
};

TEST_F(StateLogTest, LinesGoToTheTargetsOfTheirBackend) {
  AddBackend("web", "local1", "");
  v1::ProxyCommon* silent = snapshot_.add_backends()->mutable_common();
  silent->set_name("silent");
  log_.Configure(snapshot_);
  log_.Send("silent", {net::SyslogLevel::kAlert, "nothing"});
  EXPECT_EQ(Written(), "");
  log_.Send("web", {net::SyslogLevel::kAlert, "Server web/s1 is DOWN."});
  const std::string line = Written();
  EXPECT_THAT(line, StartsWith("<137>"));  // local1.alert
  EXPECT_THAT(line, HasSubstr("lb[" + std::to_string(getpid()) + "]: "));
  EXPECT_THAT(line, EndsWith("Server web/s1 is DOWN.\n"));
}

TEST_F(StateLogTest, LevelsAreHonoured) {
  AddBackend("web", "local1", "err");
  log_.Configure(snapshot_);
  log_.Send("web", {net::SyslogLevel::kNotice, "Server web/s1 is UP."});
  EXPECT_EQ(Written(), "");
  log_.Send("web", {net::SyslogLevel::kEmerg, "backend web has no server available!"});
  EXPECT_NE(Written(), "");
}

TEST_F(StateLogTest, ABadTargetIsLeftOutAndTheOthersWork) {
  AddBackend("web", "local1", "");
  snapshot_.mutable_backends(0)->mutable_common()->add_log_targets()->set_facility("nonsense");
  log_.Configure(snapshot_);
  log_.Send("web", {net::SyslogLevel::kAlert, "x"});
  EXPECT_NE(Written(), "");
}

TEST(SyslogTargetOf, TakesEveryField) {
  v1::LogTarget target;
  target.set_address("127.0.0.1:514");
  target.set_facility("local3");
  target.set_max_level("notice");
  target.set_min_level("crit");
  target.set_format("rfc5424");
  target.set_max_length(2048);
  const auto out = SyslogTargetOf(target);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->facility, 19);
  EXPECT_EQ(out->max_level, net::SyslogLevel::kNotice);
  EXPECT_EQ(out->min_level, net::SyslogLevel::kCrit);
  EXPECT_EQ(out->format, net::SyslogFormat::kRfc5424);
  EXPECT_EQ(out->max_length, 2048u);
  target.set_max_level("loud");
  EXPECT_TRUE(absl::IsInvalidArgument(SyslogTargetOf(target).status()));
}

}  // namespace
}  // namespace lb::service
