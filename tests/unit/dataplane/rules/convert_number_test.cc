// The expected texts are what HAProxy 2.6 answered to the same expressions.
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using ConvertNumber = Exchange;

TEST_F(ConvertNumber, AnswersAsHaproxyDoes) {
  SetTxnVar("v", Sample::Text("val"));
  SetTxnVar("n", Sample::Int(7));
  SetTxnVar("ip", Sample::Ip(*IpAddress::Parse("9.8.7.6")));
  SetTxnVar("b", Sample::Bool(true));
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"src_port,mod(1)", "0"},
      {"dst_port,sub(1),bool", "1"},
      {"str(hello),crc32", "907060870"},
      {"str(hello),crc32(1)", "3902247103"},
      {"str(hello),djb2", "261238937"},
      {"str(hello),djb2(1)", "1119739105"},
      {"str(hello),sdbm", "684824882"},
      {"str(hello),sdbm(1)", "2061535398"},
      {"int(5),add(3)", "8"},
      {"int(5),sub(8)", "-3"},
      {"int(5),mul(3)", "15"},
      {"int(5),div(2)", "2"},
      {"int(5),div(0)", "9223372036854775807"},
      {"int(-5),div(2)", "-2"},
      {"int(5),mod(0)", "0"},
      {"int(-5),mod(3)", "-2"},
      {"int(5),neg", "-5"},
      {"int(5),cpl", "-6"},
      {"int(5),and(4)", "4"},
      {"int(5),or(2)", "7"},
      {"int(5),xor(1)", "4"},
      {"int(5),odd", "1"},
      {"int(5),even", "0"},
      {"int(5),not", "0"},
      {"int(5),bool", "1"},
      {"int(0),not", "1"},
      {"int(9223372036854775807),add(1)", "9223372036854775807"},
      {"int(-9223372036854775807),sub(10)", "-9223372036854775808"},
      {"int(9223372036854775807),mul(2)", "9223372036854775807"},
      {"str(12abc),add(1)", "13"},
      {"str(abc),add(1)", "1"},
      {"str(),add(1)", ""},
      {"str(-12),add(1)", "-11"},
      {"bool(1),add(1)", "2"},
      {"src,add(1)", "2130706434"},
      {"str(abc),bool", "0"},
      {"str(1),bool", "1"},
      {"str(true),bool", "0"},
      {"str(yes),not", "1"},
      {"int(5),add(txn.n)", "12"},
      {"int(5),add(txn.v)", "5"},
      {"int(5),add(txn.nope)", ""},
      {"var(txn.n),add(1)", "8"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(ConvertNumber, StaysAtTheLimits) {
  EXPECT_EQ(Eval("int(-9223372036854775808),neg"), "9223372036854775807");
  EXPECT_EQ(Eval("int(-9223372036854775808),div(-1)"), "9223372036854775807");
  EXPECT_EQ(Eval("int(-9223372036854775808),mod(-1)"), "0");
  EXPECT_EQ(Eval("int(9223372036854775807),mul(-2)"), "-9223372036854775808");
}

}  // namespace
}  // namespace lb::rules
