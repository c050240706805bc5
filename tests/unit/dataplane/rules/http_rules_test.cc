#include "dataplane/rules/http_rules.h"

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using Kind = HttpVerdict::Kind;

class HttpRuleLists : public Exchange {
 protected:
  // Compiles `rules`, a list of text-format HttpRule messages. ACL 0 is false.
  HttpRules Compile(const std::vector<std::string>& rules,
                    catalog::Direction direction = catalog::Direction::kRequest) {
    google::protobuf::RepeatedPtrField<v1::Acl> acls;
    *acls.Add() =
        ParseProto<v1::Acl>("tests { expr { fetch: 'always_false' } method: MATCH_BOOL }");
    EXPECT_TRUE(compiler_.CompileAcls(acls).ok());
    google::protobuf::RepeatedPtrField<v1::HttpRule> wire;
    for (const std::string& rule : rules) *wire.Add() = ParseProto<v1::HttpRule>(rule);
    absl::StatusOr<HttpRules> compiled = compiler_.CompileHttpRules(wire, direction);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return compiled.ok() ? *compiled : HttpRules();
  }

  HttpVerdict Apply(const std::vector<std::string>& rules,
                    catalog::Direction direction = catalog::Direction::kRequest) {
    rules_ = Compile(rules, direction);
    return rules_.Apply(context_);
  }

  static std::string Text(const LocalReply& reply) {
    return std::to_string(reply.status) + " " + std::string(reply.reason) + "\n" +
           Dump(reply.headers) + "\n" + std::string(reply.body);
  }

  HttpRules rules_;  // owns texts that verdicts borrow
};

TEST_F(HttpRuleLists, AnEmptyListContinues) {
  EXPECT_EQ(Apply({}).kind, Kind::kContinue);
  EXPECT_TRUE(rules_.empty());
}

TEST_F(HttpRuleLists, RulesRunInOrderUntilAFinalOne) {
  HttpVerdict verdict = Apply({
      "header_edit { kind: SET name: 'X-A' value { items { text: '1' } } }",
      "condition { any_of { terms { acl: 0 } } } deny {}",
      "header_edit { kind: SET name: 'X-B' value { items { expr { fetch: 'req.hdr' args: 'x-a' } "
      "} } }",
      "deny {}",
      "header_edit { kind: SET name: 'X-C' value { items { text: '3' } } }",
  });
  EXPECT_EQ(verdict.kind, Kind::kDeny);
  EXPECT_EQ(Dump(request_.headers), "Host: h.example.com:81\nX-A: 1\nX-B: 1\n");
}

TEST_F(HttpRuleLists, AWaitStopsTheListUntilItIsResumed) {
  const std::string set = "header_edit { kind: SET name: 'X-A' value { items { text: '1' } } }";
  HttpVerdict verdict = Apply({"condition { any_of { terms { acl: 0 } } } wait_for_body {}",
                               "wait_for_body { time_ms: 70 at_least: 9 }", set});
  EXPECT_EQ(verdict.kind, Kind::kWait);
  EXPECT_EQ(verdict.wait.time, Millis(70));
  EXPECT_EQ(verdict.wait.at_least, 9u);
  EXPECT_EQ(request_.headers.Find("x-a"), nullptr);
  EXPECT_EQ(rules_.Apply(context_, verdict.resume_at).kind, Kind::kContinue);
  EXPECT_NE(request_.headers.Find("x-a"), nullptr);
}

TEST_F(HttpRuleLists, AllowEndsTheList) {
  EXPECT_EQ(Apply({"allow {}", "deny {}"}).kind, Kind::kContinue);
}

TEST_F(HttpRuleLists, DenyHasADefaultPageAndStatus) {
  HttpVerdict verdict = Apply({"deny {}"});
  EXPECT_EQ(verdict.reply.form, LocalReply::Form::kDefaultPage);
  EXPECT_EQ(Text(verdict.reply), "403 Forbidden\n\n");
  EXPECT_EQ(Text(Apply({"deny { reply { status: 429 } }"}).reply), "429 Too Many Requests\n\n");
  SetResponse(200, {});
  verdict = Apply({"deny {}"}, catalog::Direction::kResponse);
  EXPECT_EQ(verdict.kind, Kind::kDeny);
  EXPECT_EQ(verdict.reply.status, 502);
}

