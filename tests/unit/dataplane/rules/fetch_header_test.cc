// The expected texts are what HAProxy 2.6 answered to the same request.
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

class FetchHeader : public Exchange {
 protected:
  FetchHeader() {
    SetRequest("GET", "/",
               {{"host", "h.example.com:81"},
                {"x-list", "a, b ,c"},
                {"x-list", "d"},
                {"x-empty", ""},
                {"x-list2", "a,,b"},
                {"x-quoted", "\"a,b\", c"},
                {"x-date", "Mon, 01 Jan"},
                {"x-ip", "1.2.3.4, 5.6.7.8:90, ::1, [::2]:80, [::3], foo, 9.9.9.9"},
                {"x-num", "12, 13x, y"},
                {"cookie", "a=1; b = 2 ; c=\"q;z\"; a=3; e="},
                {"cookie", "s=4,n=77"},
                {"x-index", "1"}});
  }

  // Every value an ACL would try, joined by '|'.
  std::string EvalAll(std::string_view text) {
    absl::StatusOr<Expr> expr = compiler_.CompileExpr(ParseExpr(text));
    EXPECT_TRUE(expr.ok()) << expr.status();
    std::string all;
    FetchCursor cursor;
    do {
      Sample value = expr->EvaluateNext(context_, &cursor);
      if (value.has_value()) all += std::string(*value.ToText(arena_)) + "|";
    } while (cursor.has_more);
    return all;
  }
};

TEST_F(FetchHeader, AnswersAsHaproxyDoes) {
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"req.hdr(x-list)", "d"},
      {"req.hdr(x-list,1)", "a"},
      {"req.hdr(x-list,2)", "b"},
      {"req.hdr(x-list,-1)", "d"},
      {"req.hdr(x-list,-2)", "c"},
      {"req.hdr(x-list,9)", ""},
      {"req.hdr(x-list,-9)", ""},
      {"req.hdr(x-list,3)", "c"},
      {"req.hdr(x-list,4)", "d"},
      {"req.hdr(x-list,5)", ""},
      {"req.hdr", ""},
      {"req.fhdr(x-list)", "d"},
      {"req.fhdr(x-list,1)", "a, b ,c"},
      {"req.fhdr(x-list,-2)", "a, b ,c"},
      {"req.fhdr(x-list,-3)", ""},
      {"req.fhdr", ""},
      {"req.hdr_cnt(x-list)", "4"},
      {"req.fhdr_cnt(x-list)", "2"},
      {"req.hdr_cnt", "27"},
      {"req.fhdr_cnt", "12"},
      {"req.hdr_cnt(nope)", "0"},
      {"req.hdr(x-quoted,1)", "\"a,b\""},
      {"req.hdr(x-quoted,2)", "c"},
      {"req.hdr_cnt(x-quoted)", "2"},
      {"req.fhdr(x-date)", "Mon, 01 Jan"},
      {"req.hdr(x-date)", "01 Jan"},
      {"req.hdr(x-empty)", ""},
      {"req.hdr_cnt(x-empty)", "1"},
      {"req.hdr_cnt(x-list2)", "3"},
      {"req.hdr(x-list2,1)", "a"},
      {"req.hdr(x-list2,2)", ""},
      {"req.hdr_ip(x-ip)", "9.9.9.9"},
      {"req.hdr_ip(x-ip,1)", "1.2.3.4"},
      {"req.hdr_ip(x-ip,2)", "5.6.7.8"},
      {"req.hdr_ip(x-ip,3)", "::1"},
      {"req.hdr_ip(x-ip,4)", ""},
      {"req.hdr_ip(x-ip,5)", ""},
      {"req.hdr_ip(x-ip,6)", ""},
      {"req.hdr_val(x-num)", "0"},
      {"req.hdr_val(x-num,1)", "12"},
      {"req.hdr_val(x-num,2)", "13"},
      {"req.hdr_names",
       "host,x-list,x-list,x-empty,x-list2,x-quoted,x-date,x-ip,x-num,cookie,cookie,x-index"},
      {"req.hdr_names(;|)",
       "host;x-list;x-list;x-empty;x-list2;x-quoted;x-date;x-ip;x-num;cookie;cookie;x-index"},
      {"req.cook(a)", "3"},
      {"req.cook(b)", "2"},
      {"req.cook(c)", "\"q;z\""},
      {"req.cook(q)", ""},
      {"req.cook(e)", ""},
      {"req.cook(nope)", ""},
      {"req.cook(s)", "4"},
      {"req.cook", "1"},
      {"req.cook_cnt(a)", "2"},
      {"req.cook_cnt", "7"},
      {"req.cook_val(a)", "3"},
      {"req.cook_val(n)", "77"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(FetchHeader, NamesIgnoreCase) { EXPECT_EQ(Eval("req.hdr(X-LIST,1)"), "a"); }

TEST_F(FetchHeader, AclsTryEveryValue) {
  EXPECT_EQ(EvalAll("req.hdr(x-list)"), "a|b|c|d|");
  EXPECT_EQ(EvalAll("req.hdr(x-list,2)"), "b|");
  EXPECT_EQ(EvalAll("req.fhdr(x-list)"), "a, b ,c|d|");
  EXPECT_EQ(EvalAll("req.hdr(nope)"), "");
  EXPECT_EQ(EvalAll("req.cook(a)"), "1|3|");
  EXPECT_EQ(EvalAll("req.cook"), "1|2|\"q;z\"|3||4|77|");
  EXPECT_EQ(EvalAll("req.hdr_ip(x-ip)"), "1.2.3.4|5.6.7.8|::1|9.9.9.9|");
  EXPECT_EQ(EvalAll("req.hdr_cnt(x-list)"), "4|");
}

TEST_F(FetchHeader, ATrailingCommaEndsWithAnEmptyValue) {
  SetRequest("GET", "/", {{"x", "a,"}});
  EXPECT_EQ(EvalAll("req.hdr(x)"), "a||");
}

TEST_F(FetchHeader, ResponseFieldsAreTheResponses) {
  SetResponse(200, {{"X-Resp", "r1, r2"}, {"Set-Cookie", "sa=1; path=/"}, {"Set-Cookie", "sb=2"}});
  EXPECT_EQ(Eval("res.hdr(x-resp)"), "r2");
  EXPECT_EQ(Eval("res.hdr(x-resp,1)"), "r1");
  EXPECT_EQ(Eval("res.fhdr(x-resp)"), "r1, r2");
  EXPECT_EQ(Eval("res.cook"), "1");
  EXPECT_EQ(Eval("res.cook(sb)"), "2");
  EXPECT_EQ(Eval("res.cook(path)"), "(none)");
  EXPECT_EQ(Eval("res.cook_cnt"), "2");
  EXPECT_EQ(Eval("res.cook_val(sb)"), "2");
  EXPECT_EQ(Eval("res.hdr_names"), "X-Resp,Set-Cookie,Set-Cookie");
}

TEST_F(FetchHeader, NothingWithoutTheMessage) {
  context_.request = nullptr;
  for (const char* expr : {"req.hdr(host)", "req.fhdr(host)", "req.hdr_cnt(host)", "req.cook(a)",
                           "req.cook_cnt", "req.hdr_names", "res.hdr(x)", "res.cook"}) {
    EXPECT_EQ(Eval(expr), "(none)") << expr;
  }
}

}  // namespace
}  // namespace lb::rules
