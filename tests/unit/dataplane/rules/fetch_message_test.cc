// The expected texts are what HAProxy 2.6 answered to the same request.
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using FetchMessage = Exchange;

TEST_F(FetchMessage, AnswersAsHaproxyDoes) {
  struct {
    const char* expr;
    const char* text;  // "": also without a value
  } cases[] = {
      {"method", "GET"},
      {"path", "/p/a.html"},
      {"pathq", "/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3"},
      {"query", "k=v&n=12&e=&m=x%20y&f&j=1;j2=3"},
      {"url", "/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3"},
      {"base", "h.example.com:81/p/a.html"},
      {"baseq", "h.example.com:81/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3"},
      {"urlp(k)", "v"},
      {"urlp(m)", "x%20y"},
      {"urlp(e)", ""},
      {"urlp(f)", ""},
      {"urlp(nope)", ""},
      {"urlp", "v"},
      {"urlp(j,;)", ""},
      {"urlp_val(n)", "12"},
      {"urlp_val(k)", "0"},
      {"req.ver", "1.1"},
      {"capture.req.method", "GET"},
      {"capture.req.uri", "/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3"},
      {"capture.req.ver", "HTTP/1.1"},
  };
  for (const auto& c : cases) {
    std::string text = Eval(c.expr);
    EXPECT_EQ(text == "(none)" ? "" : text, c.text) << c.expr;
  }
}

TEST_F(FetchMessage, TargetFormsHaveTheirOwnParts) {
  struct {
    const char* target;
    const char* path;
    const char* pathq;
    const char* query;
    const char* base;
    const char* captured;
  } cases[] = {
      {"/a?", "/a", "/a?", "", "h/a", "/a?"},
      {"//x?a?b", "//x", "//x?a?b", "a?b", "h//x", "//x?a?b"},
      {"*", "(none)", "(none)", "(none)", "h", "(none)"},
      {"http://h", "(none)", "(none)", "(none)", "h", "(none)"},
      {"http://h/x?y", "/x", "/x?y", "y", "h/x", "/x?y"},
  };
  for (const auto& c : cases) {
    SetRequest("GET", c.target, {{"Host", "h"}});
    EXPECT_EQ(Eval("path"), c.path) << c.target;
    EXPECT_EQ(Eval("pathq"), c.pathq) << c.target;
    EXPECT_EQ(Eval("query"), c.query) << c.target;
    EXPECT_EQ(Eval("base"), c.base) << c.target;
    EXPECT_EQ(Eval("url"), c.target);
    EXPECT_EQ(Eval("capture.req.uri"), c.captured) << c.target;
  }
}

TEST_F(FetchMessage, ParametersMayFollowAnotherDelimiter) {
  SetRequest("GET", "/foo;JSESSIONID=id1?x=1", {});
  EXPECT_EQ(Eval("urlp(JSESSIONID,;)"), "id1?x=1");
  EXPECT_EQ(Eval("urlp(JSESSIONID)"), "(none)");
}

TEST_F(FetchMessage, StatusAndVersionAreTheResponses) {
  EXPECT_EQ(Eval("status"), "(none)");
  EXPECT_EQ(Eval("res.ver"), "(none)");
  SetResponse(302, {});
  response_.version_minor = 0;
  EXPECT_EQ(Eval("status"), "302");
  EXPECT_EQ(Eval("res.ver"), "1.0");
  EXPECT_EQ(Eval("capture.res.ver"), "HTTP/1.0");
}

TEST_F(FetchMessage, CapturesAreKeptBySlot) {
  context_.request_captures = {"one", std::string_view(), ""};
  context_.response_captures = {"two"};
  EXPECT_EQ(Eval("capture.req.hdr(0)"), "one");
  EXPECT_EQ(Eval("capture.req.hdr(1)"), "(none)");
  EXPECT_EQ(Eval("capture.req.hdr(2)"), "");
  EXPECT_EQ(Eval("capture.req.hdr(3)"), "(none)");
  EXPECT_EQ(Eval("capture.req.hdr(-1)"), "(none)");
  EXPECT_EQ(Eval("capture.res.hdr(0)"), "two");
}

TEST_F(FetchMessage, Http2SaysSo) {
  context_.http_major = 2;
  EXPECT_EQ(Eval("req.ver"), "2.0");
}

TEST_F(FetchMessage, TheUrlOfHttp2IsAbsolute) {
  context_.http_major = 2;
  SetRequest("GET", "/a?b", {{"Host", "h:81"}});
  EXPECT_EQ(Eval("url"), "http://h:81/a?b");
  context_.is_ssl = true;
  EXPECT_EQ(Eval("url"), "https://h:81/a?b");
  EXPECT_EQ(Eval("pathq"), "/a?b");
  SetRequest("OPTIONS", "*", {{"Host", "h:81"}});
  EXPECT_EQ(Eval("url"), "*");
}

class FakeBodies final : public BodyLookup {
 public:
  std::string_view RequestBody() override { return request; }
  std::string_view ResponseBody() override { return response; }
  std::string_view request;
  std::string_view response;
};

TEST_F(FetchMessage, BodiesAreWhatHasCome) {
  FakeBodies bodies;
  context_.bodies = &bodies;
  bodies.request = "a=1&b=&a=3&c";
  bodies.response = "xyz";
  SetResponse(200, {});
  request_.framing = http::Framing::kLength;
  request_.content_length = 100;
  const std::pair<const char*, const char*> rows[] = {
      {"req.body", "a=1&b=&a=3&c"}, {"req.body_len", "12"},    {"req.body_size", "100"},
      {"req.body_param(a)", "1"},   {"req.body_param(b)", ""}, {"req.body_param(c)", "(none)"},
      {"req.body_param", "1"},      {"res.body", "xyz"},       {"res.body_len", "3"},
      {"res.body_size", "3"},
  };
  for (const auto& [expr, text] : rows) EXPECT_EQ(Eval(expr), text) << expr;
  request_.framing = http::Framing::kChunked;
  EXPECT_EQ(Eval("req.body_size"), "12");
  response_.framing = http::Framing::kLength;
  response_.content_length = 50;
  EXPECT_EQ(Eval("res.body_size"), "50");
  context_.bodies = nullptr;
  EXPECT_EQ(Eval("req.body"), "(none)");
}

TEST_F(FetchMessage, TheIdIsTheExchanges) {
  EXPECT_EQ(Eval("unique-id"), "(none)");
  context_.unique_id = "abc";
  EXPECT_EQ(Eval("unique-id"), "abc");
}

TEST_F(FetchMessage, NothingWithoutTheRequest) {
  context_.request = nullptr;
  context_.request_line = {};
  for (const char* expr :
       {"path", "pathq", "query", "url", "base", "baseq", "urlp(k)", "urlp_val(n)", "method",
        "req.ver", "capture.req.uri", "capture.req.method", "capture.req.ver"}) {
    EXPECT_EQ(Eval(expr), "(none)") << expr;
  }
}

}  // namespace
}  // namespace lb::rules