// The field order is HAProxy's: own fields, then content-length, then content-type.
TEST_F(HttpRuleLists, ReturnMakesWholeReplies) {
  struct {
    const char* rule;
    const char* reply;
  } cases[] = {
      {"return {}", "200 OK\ncontent-length: 0\n\n"},
      {"return { reply { status: 404 } }", "404 Not Found\ncontent-length: 0\n\n"},
      {"return { reply { status: 204 } }", "204 No Content\n\n"},
      {"return { reply { content_type: 'text/plain' literal: 'hello' } }",
       "200 OK\ncontent-length: 5\ncontent-type: text/plain\n\nhello"},
      {"return { reply { content_type: 'text/html' literal: 'hi' "
       "headers { name: 'X-A' value { items { text: '1' } } } "
       "headers { name: 'x-b' value { items { expr { fetch: 'path' } } } } } }",
       "200 OK\nX-A: 1\nx-b: /p/a.html\ncontent-length: 2\ncontent-type: text/html\n\nhi"},
      {"return { reply { content_type: 'text/plain' format { items { text: 'from\\n' } "
       "items { tag: 'ci' } } } }",
       "200 OK\ncontent-length: 14\ncontent-type: text/plain\n\nfrom\n127.0.0.1"},
  };
  for (const auto& c : cases) {
    HttpVerdict verdict = Apply({c.rule});
    EXPECT_EQ(verdict.kind, Kind::kReturn);
    EXPECT_EQ(verdict.reply.form, LocalReply::Form::kMessage);
    EXPECT_EQ(Text(verdict.reply), c.reply) << c.rule;
  }
}

TEST_F(HttpRuleLists, ARawReplyIsTheWholeMessage) {
  HttpVerdict verdict =
      Apply({"return { reply { status: 503 raw: 'HTTP/1.0 503 X\\r\\n\\r\\n' } }"});
  EXPECT_EQ(verdict.reply.form, LocalReply::Form::kRaw);
  EXPECT_EQ(verdict.reply.status, 503);
  EXPECT_EQ(verdict.reply.body, "HTTP/1.0 503 X\r\n\r\n");
}

TEST_F(HttpRuleLists, AReplysHeaderCannotBeSplit) {
  SetTxnVar("evil", Sample::Text("a\r\nSet-Cookie: x=1"));
  HttpVerdict verdict =
      Apply({"return { reply { headers { name: 'X-A' value { items { expr { fetch: 'var' args: "
             "'txn.evil' } } } } } }"});
  EXPECT_EQ(verdict.reply.headers[0].value, "a%0D%0ASet-Cookie: x=1");
}

TEST_F(HttpRuleLists, ServicesAreNamed) {
  HttpVerdict verdict = Apply({"use_service { name: 'prometheus-exporter' }"});
  EXPECT_EQ(verdict.kind, Kind::kService);
  EXPECT_EQ(verdict.service, "prometheus-exporter");
}

TEST_F(HttpRuleLists, AuthChallenges) {
  HttpVerdict verdict = Apply({"auth {}"});
  EXPECT_EQ(verdict.kind, Kind::kAuth);
  EXPECT_EQ(verdict.reply.form, LocalReply::Form::kDefaultPage);
  EXPECT_EQ(Text(verdict.reply), "401 Unauthorized\nwww-authenticate: Basic realm=\"fe\"\n\n");
  SetRequest("GET", "http://h/", {{"Proxy-Connection", "keep-alive"}});
  EXPECT_EQ(Text(Apply({"auth { realm: 'my realm' }"}).reply),
            "407 Proxy Authentication Required\nproxy-authenticate: Basic realm=\"my realm\"\n\n");
}

TEST_F(HttpRuleLists, VariablesCapturesAndLogLevels) {
  HttpVerdict verdict = Apply({
      "set_var { scope: 'txn' name: 'a' expr { fetch: 'path' } }",
      "set_var { scope: 'txn' name: 'b' format { items { text: 'p=' } items { expr { fetch: 'var' "
      "args: 'txn.a' } } } }",
      "set_var { scope: 'txn' name: 'c' expr { fetch: 'int' args: '1' } }",
      "set_var { scope: 'txn' name: 'c' unset: true }",
      "set_var { scope: 'txn' name: 'a' expr { fetch: 'req.hdr' args: 'nope' } }",
      "capture { items { expr { fetch: 'path' } } } capture_slot: 1 capture_length: 4",
      "set_log_level { level: 'silent' }",
  });
  EXPECT_EQ(verdict.kind, Kind::kContinue);
  EXPECT_EQ(Eval("var(txn.a)"), "/p/a.html") << "an expression without a value changes nothing";
  EXPECT_EQ(Eval("var(txn.b)"), "p=/p/a.html");
  EXPECT_EQ(Eval("var(txn.c)"), "(none)");
  EXPECT_EQ(rules_.capture_slots(), 2u);
  ASSERT_EQ(context_.request_captures.size(), 2u);
  EXPECT_EQ(context_.request_captures[0].data(), nullptr);
  EXPECT_EQ(context_.request_captures[1], "/p/a");
  EXPECT_EQ(context_.log_level, kLogLevelSilent);
  Apply({"set_log_level { level: 'warning' }"});
  EXPECT_EQ(context_.log_level, 4);
}

TEST_F(HttpRuleLists, VariablesOfAMissingScopeAreIgnored) {
  context_.res_vars = nullptr;
  EXPECT_EQ(Apply({"set_var { scope: 'res' name: 'a' expr { fetch: 'path' } }"}).kind,
            Kind::kContinue);
}

