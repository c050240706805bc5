// The expected texts are what HAProxy 2.6 answered to the same expressions.
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using ConvertCodec = Exchange;

TEST_F(ConvertCodec, AnswersAsHaproxyDoes) {
  SetTxnVar("v", Sample::Text("val"));
  SetTxnVar("n", Sample::Int(7));
  SetTxnVar("ip", Sample::Ip(*IpAddress::Parse("9.8.7.6")));
  SetTxnVar("b", Sample::Bool(true));
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"str(hello),hex", "68656C6C6F"},
      {"bin(00ff),hex", "00FF"},
      {"str(0x1F),hex2i", ""},
      {"str(1F),hex2i", "31"},
      {"str(1G),hex2i", ""},
      {"str(a%20b+c?d+e),url_dec", "a b+c?d e"},
      {"str(a%20b+c?d+e),url_dec(1)", "a b c?d e"},
      {"str(a%2),url_dec", ""},
      {"str(a%zz),url_dec", ""},
      {"str(a b&c/d~e-f.g_h!*),url_enc", "a%20b%26c%2Fd~e-f.g_h%21%2A"},
      {"str(a b/c),url_enc(query)", "a%20b%2Fc"},
      {"str(hello),base64", "aGVsbG8="},
      {"str(aGVsbG8=),b64dec", "hello"},
      {"str(aGVsbG8),b64dec", ""},
      {"str(***),b64dec", ""},
      {"str(hello?>),ub64enc", "aGVsbG8_Pg"},
      {"str(aGVsbG8_Pg),ub64dec", "hello?>"},
      {"src,hex", "7F000001"},
      {"int(10),hex", "000000000000000A"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(ConvertCodec, DecodesNulBytes) {
  EXPECT_EQ(Eval("str(a%00b),url_dec"), std::string("a\0b", 3));
}

TEST_F(ConvertCodec, Base64RoundTripsEveryLength) {
  for (const char* text : {"a", "ab", "abc", "abcd"}) {
    std::string expr = std::string("str(") + text + "),";
    EXPECT_EQ(Eval(expr + "base64,b64dec"), text);
    EXPECT_EQ(Eval(expr + "ub64enc,ub64dec"), text);
  }
}

}  // namespace
}  // namespace lb::rules
