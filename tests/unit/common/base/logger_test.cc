#include "common/base/logger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace lb {
namespace {

class LoggerTest : public ::testing::Test {
 protected:
  ~LoggerTest() override { SetLogLevel(LogLevel::kInfo); }
};

TEST_F(LoggerTest, WritesOneLineAMessage) {
  SetLogProgram("lbtest");
  testing::internal::CaptureStderr();
  LB_LOG(kWarning) << "revision " << 7 << " serves";
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "lbtest[" + std::to_string(getpid()) + "] warning: revision 7 serves\n");
}

TEST_F(LoggerTest, LeavesOutLesserLevelsWithoutEvaluatingThem) {
  SetLogLevel(LogLevel::kWarning);
  int evaluated = 0;
  testing::internal::CaptureStderr();
  LB_LOG(kNotice) << ++evaluated;
  LB_LOG(kError) << "bad";
  EXPECT_EQ(evaluated, 0);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("error: bad"), std::string::npos);
}

}  // namespace
}  // namespace lb
