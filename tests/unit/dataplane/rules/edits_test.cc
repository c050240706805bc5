// Header and URI edits. The expected heads are what HAProxy 2.6 sent to the server, except where
// said.
#include "dataplane/rules/header_edit.h"
#include "dataplane/rules/uri_edit.h"
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

class Edits : public Exchange {
 protected:
  // The request after one rule; "error" when the rule failed.
  std::string After(const std::string& rule) {
    SetRequest("GET", "/p/a.html?k=v&u=a%20b%0d%0ac",
               {{"Host", "h.com"}, {"X-List", "a, b ,c"}, {"X-Last", "1"}, {"X-List", "d"}});
    google::protobuf::RepeatedPtrField<v1::HttpRule> wire;
    *wire.Add() = ParseProto<v1::HttpRule>(rule);
    absl::StatusOr<HttpRules> rules =
        compiler_.CompileHttpRules(wire, catalog::Direction::kRequest);
    if (!rules.ok()) return "error: " + std::string(rules.status().message());
    if (rules->Apply(context_).kind != HttpVerdict::Kind::kContinue) return "error";
    std::string text = std::string(request_.method) + " " + std::string(request_.target) + "\n";
    return text + Dump(request_.headers);
  }

  std::string AfterHeader(const std::string& edit) {
    std::string text = After("header_edit { " + edit + " }");
    return text.substr(text.find('\n') + 1);
  }
  std::string AfterUri(const std::string& edit) {
    std::string text = After("uri_edit { " + edit + " }");
    return text.substr(0, text.find("\nX-List"));
  }
};

