// The expected texts are what HAProxy 2.6 answered to the same expressions.
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using ConvertText = Exchange;

TEST_F(ConvertText, AnswersAsHaproxyDoes) {
  SetTxnVar("v", Sample::Text("val"));
  SetTxnVar("n", Sample::Int(7));
  SetTxnVar("ip", Sample::Ip(*IpAddress::Parse("9.8.7.6")));
  SetTxnVar("b", Sample::Bool(true));
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"ipv4(1.2.3.4),ipmask(8)", "1.0.0.0"},
      {"ipv4(1.2.3.4),ipmask(255.255.0.0)", "1.2.0.0"},
      {"ipv6(2001:db8::1),ipmask(24,16)", "2001::"},
      {"ipv6(2001:db8::1),ipmask(24)", ""},
      {"bin(48656c6c6f),length", "5"},
      {"bin(48656c6c6f),lower", "hello"},
      {"str(AbC),lower", "abc"},
      {"str(AbC),upper", "ABC"},
      {"str(AbC),length", "3"},
      {"str(abcdef),bytes(2)", "cdef"},
      {"str(abcdef),bytes(2,2)", "cd"},
      {"str(abcdef),bytes(2,20)", "cdef"},
      {"str(abcdef),bytes(9)", ""},
      {"str(a/b//c),field(1,/)", "a"},
      {"str(a/b//c),field(3,/)", ""},
      {"str(a/b//c),field(4,/)", "c"},
      {"str(a/b//c),field(5,/)", ""},
      {"str(a/b//c),field(-1,/)", "c"},
      {"str(a/b//c),field(-2,/)", ""},
      {"str(a/b//c),field(1,/,2)", "a/b"},
      {"str(a/b//c),field(2,/,0)", "b//c"},
      {"str(a/b//c),field(-1,/,2)", "/c"},
      {"str(a/b//c),field(-3,/,2)", "a/b"},
      {"str(a/b//c),word(1,/)", "a"},
      {"str(a/b//c),word(3,/)", "c"},
      {"str(a/b//c),word(4,/)", ""},
      {"str(a/b//c),word(-1,/)", "c"},
      {"str(a/b//c),word(1,/,2)", "a/b"},
      {"str(a/b//c),word(2,/,0)", "b//c"},
      {"str(/a/b/),word(2,/)", "b"},
      {"str(/a/b/),word(-1,/)", "b"},
      {"str(/a/b/),word(1,/,3)", "a/b/"},
      {"str(/a/b/),word(1,/,2)", "a/b"},
      {"str(/a/b/),word(-1,/,2)", "a/b"},
      {"str(/a/b/),word(-1,/,3)", "/a/b"},
      {"str(//a//b//),word(1,/,2)", "a//b"},
      {"str(//a//b//),word(2,/,9)", "b//"},
      {"str(//a//b//),word(-2,/,9)", "//a"},
      {"str(//a//b//),word(1,/,0)", "a//b//"},
      {"str(//a//b//),word(-1,/,0)", "//a//b"},
      {"str(/a/b/),field(1,/,9)", "/a/b/"},
      {"str(/a/b/),field(-1,/,9)", "/a/b/"},
      {"str(///),word(1,/,2)", ""},
      {"str(/a/b/),field(1,/)", ""},
      {"str(f1_f2_f3__f5),word(3,_,0)", "f3__f5"},
      {"str(f1_f2_f3__f5),word(-2,_,3)", "f1_f2_f3"},
      {"str(f1_f2_f3__f5),word(-3,_,0)", "f1_f2"},
      {"str(f1_f2_f3__f5),field(5,_)", "f5"},
      {"str(f1_f2_f3__f5),field(2,_,0)", "f2_f3__f5"},
      {"str(f1_f2_f3__f5),field(-2,_,3)", "f2_f3_"},
      {"str(f1_f2_f3__f5),field(-3,_,0)", "f1_f2_f3"},
      {"int(5),lower", "5"},
      {"bool(true),iif(yes,no)", "yes"},
      {"int(0),iif(yes,no)", "no"},
      {"str(www.x.com:8080),host_only", "www.x.com"},
      {"str([::1]:8080),host_only", "[::1]"},
      {"str([::1]),host_only", "[::1]"},
      {"str(::1),host_only", ":"},
      {"str(www),host_only", "www"},
      {"str(www.x.com:8080),port_only", "8080"},
      {"str([::1]:8080),port_only", "8080"},
      {"str([::1]),port_only", "0"},
      {"str(www),port_only", "0"},
      {"str(www:),port_only", "0"},
      {"str(::1),port_only", "1"},
      {"str(xxabcxx),ltrim(x)", "abcxx"},
      {"str(xxabcxx),rtrim(x)", "xxabc"},
      {"str(xyabcyx),ltrim(yx)", "abcyx"},
      {"str(abc),concat(-,txn.v,-)", "abc-val-"},
      {"str(abc),concat(-,txn.nope,-)", "abc--"},
      {"str(abc),concat(-,,-)", "abc--"},
      {"str(abc),concat(,txn.v)", "abcval"},
      {"str(abc),concat", "abc"},
      {"str(abc),strcmp(txn.v)", "-21"},
      {"str(val),strcmp(txn.v)", "0"},
      {"str(zzz),strcmp(txn.v)", "4"},
      {"str(va),strcmp(txn.v)", "-1"},
      {"str(abc),strcmp(txn.nope)", ""},
      {"var(txn.b),iif(a,b)", "a"},
      {"str(/a/b/c),regsub(/,_)", "_a/b/c"},
      {"str(/a/b/c),regsub(/,_,g)", "_a_b_c"},
      {"str(ABC),regsub(b,x)", "ABC"},
      {"str(ABC),regsub(b,x,i)", "AxC"},
      {"str(aXbX),regsub(X,Y,ig)", "aYbY"},
      {"str(abc),regsub(x*,-,g)", "-a-b-c-"},
      {"str(abc),regsub(^,-,g)", "-abc"},
      {"str(abc),regsub(z,-)", "abc"},
      {"str(abc),cut_crlf", "abc"},
      {"method,lower", "get"},
      {"src,length", "9"},
      {"bool(true),length", "1"},
      {"ipv4(1.2.3.4),length", "7"},
      {"str(1.2.3.4),ipmask(8)", "1.0.0.0"},
      {"str(x),ipmask(8)", ""},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(ConvertText, CutsAtTheFirstLineBreak) {
  SetTxnVar("text", Sample::Text("one\r\ntwo"));
  EXPECT_EQ(Eval("var(txn.text),cut_crlf"), "one");
}

TEST_F(ConvertText, RegsubExpandsGroups) {
  v1::Expr expr = ParseExpr("str(abc)");
  v1::Converter* converter = expr.add_converters();
  converter->set_name("regsub");
  converter->add_args("(b)");
  converter->add_args("<\\1\\0>");
  absl::StatusOr<Expr> compiled = compiler_.CompileExpr(expr);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->Evaluate(context_).text(), "a<bb>c");
}

TEST_F(ConvertText, RegsubLeavesTheScratchBufferAsItWas) {
  scratch_ = "half a line";
  EXPECT_EQ(Eval("str(abc),regsub(b,x)"), "axc");
  EXPECT_EQ(scratch_, "half a line");
}

TEST_F(ConvertText, AnUnsetVariableFailsStrcmp) {
  EXPECT_EQ(Eval("str(a),strcmp(txn.nope)"), "(none)");
}

TEST_F(ConvertText, APortThatIsNoNumberIsZero) { EXPECT_EQ(Eval("str(www:abc),port_only"), "0"); }

}  // namespace
}  // namespace lb::rules
