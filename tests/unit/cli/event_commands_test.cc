// watch, run
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;

using EventCommands = LbctlTest;

TEST_F(EventCommands, WatchPrintsALineAnEventUntilTheEnd) {
  EXPECT_EQ(Lbctl({"watch", "-n", "2"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("server  app/s1  is DOWN  (check)\n"));
  EXPECT_EQ(Lbctl({"watch"}), kExitUnreachable);
  EXPECT_EQ(Lbctl({"watch", "-n", "1", "--json"}), kExitOk);
  EXPECT_EQ(Json()["subject"], "app/s1");
}

TEST_F(EventCommands, RunPrintsTheReplyAsItIs) {
  EXPECT_EQ(Lbctl({"run", "show", "stat"}), kExitOk) << Err();
  EXPECT_EQ(Out(), "ran show stat\n\n");
  EXPECT_EQ(Lbctl({"run", "show", "stat", "--json"}), kExitOk) << Err();
  EXPECT_EQ(Json()["output"], "ran show stat\n\n");
  EXPECT_EQ(Lbctl({"run"}), kExitUsage);
}

}  // namespace
}  // namespace lb::cli