TEST_F(Edits, Headers) {
  struct {
    const char* edit;
    const char* headers;
  } cases[] = {
      {"kind: SET name: 'x-list' value { items { text: 'new' } }",
       "Host: h.com\nX-Last: 1\nx-list: new\n"},
      {"kind: ADD name: 'X-List' value { items { text: 'new' } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\nX-List: new\n"},
      {"kind: SET name: 'X-A' value { items { expr { fetch: 'req.hdr' args: 'nope' } } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\nX-A: \n"},
      {"kind: SET name: 'X-A' value { items { expr { fetch: 'urlp' args: 'u' converters { name: "
       "'url_dec' } } } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\nX-A: a b%0D%0Ac\n"},
      {"kind: DEL name: 'x-list'", "Host: h.com\nX-Last: 1\n"},
      {"kind: DEL name: 'x-l' match: MATCH_BEG", "Host: h.com\n"},
      {"kind: DEL name: 'X-L' match: MATCH_BEG", "Host: h.com\n"},
      {"kind: DEL name: 'ST' match: MATCH_END", ""},
      {"kind: DEL name: '-li' match: MATCH_SUB", "Host: h.com\nX-Last: 1\n"},
      {"kind: DEL name: '^x-.*t$' match: MATCH_REG", "Host: h.com\n"},
      {"kind: DEL name: 'X-LIST' match: MATCH_REG",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\n"},
      {"kind: REPLACE_HEADER name: 'x-list' regex: '^(.*)b(.*)$' value { items { text: "
       "'\\\\2-\\\\1' } }",
       "Host: h.com\nX-List:  ,c-a, \nX-Last: 1\nX-List: d\n"},
      {"kind: REPLACE_HEADER name: 'x-list' regex: 'b' value { items { text: '[\\\\0]' } }",
       "Host: h.com\nX-List: [b]\nX-Last: 1\nX-List: d\n"},
      {"kind: REPLACE_HEADER name: 'x-list' regex: '^a$' value { items { text: 'Z' } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\n"},
      {"kind: REPLACE_VALUE name: 'x-list' regex: '^(.)$' value { items { text: '<\\\\1>' } }",
       "Host: h.com\nX-List: <a>,<b>,<c>\nX-Last: 1\nX-List: <d>\n"},
      {"kind: REPLACE_VALUE name: 'x-list' regex: 'b' value { items { text: 'ZZ' } }",
       "Host: h.com\nX-List: a,ZZ,c\nX-Last: 1\nX-List: d\n"},
      {"kind: REPLACE_VALUE name: 'x-list' regex: '^d$' value { items { expr { fetch: 'path' } } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: /p/a.html\n"},
      {"kind: REPLACE_VALUE name: 'x-list' regex: 'none' value { items { text: 'ZZ' } }",
       "Host: h.com\nX-List: a, b ,c\nX-Last: 1\nX-List: d\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(AfterHeader(c.edit), c.headers) << c.edit;
}

// HAProxy 2.6 writes "\x0d\x0a" of a replacement into the message, which forges fields.
TEST_F(Edits, ReplacementsCannotSplitAHeader) {
  EXPECT_EQ(AfterHeader("kind: REPLACE_HEADER name: 'x-last' regex: '1' value { items { text: "
                        "'a\\\\x0d\\\\x0ab' } }"),
            "Host: h.com\nX-List: a, b ,c\nX-Last: a%0D%0Ab\nX-List: d\n");
  EXPECT_EQ(AfterHeader("kind: REPLACE_VALUE name: 'x-last' regex: '1' value { items { text: "
                        "'a\\\\x00b' } }"),
            "Host: h.com\nX-List: a, b ,c\nX-Last: a%00b\nX-List: d\n");
}

TEST_F(Edits, Uris) {
  struct {
    const char* edit;
    const char* head;
  } cases[] = {
      {"kind: SET_PATH value { items { text: '/new' } }",
       "GET /new?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: SET_PATHQ value { items { text: '/new?x=1' } }", "GET /new?x=1\nHost: h.com"},
      {"kind: SET_QUERY value { items { text: 'zz=1' } }", "GET /p/a.html?zz=1\nHost: h.com"},
      {"kind: SET_QUERY value { items { expr { fetch: 'req.hdr' args: 'nope' } } }",
       "GET /p/a.html?\nHost: h.com"},
      {"kind: SET_URI value { items { text: '/other?q' } }", "GET /other?q\nHost: h.com"},
      {"kind: SET_METHOD value { items { text: 'POST' } }",
       "POST /p/a.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: REPLACE_PATH regex: '/p/(.*)' value { items { text: '/r/\\\\1' } }",
       "GET /r/a.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: REPLACE_PATH regex: '(/p)?/(.*)' value { items { text: '/[\\\\1]\\\\2' } }",
       "GET /[/p]a.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: REPLACE_PATH regex: 'nope' value { items { text: 'X' } }",
       "GET /p/a.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: REPLACE_PATHQ regex: '([^?]*)(\\\\?.*)?' value { items { text: "
       "'\\\\1.html\\\\2' } }",
       "GET /p/a.html.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
      {"kind: REPLACE_URI regex: '^/p(.*)' value { items { text: '/u\\\\1' } }",
       "GET /u/a.html?k=v&u=a%20b%0d%0ac\nHost: h.com"},
  };
  for (const auto& c : cases) EXPECT_EQ(AfterUri(c.edit), c.head) << c.edit;
}

TEST_F(Edits, AnAbsoluteUriSetsTheHost) {
  EXPECT_EQ(After("uri_edit { kind: SET_URI value { items { text: 'http://u@other.com/x?y' } } }"),
            "GET http://u@other.com/x?y\nX-List: a, b ,c\nX-Last: 1\nX-List: d\nhost: other.com\n");
}

TEST_F(Edits, AnAbsoluteTargetKeepsItsOrigin) {
  google::protobuf::RepeatedPtrField<v1::HttpRule> wire;
  *wire.Add() =
      ParseProto<v1::HttpRule>("uri_edit { kind: SET_PATH value { items { text: '/new' } } }");
  absl::StatusOr<HttpRules> rules = compiler_.CompileHttpRules(wire, catalog::Direction::kRequest);
  SetRequest("GET", "http://h/old?q=/x", {});
  rules->Apply(context_);
  EXPECT_EQ(request_.target, "http://h/new?q=/x");
  SetRequest("GET", "/old?u=http://x/", {});
  rules->Apply(context_);
  EXPECT_EQ(request_.target, "/new?u=http://x/");
  SetRequest("GET", "http://h?q=1", {});
  rules->Apply(context_);
  EXPECT_EQ(request_.target, "http://h/new?q=1");
}

// HAProxy 2.6 sends these to the server as they are.
TEST_F(Edits, TargetsThatWouldBreakTheRequestLineAreRefused) {
  for (const char* edit : {
           "kind: SET_PATH value { items { text: '/a b' } }",
           "kind: SET_PATH value { items { text: 'nothing' } }",
           "kind: SET_URI value { items { text: '' } }",
           "kind: SET_QUERY value { items { text: 'a b' } }",
           "kind: SET_METHOD value { items { text: 'A B' } }",
           "kind: SET_METHOD value { items { text: '' } }",
           "kind: REPLACE_URI regex: '.html' value { items { text: '.php' } }",
           "kind: REPLACE_PATH regex: 'a' value { items { text: '/a\\\\x0d\\\\x0ab' } }",
           "kind: SET_PATH value { items { expr { fetch: 'urlp' args: 'u' converters { name: "
           "'url_dec' } } } }",
       }) {
    EXPECT_EQ(AfterUri(edit), "error") << edit;
  }
}

}  // namespace
}  // namespace lb::rules