TEST_F(HttpRuleLists, ResponseRulesEditTheResponse) {
  SetResponse(200, {{"Server", "x"}});
  Apply({"header_edit { kind: SET name: 'X-S' value { items { expr { fetch: 'status' } } } }",
         "header_edit { kind: DEL name: 'server' }", "set_status { status: 418 }"},
        catalog::Direction::kResponse);
  EXPECT_EQ(Dump(response_.headers), "X-S: 200\n");
  EXPECT_EQ(response_.status, 418);
  EXPECT_NE(response_.reason, "OK");
  Apply({"set_status { status: 299 reason: 'My Reason' }"}, catalog::Direction::kResponse);
  EXPECT_EQ(response_.reason, "My Reason");
}

TEST_F(HttpRuleLists, AnEditThatCannotBeMadeIsAnError) {
  HttpVerdict verdict = Apply({"uri_edit { kind: SET_PATH value { items { text: '/a b' } } }"});
  EXPECT_EQ(verdict.kind, Kind::kError);
  EXPECT_EQ(verdict.reply.status, 500);
  EXPECT_EQ(request_.target, "/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3");
}

// Replies of HAProxy 2.6 to the same rules and requests.
TEST_F(HttpRuleLists, Redirects) {
  struct {
    const char* rule;
    const char* target;
    const char* reply;
  } cases[] = {
      {"kind: LOCATION target { items { text: 'http://x/' } items { expr { fetch: 'path' } } }",
       "/loc",
       "302 Found\ncontent-length: 0\nlocation: http://x//loc\ncache-control: no-cache\n\n"},
      {"kind: LOCATION target { items { text: '/a' } } code: 301", "/",
       "301 Moved Permanently\ncontent-length: 0\nlocation: /a\n\n"},
      {"kind: LOCATION target { items { text: '/a' } } code: 303", "/",
       "303 See Other\ncontent-length: 0\nlocation: /a\ncache-control: no-cache\n\n"},
      {"kind: LOCATION target { items { text: '/a' } } code: 307", "/",
       "307 Temporary Redirect\ncontent-length: 0\nlocation: /a\ncache-control: no-cache\n\n"},
      {"kind: LOCATION target { items { text: '/a' } } code: 308", "/",
       "308 Permanent Redirect\ncontent-length: 0\nlocation: /a\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } }", "/pre?a=b",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre?a=b\ncache-control: no-cache\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } } drop_query: true", "/pre?a=b",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre\ncache-control: no-cache\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } } drop_query: true append_slash: true",
       "/pre?a=b",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre/\ncache-control: no-cache\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } } drop_query: true append_slash: true",
       "/pre/?a=b",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre/\ncache-control: no-cache\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } } append_slash: true", "/pre?a=b",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre?a=b/\ncache-control: "
       "no-cache\n\n"},
      {"kind: PREFIX target { items { text: '/' } }", "/slash/ab?q=1",
       "302 Found\ncontent-length: 0\nlocation: /slash/ab?q=1\ncache-control: no-cache\n\n"},
      {"kind: PREFIX target { items { text: 'http://p.com' } }", "http://abs.example/pre/x?z",
       "302 Found\ncontent-length: 0\nlocation: http://p.com/pre/x?z\ncache-control: no-cache\n\n"},
      {"kind: SCHEME target { items { text: 'https' } }", "/sch?a=b",
       "302 Found\ncontent-length: 0\nlocation: https://h.example.com:81/sch?a=b\n"
       "cache-control: no-cache\n\n"},
      {"kind: SCHEME target { items { text: 'https' } } drop_query: true code: 301", "/sch?a=b",
       "301 Moved Permanently\ncontent-length: 0\nlocation: https://h.example.com:81/sch\n\n"},
      {"kind: LOCATION target { items { text: '/' } } set_cookie: 'A=1'", "/",
       "302 Found\ncontent-length: 0\nlocation: /\ncache-control: no-cache\n"
       "set-cookie: A=1; path=/;\n\n"},
      {"kind: LOCATION target { items { text: '/' } } clear_cookie: 'A='", "/",
       "302 Found\ncontent-length: 0\nlocation: /\ncache-control: no-cache\n"
       "set-cookie: A=; path=/; Max-Age=0;\n\n"},
      {"kind: LOCATION target { items { expr { fetch: 'urlp' args: 'a' converters { name: "
       "'url_dec' } } } }",
       "/?a=b%0d%0ac",
       "302 Found\ncontent-length: 0\nlocation: b%0D%0Ac\ncache-control: no-cache\n\n"},
  };
  for (const auto& c : cases) {
    SetRequest("GET", c.target, {{"Host", "h.example.com:81"}});
    HttpVerdict verdict = Apply({std::string("redirect { ") + c.rule + " }"});
    EXPECT_EQ(verdict.kind, Kind::kRedirect);
    EXPECT_EQ(Text(verdict.reply), c.reply) << c.rule;
  }
}

}  // namespace
}  // namespace lb::rules
