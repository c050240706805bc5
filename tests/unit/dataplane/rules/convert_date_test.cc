// The expected texts are what HAProxy 2.6 answered to the same expressions.
#include <cstdlib>
#include <ctime>

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using ConvertDate = Exchange;

TEST_F(ConvertDate, AnswersAsHaproxyDoes) {
  SetTxnVar("v", Sample::Text("val"));
  SetTxnVar("n", Sample::Int(7));
  SetTxnVar("ip", Sample::Ip(*IpAddress::Parse("9.8.7.6")));
  SetTxnVar("b", Sample::Bool(true));
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"int(784111777),http_date", "Sun, 06 Nov 1994 08:49:37 GMT"},
      {"int(784111777),http_date(10)", "Sun, 06 Nov 1994 08:49:47 GMT"},
      {"int(784111777),http_date(1000,ms)", "Sat, 10 Jan 1970 01:48:32.777 GMT"},
      {"int(784111777123),http_date(0,ms)", "Sun, 06 Nov 1994 08:49:37.123 GMT"},
      {"int(784111777123456),http_date(0,us)", "Sun, 06 Nov 1994 08:49:37.123456 GMT"},
      {"int(784111777),utime(%Y-%m-%d)", "1994-11-06"},
      {"int(784111777),utime(%d/%b/%Y:%H:%M:%S)", "06/Nov/1994:08:49:37"},
      {"int(784111777),utime(%H,3600)", "09"},
      {"int(784111777),utime(%H,-3600)", "07"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(ConvertDate, LocalTimeFollowsTheZone) {
  setenv("TZ", "UTC-2", /*replace=*/1);
  tzset();
  EXPECT_EQ(Eval("int(784111777),ltime(%H:%M)"), "10:49");
  EXPECT_EQ(Eval("int(784111777),utime(%H:%M)"), "08:49");
  unsetenv("TZ");
  tzset();
}

TEST_F(ConvertDate, ADateOutOfRangeHasNoText) {
  EXPECT_EQ(Eval("int(9223372036854775807),http_date"), "(none)");
  EXPECT_EQ(Eval("int(9223372036854775807),utime(%Y)"), "(none)");
}

}  // namespace
}  // namespace lb::rules
