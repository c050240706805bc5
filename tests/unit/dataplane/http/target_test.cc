#include "dataplane/http/target.h"

#include "gtest/gtest.h"

namespace lb::http {
namespace {

TEST(ParseAuthority, SplitsHostAndPort) {
  struct Case {
    std::string_view text, host, port;
  };
  for (const Case& c : {Case{"", "", ""}, Case{"a", "a", ""}, Case{"a:80", "a", "80"},
                        Case{"a:", "a", ""}, Case{"[::1]", "[::1]", ""},
                        Case{"[::1]:8080", "[::1]", "8080"}, Case{"a_b,c%20", "a_b,c%20", ""}}) {
    Authority authority;
    ASSERT_TRUE(ParseAuthority(c.text, &authority)) << c.text;
    EXPECT_EQ(authority.host, c.host) << c.text;
    EXPECT_EQ(authority.port, c.port) << c.text;
  }
}

TEST(ParseAuthority, RefusesWhatNamesNoHost) {
  for (std::string_view text : {"a b", "a/b", "a?b", "a#b", "u@a", "a:80:80", "a:x", "a:123456",
                                "[::1", "[]", "[::1]x", "::1", "a]", "a\x80", "a\"", "a\\b"}) {
    Authority authority;
    EXPECT_FALSE(ParseAuthority(text, &authority)) << text;
  }
}

TEST(CheckTargetAndHost, TakesTheFormsThatNameOneHost) {
  struct Case {
    std::string_view method, target, host;
    ParseError error;
  };
  const Case cases[] = {
      {"GET", "/", "a", ParseError::kNone},
      {"GET", "//x", "a", ParseError::kNone},
      {"OPTIONS", "*", "a", ParseError::kNone},
      {"GET", "*", "a", ParseError::kBadTarget},
      {"options", "*", "a", ParseError::kBadTarget},
      {"OPTIONS", "*/x", "a", ParseError::kBadTarget},
      {"GET", "foo", "a", ParseError::kBadTarget},
      {"GET", "*x", "a", ParseError::kBadTarget},
      {"GET", "/#x", "a", ParseError::kBadTarget},
      {"GET", "a:80", "a", ParseError::kBadTarget},
      {"GET", "1http://a/", "a", ParseError::kBadTarget},
      {"GET", "http://a/", "a", ParseError::kNone},
      {"GET", "http://A/", "a", ParseError::kNone},
      {"GET", "http://a", "a", ParseError::kNone},
      {"GET", "http://a?x", "a", ParseError::kNone},
      {"GET", "http://a:80/", "a", ParseError::kNone},
      {"GET", "http://a/", "a:80", ParseError::kNone},
      {"GET", "https://a:443/", "a", ParseError::kNone},
      {"GET", "https://a:80/", "a", ParseError::kHostMismatch},
      {"GET", "http://a:8080/", "a", ParseError::kHostMismatch},
      {"GET", "http://a:8080/", "a:8080", ParseError::kNone},
      {"GET", "http://u:p@a/", "a", ParseError::kNone},
      {"GET", "http://b@b@a/", "a", ParseError::kBadTarget},
      {"GET", "http://[b]@a/", "a", ParseError::kBadTarget},
      {"GET", "http://b\\@a/", "a", ParseError::kBadTarget},
      {"GET", "http://b/", "a", ParseError::kHostMismatch},
      {"GET", "HTTPS://b/", "a", ParseError::kHostMismatch},
      {"GET", "ftp://a/", "a", ParseError::kBadTarget},
      {"GET", "://a/", "a", ParseError::kBadTarget},
      {"GET", "http://a/", "a b", ParseError::kBadHost},
      {"GET", "http://a|b/", "a", ParseError::kBadTarget},
      {"CONNECT", "a:443", "a:443", ParseError::kNone},
      {"CONNECT", "a:443", "a", ParseError::kNone},
      {"CONNECT", "a:8443", "a", ParseError::kHostMismatch},
      {"CONNECT", "a:443", "b:443", ParseError::kHostMismatch},
      {"CONNECT", "a", "a", ParseError::kBadTarget},
      {"CONNECT", "/", "a", ParseError::kBadTarget},
      {"CONNECT", ":443", "", ParseError::kBadTarget},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CheckTargetAndHost(c.method, c.target, c.host, /*has_host=*/true), c.error)
        << c.method << " " << c.target << " " << c.host;
  }
  EXPECT_EQ(CheckTargetAndHost("GET", "http://a/", "", /*has_host=*/false), ParseError::kNone);
}

}  // namespace
}  // namespace lb::http
