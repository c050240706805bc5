#include "controlplane/checks/check_result.h"

#include <gtest/gtest.h>

namespace lb::checks {
namespace {

struct Row {
  CheckStatus status;
  const char* code;
  const char* description;
  bool is_passed;
  bool has_code;
};

constexpr Row kRows[] = {
    {CheckStatus::kInitial, "INI", "Initializing", false, false},
    {CheckStatus::kSocketError, "SOCKERR", "Socket error", false, false},
    {CheckStatus::kL4Ok, "L4OK", "Layer4 check passed", true, false},
    {CheckStatus::kL4Timeout, "L4TOUT", "Layer4 timeout", false, false},
    {CheckStatus::kL4Connection, "L4CON", "Layer4 connection problem", false, false},
    {CheckStatus::kL7Ok, "L7OK", "Layer7 check passed", true, true},
    {CheckStatus::kL7Timeout, "L7TOUT", "Layer7 timeout", false, false},
    {CheckStatus::kL7Response, "L7RSP", "Layer7 invalid response", false, false},
    {CheckStatus::kL7Status, "L7STS", "Layer7 wrong status", false, true},
    {CheckStatus::kProcessOk, "PROCOK", "External check passed", true, true},
    {CheckStatus::kProcessError, "PROCERR", "External check error", false, true},
    {CheckStatus::kProcessTimeout, "PROCTOUT", "External check timeout", false, true},
};

TEST(CheckResult, NamesEachStatusAsHaproxyDoes) {
  for (const Row& row : kRows) {
    EXPECT_EQ(CodeOf(row.status), row.code);
    EXPECT_EQ(DescriptionOf(row.status), row.description);
    EXPECT_EQ(IsPassed(row.status), row.is_passed) << row.code;
    EXPECT_EQ(HasCode(row.status), row.has_code) << row.code;
    EXPECT_EQ(ParseCheckStatus(row.code), row.status);
  }
}

TEST(CheckResult, DoesNotParseOtherText) {
  for (const char* text : {"", "l4ok", "L4OK ", "HANA"}) {
    EXPECT_FALSE(ParseCheckStatus(text)) << text;
  }
}

}  // namespace
}  // namespace lb::checks
