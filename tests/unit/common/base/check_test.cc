#include "common/base/check.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

TEST(CheckDeathTest, AFailureNamesPlaceAndCondition) {
  int apples = 1;
  LB_CHECK(apples == 1);
  EXPECT_DEATH(LB_CHECK(apples == 2), "check_test.cc.*apples == 2");
}

}  // namespace
}  // namespace lb
