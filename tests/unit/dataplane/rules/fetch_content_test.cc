#include <fstream>
#include <iterator>
#include <string>

#include "dataplane/rules/tcp_rules.h"
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

// The corpus of the fuzz target holds hellos that OpenSSL made.
std::string HelloFile(const std::string& name) {
  std::ifstream file("tests/fuzz/corpus/client_hello/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ContentFetches : public Exchange {
 protected:
  ContentFetches() { context_.request = nullptr; }

  void Show(std::string_view content, bool awaits_more = false) {
    context_.content = content;
    context_.content_bytes = content.size();
    context_.awaits_content = context_.may_be_request = awaits_more;
  }
};

TEST_F(ContentFetches, OfBytes) {
  const std::string bytes("\0\3abcdef", 8);
  Show(bytes);
  const struct {
    const char* expr;
    const char* value;
  } kCases[] = {
      {"req.len", "8"},
      {"req.payload(2,3)", "abc"},
      {"req.payload(2,0)", "abcdef"},
      {"req.payload(2,6)", "abcdef"},
      {"req.payload(2,7)", "(none)"},
      {"req.payload(9,0)", "(none)"},
      {"req.payload_lv(0,2)", "abc"},
      {"req.payload_lv(0,2,4)", "cde"},
      {"req.payload_lv(0,2,+1)", "bcd"},
      {"req.payload_lv(1,1,+4)", "(none)"},
      {"req.payload_lv(0,1)", "(none)"},
      {"req.payload_lv(7,2)", "(none)"},
      {"req.proto_http", "(none)"},
      {"wait_end", "1"},
      {"req.ssl_hello_type", "(none)"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Eval(test.expr), test.value) << test.expr;
}

TEST_F(ContentFetches, OfAClientHello) {
  const struct {
    const char* expr;
    const char* value;
  } kCases[] = {
      {"req.ssl_hello_type", "1"}, {"req.ssl_ver", "196611"}, {"req.ssl_sni", "a.test"},
      {"req.ssl_alpn", "h2"},      {"req.ssl_ec_ext", "1"},   {"req.ssl_st_ext", "1"},
  };
  for (const std::string file : {"tls13", "records"}) {
    const std::string bytes = HelloFile(file);
    Show(bytes);
    for (const auto& test : kCases) EXPECT_EQ(Eval(test.expr), test.value) << test.expr;
  }
  const std::string nameless = HelloFile("no_sni");
  Show(nameless);
  EXPECT_EQ(Eval("req.ssl_sni"), "(none)");
  EXPECT_EQ(Eval("req.ssl_alpn"), "(none)");
}

class ContentRules : public ContentFetches {
 protected:
  // The verdict of "reject if <conditions of `terms`>", over one ACL for each test.
  std::string Decide(const std::vector<std::string>& tests, const std::string& any_of) {
    google::protobuf::RepeatedPtrField<v1::Acl> acls;
    for (const std::string& test : tests) *acls.Add() = ParseProto<v1::Acl>(test);
    EXPECT_TRUE(compiler_.CompileAcls(acls).ok());
    google::protobuf::RepeatedPtrField<v1::TcpRule> wire;
    *wire.Add() =
        ParseProto<v1::TcpRule>("phase: CONTENT reject: true condition { " + any_of + " }");
    absl::StatusOr<TcpRules> rules = compiler_.CompileTcpRules(wire, v1::TcpRule::CONTENT);
    EXPECT_TRUE(rules.ok()) << rules.status();
    switch (rules->Apply(context_)) {
      case TcpVerdict::kAccept:
        return "no";
      case TcpVerdict::kReject:
        return "yes";
      case TcpVerdict::kUndecided:
        break;
    }
    return "wait";
  }
  std::string DecideOne(const std::string& test, bool negate = false) {
    return Decide({test}, std::string("any_of { terms { acl: 0 negate: ") +
                              (negate ? "true" : "false") + " } }");
  }
};

constexpr char kLonger[] = "tests { expr { fetch: 'req.len' } method: MATCH_INT patterns: 'ge:4' }";
constexpr char kHello[] =
    "tests { expr { fetch: 'req.ssl_hello_type' } method: MATCH_INT patterns: '1' }";
constexpr char kStarts[] =
    "tests { expr { fetch: 'req.payload' args: '0' args: '2' } method: MATCH_BIN patterns: '4745' "
    "}";
constexpr char kGet[] = "tests { expr { fetch: 'method' } method: MATCH_STR patterns: 'GET' }";
constexpr char kWait[] = "tests { expr { fetch: 'wait_end' } method: MATCH_BOOL }";
constexpr char kLocal[] =
    "tests { expr { fetch: 'src' } method: MATCH_IP patterns: '127.0.0.0/8' }";

TEST_F(ContentRules, WaitForWhatCouldChangeThem) {
  const std::string hello = HelloFile("tls13");
  const struct {
    const char* test;
    std::string bytes;
    const char* early;  // more may come
    const char* late;   // it is all there is
  } kCases[] = {
      {kLonger, "abc", "wait", "no"}, {kLonger, "abcd", "yes", "yes"},
      {kHello, "", "wait", "no"},     {kHello, hello.substr(0, 100), "wait", "no"},
      {kHello, hello, "yes", "yes"},  {kHello, "GET", "no", "no"},
      {kStarts, "G", "wait", "no"},   {kStarts, "GET", "yes", "yes"},
      {kStarts, "POST", "no", "no"},  {kGet, "GET /", "wait", "no"},
      {kWait, "abc", "wait", "yes"},  {kLocal, "", "yes", "yes"},
  };
  for (const auto& test : kCases) {
    Show(test.bytes, /*awaits_more=*/true);
    EXPECT_EQ(DecideOne(test.test), test.early) << test.test << " " << test.bytes;
    Show(test.bytes, /*awaits_more=*/false);
    EXPECT_EQ(DecideOne(test.test), test.late) << test.test << " " << test.bytes;
  }
}

TEST_F(ContentRules, NegatingWhatIsUndecidedDecidesNothing) {
  Show("abc", /*awaits_more=*/true);
  EXPECT_EQ(DecideOne(kLonger, /*negate=*/true), "wait");
  Show("abc");
  EXPECT_EQ(DecideOne(kLonger, /*negate=*/true), "yes");
}

TEST_F(ContentRules, OneThatIsDecidedMayDecideForAll) {
  Show("abc", /*awaits_more=*/true);
  EXPECT_EQ(Decide({kLocal, kLonger}, "any_of { terms { acl: 0 } terms { acl: 1 } }"), "wait");
  EXPECT_EQ(Decide({kLocal, kLonger}, "any_of { terms { acl: 0 negate: true } terms { acl: 1 } }"),
            "no");
  EXPECT_EQ(Decide({kLocal, kLonger}, "any_of { terms { acl: 1 } } any_of { terms { acl: 0 } }"),
            "yes");
  EXPECT_EQ(Decide({kLocal, kLonger},
                   "any_of { terms { acl: 1 } } any_of { terms { acl: 0 negate: true } }"),
            "wait");
}

TEST_F(ContentRules, BinaryPatternsMustBeHexadecimal) {
  google::protobuf::RepeatedPtrField<v1::Acl> acls;
  *acls.Add() = ParseProto<v1::Acl>(
      "name: 'x' tests { expr { fetch: 'req.payload' args: '0' args: '2' } method: MATCH_BIN "
      "patterns: '4g' }");
  EXPECT_EQ(compiler_.CompileAcls(acls).message(),
            "acl 'x': pattern '4g': expected hexadecimal digits");
}

}  // namespace
}  // namespace lb::rules
