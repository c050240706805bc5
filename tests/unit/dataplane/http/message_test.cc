#include "dataplane/http/message.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

TEST(HeaderId, KnowsTheNamesTheProxyActsOnInAnyCase) {
  struct Case {
    std::string_view name;
    HeaderId id;
  };
  const Case cases[] = {
      {"connection", HeaderId::kConnection},
      {"content-length", HeaderId::kContentLength},
      {"transfer-encoding", HeaderId::kTransferEncoding},
      {"host", HeaderId::kHost},
      {"expect", HeaderId::kExpect},
      {"upgrade", HeaderId::kUpgrade},
      {"keep-alive", HeaderId::kKeepAlive},
      {"proxy-connection", HeaderId::kProxyConnection},
      {"te", HeaderId::kTe},
      {"trailer", HeaderId::kTrailer},
      {"date", HeaderId::kDate},
      {"server", HeaderId::kServer},
      {"cookie", HeaderId::kCookie},
      {"authorization", HeaderId::kAuthorization},
      {"x-forwarded-for", HeaderId::kXForwardedFor},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(HeaderIdOf(c.name), c.id) << c.name;
    std::string upper(c.name);
    for (char& letter : upper) letter = static_cast<char>(toupper(letter));
    EXPECT_EQ(HeaderIdOf(upper), c.id) << upper;
    upper.back() = '!';
    EXPECT_EQ(HeaderIdOf(upper), HeaderId::kOther) << upper;
    EXPECT_EQ(HeaderIdOf(std::string(c.name) + "x"), HeaderId::kOther) << c.name;
  }
  EXPECT_EQ(HeaderIdOf(""), HeaderId::kOther);
}

TEST(EqualsIgnoreCase, FoldsLettersOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("aBc-1", "AbC-1"));
  EXPECT_FALSE(EqualsIgnoreCase("abc", "abcd"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));  // differ by the case bit alone
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));
  EXPECT_FALSE(EqualsIgnoreCase("\xc0", "\xe0"));
}

// Every pair of bytes at every place of texts shorter and longer than a machine word.
TEST(EqualsIgnoreCase, AgreesWithTheDefinitionForEveryPairOfBytes) {
  auto lower = [](int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  for (size_t size : {1, 3, 4, 5, 8, 9, 17}) {
    for (size_t at : {size_t{0}, size / 2, size - 1}) {
      std::string a(size, 'x');
      std::string b(size, 'X');
      for (int left = 0; left < 256; ++left) {
        for (int right = 0; right < 256; ++right) {
          a[at] = static_cast<char>(left);
          b[at] = static_cast<char>(right);
          ASSERT_EQ(EqualsIgnoreCase(a, b), lower(left) == lower(right))
              << left << " " << right << " at " << at << " of " << size;
        }
      }
    }
  }
}

TEST(HeaderList, FindsAndRemovesIgnoringCase) {
  HeaderList headers;
  headers.Add("X-A", "1");
  headers.Add("Host", "h");
  headers.Add("x-a", "2");
  ASSERT_NE(headers.Find("x-A"), nullptr);
  EXPECT_EQ(headers.Find("x-A")->value, "1");
  EXPECT_EQ(headers.Find(HeaderId::kHost)->value, "h");
  EXPECT_EQ(headers.Find("none"), nullptr);
  EXPECT_EQ(headers.Find(HeaderId::kTe), nullptr);
  EXPECT_EQ(headers.Remove("X-a"), 2u);
  EXPECT_EQ(headers.Remove(HeaderId::kHost), 1u);
  EXPECT_EQ(headers.size(), 0u);
}

TEST(RequestHead, SplitsTheTargetInEveryForm) {
  struct Case {
    std::string_view target, path, query, path_and_query;
  };
  const Case cases[] = {
      {"/", "/", "", "/"},
      {"/a?x=1", "/a", "x=1", "/a?x=1"},
      {"/a?x=1?y", "/a", "x=1?y", "/a?x=1?y"},
      {"/a?", "/a", "", "/a?"},
      {"/a://b", "/a://b", "", "/a://b"},
      {"http://h/a?x=1", "/a", "x=1", "/a?x=1"},
      {"http://h", "", "", ""},
      {"http://h?x=1", "", "x=1", "?x=1"},
      {"*", "*", "", "*"},
      {"h:443", "", "", ""},
  };
  for (const Case& c : cases) {
    RequestHead head;
    head.target = c.target;
    EXPECT_EQ(head.path(), c.path) << c.target;
    EXPECT_EQ(head.query(), c.query) << c.target;
    EXPECT_EQ(head.path_and_query(), c.path_and_query) << c.target;
  }
}

TEST(RequestHead, ClearRestoresTheDefaults) {
  RequestHead head;
  head.method = "GET";
  head.headers.Add("a", "b");
  head.framing = Framing::kChunked;
  head.keep_alive = false;
  head.expects_continue = head.wants_upgrade = true;
  head.version_minor = 0;
  head.Clear();
  EXPECT_TRUE(head.method.empty());
  EXPECT_EQ(head.headers.size(), 0u);
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_FALSE(head.wants_upgrade);
  EXPECT_EQ(head.version_minor, 1);
}

TEST(Arena, KeepsTextsApartAndReusesItsFirstBlock) {
  Arena arena;
  std::string_view first = arena.Copy("one");
  std::string_view joined = arena.Concat({"a", "", "bc"});
  std::string large(5000, 'x');
  std::string_view big = arena.Copy(large);
  EXPECT_EQ(first, "one");
  EXPECT_EQ(joined, "abc");
  EXPECT_EQ(big, large);
  arena.Reset();
  EXPECT_EQ(arena.Copy("two").data(), first.data());
}

}  // namespace
}  // namespace lb::http
