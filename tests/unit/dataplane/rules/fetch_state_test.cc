// The expected texts are what HAProxy 2.6 answered to the same expressions.
#include <set>

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using FetchState = Exchange;

TEST_F(FetchState, AnswersAsHaproxyDoes) {
  SetTxnVar("v", Sample::Text("val"));
  SetTxnVar("n", Sample::Int(7));
  SetTxnVar("ip", Sample::Ip(*IpAddress::Parse("9.8.7.6")));
  SetTxnVar("b", Sample::Bool(true));
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"str(abc)", "abc"},
      {"int(5)", "5"},
      {"bool(true)", "1"},
      {"bool(0)", "0"},
      {"always_false", "0"},
      {"bin(48656c6c6f)", "Hello"},
      {"var(txn.v)", "val"},
      {"var(txn.nope)", ""},
      {"var(txn.nope,dflt)", "dflt"},
      {"var(txn.n)", "7"},
      {"var(txn.ip)", "9.8.7.6"},
      {"var(txn.b)", "1"},
      {"proc", "1"},
      {"meth(GET)", "GET"},
      {"ipv6(::1)", "::1"},
      {"ipv6(::ffff:1.2.3.4)", "::ffff:1.2.3.4"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(FetchState, AnUnsetVariableHasNoValue) {
  EXPECT_EQ(Eval("var(txn.nope)"), "(none)");
  context_.txn_vars = nullptr;
  EXPECT_EQ(Eval("var(txn.v)"), "(none)");
  EXPECT_EQ(Eval("var(txn.v,other)"), "other");
}

TEST_F(FetchState, ScopesAreApart) {
  vars_[1].Set(VariableKey("x"), Sample::Int(1));
  vars_[4].Set(VariableKey("x"), Sample::Int(2));
  EXPECT_EQ(Eval("var(sess.x)"), "1");
  EXPECT_EQ(Eval("var(res.x)"), "2");
  EXPECT_EQ(Eval("var(req.x)"), "(none)");
  EXPECT_EQ(Eval("var(proc.x)"), "(none)");
}

TEST_F(FetchState, TheEnvironmentIsReadAtCompilation) {
  EXPECT_EQ(Eval("env(SET)"), "value");
  EXPECT_EQ(Eval("env(UNSET)"), "(none)");
}

TEST_F(FetchState, DatesComeFromTheClock) {
  EXPECT_EQ(Eval("date"), "1700000000");
  EXPECT_EQ(Eval("date(-10)"), "1699999990");
  clock_.Advance(std::chrono::microseconds(1234));
  EXPECT_EQ(Eval("date(0,ms)"), "1700000000001");
  EXPECT_EQ(Eval("date(0,us)"), "1700000000001234");
  EXPECT_EQ(Eval("date_us"), "1234");
}

TEST_F(FetchState, RandomNumbersStayBelowTheRange) {
  EXPECT_EQ(Eval("rand(1)"), "0");
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(Eval("rand(4)"));
  EXPECT_EQ(seen, (std::set<std::string>{"0", "1", "2", "3"}));
  EXPECT_NE(Eval("rand"), Eval("rand"));
}

TEST_F(FetchState, UuidsAreOfVersionFour) {
  std::string uuid = Eval("uuid");
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[8], '-');
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  EXPECT_NE(uuid, Eval("uuid"));
}

TEST_F(FetchState, TheHostsNameIsGiven) { EXPECT_EQ(Eval("hostname"), "vm"); }

TEST_F(FetchState, OtherProxiesAreLookedUp) {
  lookup_.frontends[FrontendIdOf("fe")] = {.current_sessions = 3};
  lookup_.backends[BackendIdOf("bk")] = {.usable_servers = 2, .current_sessions = 5, .queued = 3};
  lookup_.backends[BackendIdOf("empty")] = {.usable_servers = 0, .queued = 4};
  lookup_.servers[ServerIdOf("bk", "s1")] = {
      .is_up = true, .current_sessions = 7, .queued = 1, .weight = 10};
  EXPECT_EQ(Eval("fe_conn"), "3");
  EXPECT_EQ(Eval("fe_conn(fe)"), "3");
  EXPECT_EQ(Eval("nbsrv(bk)"), "2");
  EXPECT_EQ(Eval("be_conn(bk)"), "5");
  EXPECT_EQ(Eval("queue(bk)"), "3");
  EXPECT_EQ(Eval("avg_queue(bk)"), "2");
  EXPECT_EQ(Eval("avg_queue(empty)"), "8");
  EXPECT_EQ(Eval("srv_is_up(bk/s1)"), "1");
  EXPECT_EQ(Eval("srv_conn(bk/s1)"), "7");
  EXPECT_EQ(Eval("srv_queue(bk/s1)"), "1");
  EXPECT_EQ(Eval("srv_weight(bk/s1)"), "10");
  EXPECT_EQ(Eval("nbsrv(nope)"), "(none)");
  EXPECT_EQ(Eval("nbsrv"), "(none)") << "no backend is chosen yet";
  context_.backend = {"bk", 3};
  EXPECT_EQ(Eval("nbsrv"), "2");
  EXPECT_EQ(Eval("srv_is_up(s1)"), "1");
  context_.lookup = nullptr;
  EXPECT_EQ(Eval("nbsrv"), "(none)");
}

TEST_F(FetchState, BytesMayHoldAnything) {
  EXPECT_EQ(Eval("bin(00ff41)"), std::string("\0\xff"
                                             "A",
                                             3));
}

}  // namespace
}  // namespace lb::rules
