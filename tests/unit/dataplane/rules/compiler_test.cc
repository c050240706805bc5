#include "dataplane/rules/compiler.h"

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

class CompilerErrors : public Exchange {
 protected:
  std::string ErrorOf(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }
  std::string HttpError(const std::string& rule, catalog::Direction direction) {
    google::protobuf::RepeatedPtrField<v1::HttpRule> wire;
    *wire.Add() = ParseProto<v1::HttpRule>("allow {}");
    *wire.Add() = ParseProto<v1::HttpRule>(rule);
    return ErrorOf(compiler_.CompileHttpRules(wire, direction).status());
  }
};

TEST_F(CompilerErrors, OfExpressions) {
  struct {
    const char* expr;
    const char* error;
  } cases[] = {
      {"nope", "unknown fetch 'nope'"},
      {"hdr(x)", "unknown fetch 'hdr'"},  // aliases are resolved by the control plane
      {"path,nope", "unknown converter 'nope'"},
      {"str", "str() takes 1 argument, not 0"},
      {"path(x)", "path() takes 0 arguments, not 1"},
      {"req.hdr(a,b)", "req.hdr(): argument 'occurrence': 'b' is no integer"},
      {"int(x)", "int(): argument 'value': 'x' is no integer"},
      {"bool(maybe)", "bool(): 'maybe': expected true, false, 0 or 1"},
      {"bin(0g)", "bin(): '0g' is not hexadecimal"},
      {"bin(000)", "bin(): '000' is not hexadecimal"},
      {"ipv4(::1)", "ipv4(): '::1' is no such address"},
      {"ipv6(1.2.3.4)", "ipv6(): '1.2.3.4' is no such address"},
      {"date(0,h)", "date(): unit 'h': expected s, ms or us"},
      {"rand(0)", "rand(): range '0': expected 1 to 4294967296"},
      {"uuid(1)", "uuid(): version '1': only 4 is known"},
      {"var(nope)", "var(): argument 'name': 'nope' is no variable: expected scope.name"},
      {"int(1),add(x)", "add(): argument 'value': 'x' is no integer"},
      {"int(1),add(txn.)", "add(): argument 'value': 'txn.' is no integer"},
      {"src,ipmask(33)", "ipmask(): argument 'mask4': '33' is no IPv4 mask"},
      {"src,ipmask(8,129)", "ipmask(): argument 'mask6': '129' is no IPv6 prefix length"},
      {"path,regsub([,x)", "regex '[': missing terminating ] for character class at offset 1"},
      {"path,regsub(a,x,z)", "regsub(): flags 'z': expected g or i"},
      {"path,url_enc(form)", "url_enc(): encoding 'form': expected query"},
      {"date,http_date(0,h)", "http_date(): unit 'h': expected s, ms or us"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ErrorOf(compiler_.CompileExpr(ParseExpr(c.expr)).status()), c.error) << c.expr;
  }
}

TEST_F(CompilerErrors, OfHttpRules) {
  struct {
    const char* rule;
    const char* error;
  } cases[] = {
      {"", "http-request rule 2: no action"},
      {"condition { any_of { terms { acl: 7 } } } deny {}",
       "http-request rule 2: acl number 7 does not exist"},
      {"header_edit { kind: REPLACE_HEADER name: 'x' regex: '(a' }",
       "http-request rule 2: regex '(a': missing closing parenthesis at offset 2"},
      {"header_edit { kind: SET name: 'a b' }", "http-request rule 2: 'a b' is no header name"},
      {"header_edit { kind: SET name: 'a' value { items { text: 'x\\r\\ny' } } }",
       "http-request rule 2: a line break or control character cannot be part of this text"},
      {"header_edit { name: 'a' }", "http-request rule 2: no kind of header edit"},
      {"uri_edit {}", "http-request rule 2: no kind of URI edit"},
      {"redirect {}", "http-request rule 2: no kind of redirect"},
      {"redirect { kind: LOCATION code: 200 }",
       "http-request rule 2: status 200: expected 301 to 308"},
      {"redirect { kind: LOCATION set_cookie: 'a;b' }",
       "http-request rule 2: cookie 'a;b' holds a character that a cookie cannot"},
      {"return { reply { status: 99 } }", "http-request rule 2: status 99: expected 200 to 599"},
      {"return { reply { headers { name: '' } } }", "http-request rule 2: '' is no header name"},
      {"set_var { scope: 'x' name: 'y' }",
       "http-request rule 2: 'x.y' is no variable: expected scope.name"},
      {"set_log_level { level: 'loud' }", "http-request rule 2: unknown log level 'loud'"},
      {"set_status { status: 200 }", "http-request rule 2: the status is of the response only"},
      {"capture {} capture_slot: 256", "http-request rule 2: capture slot above 255"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(HttpError(c.rule, catalog::Direction::kRequest), c.error) << c.rule;
  }
}

TEST_F(CompilerErrors, OfActionsThatBelongToRequests) {
  struct {
    const char* rule;
    const char* error;
  } cases[] = {
      {"uri_edit { kind: SET_PATH }", "http-response rule 2: the URI is of the request only"},
      {"use_service { name: 'x' }", "http-response rule 2: services answer requests only"},
      {"auth {}", "http-response rule 2: authentication is asked for on requests only"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(HttpError(c.rule, catalog::Direction::kResponse), c.error) << c.rule;
  }
}

TEST_F(CompilerErrors, OfAclsNameTheAcl) {
  google::protobuf::RepeatedPtrField<v1::Acl> acls;
  *acls.Add() = ParseProto<v1::Acl>(
      "name: 'local' tests { expr { fetch: 'src' } method: MATCH_IP patterns: 'x' }");
  EXPECT_EQ(ErrorOf(compiler_.CompileAcls(acls)),
            "acl 'local': pattern 'x': expected an address or a network such as 10.0.0.0/8");
  acls.Clear();
  *acls.Add() = ParseProto<v1::Acl>("tests { expr { fetch: 'src' } }");
  EXPECT_EQ(ErrorOf(compiler_.CompileAcls(acls)), "anonymous acl: no match method");
}

TEST_F(CompilerErrors, OfTcpRulesAndUseBackend) {
  google::protobuf::RepeatedPtrField<v1::TcpRule> tcp;
  *tcp.Add() = ParseProto<v1::TcpRule>("phase: CONTENT");
  EXPECT_EQ(ErrorOf(compiler_.CompileTcpRules(tcp, v1::TcpRule::CONTENT).status()),
            "tcp rule 1: no action");
  google::protobuf::RepeatedPtrField<v1::UseBackend> use;
  *use.Add() = ParseProto<v1::UseBackend>("condition { any_of { terms { acl: 1 } } } backend: 'a'");
  EXPECT_EQ(ErrorOf(compiler_.CompileUseBackends(use).status()),
            "use_backend rule 1: acl number 1 does not exist");
  use.Clear();
  use.Add();
  EXPECT_EQ(ErrorOf(compiler_.CompileUseBackends(use).status()), "use_backend rule 1: no backend");
}

TEST_F(CompilerErrors, TheRealEnvironmentIsTheProcess) {
  setenv("LB_RULES_TEST", "here", /*replace=*/1);
  CompileEnvironment environment = CompileEnvironment::Real();
  EXPECT_EQ(environment.getenv("LB_RULES_TEST"), "here");
  EXPECT_EQ(environment.getenv("LB_RULES_TEST_UNSET"), std::nullopt);
  unsetenv("LB_RULES_TEST");
}

}  // namespace
}  // namespace lb::rules
