#include "controlplane/server/daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "common/base/address.h"
#include "tests/testing/temp_dir.h"

namespace lb::control {
namespace {

// Runs `child` as a daemon of a process of its own; returns that process's exit status.
template <typename Child>
int StatusOfParent(Child child) {
  const pid_t parent = fork();
  if (parent == 0) {
    Daemon daemon = Daemon::Fork();
    child(&daemon);
    _exit(7);
  }
  int status = 0;
  waitpid(parent, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Daemon, TheParentExitsWith0WhenTheChildIsReady) {
  EXPECT_EQ(StatusOfParent([](Daemon* daemon) { daemon->ReportReady(); }), 0);
}

TEST(Daemon, TheParentExitsAsAChildThatFails) {
  EXPECT_EQ(StatusOfParent([](Daemon*) {}), 7);
  EXPECT_EQ(StatusOfParent([](Daemon*) { _exit(0); }), 1) << "ended without being ready";
}

TEST(Daemon, InTheForegroundThereIsNobodyToTell) {
  Daemon daemon;
  daemon.ReportReady();
}

class DaemonFilesTest : public ::testing::Test {
 protected:
  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
};

TEST_F(DaemonFilesTest, WritesItsPid) {
  const std::string path = directory_ + "/pid";
  ASSERT_TRUE(WritePidFile(path).ok());
  std::string line;
  std::getline(std::ifstream(path), line);
  EXPECT_EQ(line, std::to_string(getpid()));
  EXPECT_THAT(std::string(WritePidFile(directory_ + "/no/pid").message()),
              ::testing::HasSubstr("cannot create pid file"));
}

TEST_F(DaemonFilesTest, TellsSystemd) {
  const std::string path = directory_ + "/notify";
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Address address = *Address::FromUnixPath(path);
  ASSERT_EQ(bind(socket.get(), address.sa(), address.length()), 0);
  ASSERT_EQ(setenv("NOTIFY_SOCKET", path.c_str(), 1), 0);
  NotifySystemd("READY=1");
  unsetenv("NOTIFY_SOCKET");
  NotifySystemd("STOPPING=1");  // nobody listens
  char text[64] = {};
  EXPECT_EQ(recv(socket.get(), text, sizeof(text), MSG_DONTWAIT), 7);
  EXPECT_STREQ(text, "READY=1");
  EXPECT_EQ(recv(socket.get(), text, sizeof(text), MSG_DONTWAIT), -1);
}

}  // namespace
}  // namespace lb::control
