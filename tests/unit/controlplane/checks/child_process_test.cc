#include "controlplane/checks/child_process.h"

#include <gtest/gtest.h>

#include <optional>

#include "check_fixture.h"
#include "script_files.h"

namespace lb::checks {
namespace {

TEST(ChildProcess, TellsExitStatusAndSignal) {
  event::EventLoop loop;
  ChildGraveyard graveyard(&loop);
  const struct {
    const char* command;
    int code;
    int signal;
  } rows[] = {{"exit 0", 0, 0}, {"exit 7", 7, 0}, {"kill -TERM $$", 0, SIGTERM}};
  for (const auto& row : rows) {
    absl::StatusOr<ChildProcess> child =
        ChildProcess::Start({"/bin/sh", "-c", row.command}, {}, &graveyard);
    ASSERT_TRUE(child.ok());
    event::Pollable ended(&loop);
    ended.Watch(child->pidfd());
    RunUntil(&loop, [&] { return ended.is_ready(event::kReadable); });
    const ChildExit exit = child->Reap();
    EXPECT_EQ(exit.code, row.code);
    EXPECT_EQ(exit.signal, row.signal);
  }
  EXPECT_FALSE(HasChildren());
}

TEST(ChildProcess, StartsWithDefaultSignals) {
  event::EventLoop loop;
  ChildGraveyard graveyard(&loop);
  signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(
      {"/bin/sh", "-c", "grep -Eq '^SigBlk:.0+$' /proc/self/status && kill -PIPE $$"},
      {"PATH=/usr/bin:/bin"}, &graveyard);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->Reap().signal, SIGKILL) << "Reap() of a running child ends it";
  EXPECT_FALSE(HasChildren());
}

TEST(ChildGraveyard, ReapsWhatWasGivenUp) {
  event::EventLoop loop;
  ChildGraveyard graveyard(&loop);
  {
    absl::StatusOr<ChildProcess> child =
        ChildProcess::Start({"/bin/sleep", "1000"}, {}, &graveyard);
    ASSERT_TRUE(child.ok());
  }
  EXPECT_FALSE(graveyard.is_empty());
  RunUntil(&loop, [&] { return graveyard.is_empty(); });
  EXPECT_FALSE(HasChildren());
}

TEST(ChildGraveyard, ReapsAtItsOwnEndToo) {
  event::EventLoop loop;
  {
    ChildGraveyard graveyard(&loop);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(ChildProcess::Start({"/bin/sleep", "1000"}, {}, &graveyard).ok());
    }
  }
  EXPECT_FALSE(HasChildren());
}

}  // namespace
}  // namespace lb::checks
