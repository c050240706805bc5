#include "dataplane/rules/acl.h"

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using catalog::Match;

PatternSet MustCompile(Match match, const std::vector<std::string>& patterns,
                       bool ignore_case = false) {
  absl::StatusOr<PatternSet> set = PatternSet::Compile(match, ignore_case, patterns);
  EXPECT_TRUE(set.ok()) << set.status();
  return *set;
}

TEST(PatternSet, TextMethods) {
  struct {
    Match match;
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {
      {Match::kString, "/a", "/a", true},
      {Match::kString, "/a", "/A", false},
      {Match::kString, "/a", "/ab", false},
      {Match::kBegin, "/a", "/ab", true},
      {Match::kBegin, "/a", "/", false},
      {Match::kBegin, "", "/", true},
      {Match::kEnd, ".php", "/x.php", true},
      {Match::kEnd, ".php", "php", false},
      {Match::kSub, "b", "abc", true},
      {Match::kSub, "x", "abc", false},
      {Match::kRegex, "^/[0-9]+$", "/12", true},
      {Match::kRegex, "^/[0-9]+$", "/12x", false},
      {Match::kDir, "/images", "/images/png/logo/32x32.png", true},
      {Match::kDir, "images/png", "/images/png/logo/32x32.png", true},
      {Match::kDir, "32x32.png", "/images/png/logo/32x32.png", true},
      {Match::kDir, "png", "/images/png/logo/32x32.png", true},
      {Match::kDir, "mages", "/images/png/logo/32x32.png", false},
      {Match::kDir, "32x32", "/images/png/logo/32x32.png", false},
      {Match::kDomain, "example", "http://www1.dc-eu.example.com:80/blah", true},
      {Match::kDomain, ".www1", "http://www1.dc-eu.example.com:80/blah", true},
      {Match::kDomain, "dc-eu.example:", "http://www1.dc-eu.example.com:80/blah", true},
      {Match::kDomain, "80", "http://www1.dc-eu.example.com:80/blah", true},
      {Match::kDomain, "eu", "http://www1.dc-eu.example.com:80/blah", false},
      {Match::kDomain, "aa", "aaa.aa", true},
      {Match::kLength, "3", "abc", true},
      {Match::kLength, "4:", "abc", false},
  };
  http::Arena arena;
  for (const auto& c : cases) {
    EXPECT_EQ(MustCompile(c.match, {c.pattern}).Matches(Sample::Text(c.text), arena), c.matches)
        << catalog::MatchName(c.match) << " " << c.pattern << " " << c.text;
  }
}

TEST(PatternSet, IgnoresCaseWhenAsked) {
  http::Arena arena;
  for (Match match : {Match::kString, Match::kBegin, Match::kEnd, Match::kSub, Match::kRegex,
                      Match::kDir, Match::kDomain}) {
    EXPECT_TRUE(
        MustCompile(match, {"AbC"}, /*ignore_case=*/true).Matches(Sample::Text("aBc"), arena))
        << catalog::MatchName(match);
    EXPECT_FALSE(MustCompile(match, {"AbC"}).Matches(Sample::Text("aBc"), arena))
        << catalog::MatchName(match);
  }
}

TEST(PatternSet, Integers) {
  struct {
    const char* pattern;
    int64_t number;
    bool matches;
  } cases[] = {
      {"80", 80, true},           {"80", 81, false},
      {"1024:65535", 1024, true}, {"1024:65535", 1023, false},
      {"1024:", 70000, true},     {":1023", -5, true},
      {":1023", 1024, false},     {"ge:5", 5, true},
      {"gt:5", 5, false},         {"gt:5", 6, true},
      {"lt:5", 5, false},         {"lt:5", 4, true},
      {"le:5", 5, true},          {"eq:5", 5, true},
      {"eq:5", 6, false},         {"-3", -3, true},
  };
  http::Arena arena;
  for (const auto& c : cases) {
    EXPECT_EQ(MustCompile(Match::kInt, {c.pattern}).Matches(Sample::Int(c.number), arena),
              c.matches)
        << c.pattern << " " << c.number;
  }
  EXPECT_TRUE(MustCompile(Match::kInt, {"7", "12"}).Matches(Sample::Text("12"), arena));
  EXPECT_TRUE(MustCompile(Match::kInt, {"1"}).Matches(Sample::Bool(true), arena));
}

TEST(PatternSet, Addresses) {
  struct {
    const char* pattern;
    const char* ip;
    bool matches;
  } cases[] = {
      {"10.0.0.0/8", "10.255.1.2", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.4", false},
      {"192.168.0.0/22", "192.168.3.255", true},
      {"192.168.0.0/22", "192.168.4.0", false},
      {"0.0.0.0/0", "1.2.3.4", true},
      {"2001:db8::/32", "2001:db8:1::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::1", "::1", true},
      {"::ffff:0:0/96", "1.2.3.4", true},
      {"::/0", "1.2.3.4", true},
      {"2001::/16", "1.2.3.4", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"10.0.0.0/8", "::10.1.1.1", true},
      {"10.0.0.0/8", "2002:0a01:0101::", true},
      {"10.0.0.0/8", "2001:0a01:0101::", false},
  };
  http::Arena arena;
  for (const auto& c : cases) {
    EXPECT_EQ(
        MustCompile(Match::kIp, {c.pattern}).Matches(Sample::Ip(*IpAddress::Parse(c.ip)), arena),
        c.matches)
        << c.pattern << " " << c.ip;
  }
  EXPECT_FALSE(MustCompile(Match::kIp, {"::/0", "0.0.0.0/0"}).Matches(Sample::Text("x"), arena));
}

TEST(PatternSet, BoolAndFoundTakeNoPattern) {
  http::Arena arena;
  EXPECT_TRUE(MustCompile(Match::kBool, {}).Matches(Sample::Int(2), arena));
  EXPECT_FALSE(MustCompile(Match::kBool, {}).Matches(Sample::Bool(false), arena));
  EXPECT_TRUE(MustCompile(Match::kFound, {}).Matches(Sample::Bool(false), arena));
  EXPECT_FALSE(MustCompile(Match::kString, {}).Matches(Sample::Text(""), arena));
}

TEST(PatternSet, RefusesPatternsThatAreNone) {
  struct {
    Match match;
    const char* pattern;
    const char* error;
  } cases[] = {
      {Match::kInt, "x", "pattern 'x': expected an integer"},
      {Match::kInt, ":", "pattern ':': expected an integer"},
      {Match::kInt, "ge:", "pattern 'ge:': expected an integer"},
      {Match::kInt, "1:x", "pattern '1:x': expected an integer"},
      {Match::kIp, "10.0.0.0/33", "pattern '10.0.0.0/33': expected a prefix length of 0 to 32"},
      {Match::kIp, "host", "pattern 'host': expected an address"},
      {Match::kRegex, "(", "regex '(': missing closing parenthesis"},
      {Match::kDir, "//", "pattern '//' has nothing but delimiters"},
      {Match::kNone, "x", "no match method"},
  };
  for (const auto& c : cases) {
    absl::StatusOr<PatternSet> set = PatternSet::Compile(c.match, false, {c.pattern});
    ASSERT_FALSE(set.ok()) << c.pattern;
    EXPECT_EQ(set.status().message().substr(0, std::string(c.error).size()), c.error);
  }
}

class AclTests : public Exchange {
 protected:
  bool Holds(std::string_view expr, Match match, const std::vector<std::string>& patterns) {
    AclTest test;
    test.expr = *compiler_.CompileExpr(ParseExpr(expr));
    test.patterns = MustCompile(match, patterns);
    return test.Holds(context_);
  }
};

TEST_F(AclTests, TryEveryValue) {
  SetRequest("GET", "/?a=1&a=2", {{"X", "one, two"}, {"X", "three"}, {"Cookie", "c=1; c=2"}});
  for (const char* value : {"one", "two", "three"}) {
    EXPECT_TRUE(Holds("req.hdr(x)", Match::kString, {value})) << value;
  }
  EXPECT_FALSE(Holds("req.hdr(x)", Match::kString, {"one, two"}));
  EXPECT_TRUE(Holds("req.fhdr(x)", Match::kString, {"one, two"}));
  EXPECT_FALSE(Holds("req.hdr(x,1)", Match::kString, {"two"}));
  EXPECT_TRUE(Holds("req.cook(c)", Match::kString, {"1"}));
  EXPECT_TRUE(Holds("urlp(a)", Match::kString, {"2"}));
  EXPECT_TRUE(Holds("req.hdr(x),length", Match::kInt, {"5"}));
}

TEST_F(AclTests, AValueThatAConverterRefusesDoesNotEndTheSearch) {
  SetRequest("GET", "/", {{"X", "zz, 1f"}});
  EXPECT_TRUE(Holds("req.hdr(x),hex2i", Match::kInt, {"31"}));
}

TEST_F(AclTests, MissingSamplesDoNotMatch) {
  EXPECT_FALSE(Holds("req.hdr(nope)", Match::kFound, {}));
  EXPECT_FALSE(Holds("req.hdr(nope)", Match::kString, {""}));
}

class Conditions : public Exchange {
 protected:
  // ACL 0 is true, ACL 1 is false.
  bool Holds(const std::string& condition) {
    google::protobuf::RepeatedPtrField<v1::Acl> acls;
    *acls.Add() = ParseProto<v1::Acl>(
        "name: 'yes' tests { expr { fetch: 'always_false' } method: MATCH_BOOL } "
        "tests { expr { fetch: 'always_true' } method: MATCH_BOOL }");
    *acls.Add() = ParseProto<v1::Acl>(
        "tests { expr { fetch: 'always_true' } method: MATCH_INT patterns: '0' }");
    EXPECT_TRUE(compiler_.CompileAcls(acls).ok());
    return compiler_.CompileCondition(ParseProto<v1::Condition>(condition))->Holds(context_);
  }
};

TEST_F(Conditions, CombineAcls) {
  EXPECT_TRUE(Condition().Holds(context_));
  EXPECT_TRUE(Holds("any_of { terms { acl: 0 } }"));
  EXPECT_FALSE(Holds("any_of { terms { acl: 0 } } negate: true"));
  EXPECT_FALSE(Holds("any_of { terms { acl: 0 } terms { acl: 1 } }"));
  EXPECT_TRUE(Holds("any_of { terms { acl: 0 } terms { acl: 1 negate: true } }"));
  EXPECT_TRUE(Holds("any_of { terms { acl: 1 } } any_of { terms { acl: 0 } }"));
  EXPECT_TRUE(Holds("any_of { terms { acl: 1 } } negate: true"));
}

}  // namespace
}  // namespace lb::rules
