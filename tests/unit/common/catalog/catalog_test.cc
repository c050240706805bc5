#include "common/catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/catalog/unsupported.h"

namespace lb::catalog {
namespace {

TEST(Catalog, FindsFetchesByNameAliasAndMatchSuffix) {
  struct {
    const char* name;
    Direction direction;
    const char* fetch;
    Match match;
    bool is_acl_keyword;
  } cases[] = {
      {"path", Direction::kRequest, "path", Match::kString, false},
      {"path_beg", Direction::kRequest, "path", Match::kBegin, true},
      {"path_len", Direction::kRequest, "path", Match::kLength, true},
      {"hdr", Direction::kRequest, "req.hdr", Match::kString, false},
      {"hdr", Direction::kResponse, "res.hdr", Match::kString, false},
      {"hdr_beg", Direction::kResponse, "req.hdr", Match::kBegin, true},
      {"shdr_end", Direction::kRequest, "res.hdr", Match::kEnd, true},
      {"hdr_cnt", Direction::kRequest, "req.hdr_cnt", Match::kInt, false},
      {"hdr_dom", Direction::kRequest, "req.hdr", Match::kDomain, true},
      {"req.hdr_reg", Direction::kRequest, "req.hdr", Match::kRegex, true},
      {"cook_sub", Direction::kRequest, "req.cook", Match::kSub, true},
      {"url_param", Direction::kRequest, "urlp", Match::kString, false},
      {"urlp_dir", Direction::kRequest, "urlp", Match::kDir, true},
      {"req_ver", Direction::kRequest, "req.ver", Match::kString, false},
      {"src", Direction::kResponse, "src", Match::kIp, false},
      {"dst_port", Direction::kRequest, "dst_port", Match::kInt, false},
      {"always_true", Direction::kRequest, "always_true", Match::kBool, false},
      {"method", Direction::kRequest, "method", Match::kString, false},
      {"bin", Direction::kRequest, "bin", Match::kNone, false},
      {"var", Direction::kRequest, "var", Match::kNone, false},
  };
  for (const auto& c : cases) {
    std::optional<FetchRef> found = FindFetch(c.name, c.direction);
    ASSERT_TRUE(found.has_value()) << c.name;
    EXPECT_EQ(found->fetch->name, c.fetch) << c.name;
    EXPECT_EQ(found->match, c.match) << c.name;
    EXPECT_EQ(found->is_acl_keyword, c.is_acl_keyword) << c.name;
  }
}

TEST(Catalog, RefusesUnknownNames) {
  for (const char* name : {"", "pat", "path_", "_beg", "path_xyz", "src_beg", "pathbeg", "PATH"}) {
    EXPECT_FALSE(FindFetch(name, Direction::kRequest).has_value()) << name;
  }
  EXPECT_EQ(FindConverter("nope"), nullptr);
}

TEST(Catalog, NamesAreUnique) {
  std::set<std::string_view> seen;
  for (const Fetch& fetch : AllFetches()) EXPECT_TRUE(seen.insert(fetch.name).second) << fetch.name;
  for (const Alias& alias : AllAliases()) EXPECT_TRUE(seen.insert(alias.name).second) << alias.name;
  seen.clear();
  for (const Converter& converter : AllConverters()) {
    EXPECT_TRUE(seen.insert(converter.name).second) << converter.name;
  }
}

TEST(Catalog, AliasesLeadToFetches) {
  for (const Alias& alias : AllAliases()) {
    EXPECT_NE(FindCanonicalFetch(alias.request_fetch), nullptr) << alias.name;
    EXPECT_NE(FindCanonicalFetch(alias.response_fetch), nullptr) << alias.name;
  }
}

TEST(Catalog, EveryListedNameIsFound) {
  for (const std::string& name : AllFetchNames()) {
    EXPECT_TRUE(FindFetch(name, Direction::kRequest).has_value()) << name;
  }
}

TEST(Catalog, RequiredArgumentsComeFirst) {
  auto check = [](std::string_view name, std::span<const Arg> args) {
    bool is_sorted = std::is_sorted(args.begin(), args.end(), [](const Arg& a, const Arg& b) {
      return a.required && !b.required;
    });
    EXPECT_TRUE(is_sorted) << name;
    EXPECT_LE(args.size(), 3u) << name;
  };
  for (const Fetch& fetch : AllFetches()) check(fetch.name, fetch.args);
  for (const Converter& converter : AllConverters()) check(converter.name, converter.args);
}

TEST(Catalog, CountsArguments) {
  const Fetch* hdr = FindCanonicalFetch("req.hdr");
  EXPECT_EQ(CheckArgCount("hdr", hdr->args, 0), std::nullopt);
  EXPECT_EQ(CheckArgCount("hdr", hdr->args, 2), std::nullopt);
  EXPECT_EQ(CheckArgCount("hdr", hdr->args, 3), "hdr() takes 0 to 2 arguments, not 3");
  const Fetch* str = FindCanonicalFetch("str");
  EXPECT_EQ(CheckArgCount("str", str->args, 0), "str() takes 1 argument, not 0");
  EXPECT_EQ(str->required_args(), 1u);
  EXPECT_EQ(FindConverter("field")->required_args(), 2u);
}

TEST(Catalog, MatchMethodsAndTypesFitAsTheManualSays) {
  struct {
    const char* match;
    ValueType type;
    bool fits;
  } cases[] = {
      {"bool", ValueType::kBool, true},     {"bool", ValueType::kString, true},
      {"bool", ValueType::kAddress, false}, {"bool", ValueType::kBinary, false},
      {"int", ValueType::kBool, true},      {"int", ValueType::kAddress, true},
      {"int", ValueType::kBinary, false},   {"ip", ValueType::kString, true},
      {"ip", ValueType::kInt, false},       {"str", ValueType::kInt, true},
      {"found", ValueType::kBinary, true},  {"len", ValueType::kAddress, true},
      {"ip", ValueType::kAny, true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(IsCompatible(*FindMatch(c.match), c.type), c.fits)
        << c.match << " " << ValueTypeName(c.type);
  }
  EXPECT_EQ(FindMatch("nope"), std::nullopt);
  EXPECT_EQ(MatchName(Match::kDomain), "dom");
  EXPECT_EQ(MatchName(Match::kNone), "");
}

TEST(Catalog, WhatIsNotSupportedIsKnownByNameAndNowhereElse) {
  EXPECT_TRUE(std::ranges::is_sorted(UnsupportedFetches()));
  EXPECT_TRUE(std::ranges::is_sorted(UnsupportedConverters()));
  for (std::string_view name : UnsupportedFetches()) {
    EXPECT_FALSE(FindFetch(name, Direction::kRequest).has_value()) << name;
  }
  for (std::string_view name : UnsupportedConverters()) {
    EXPECT_EQ(FindConverter(name), nullptr) << name;
  }
  for (const char* name : {"table_cnt", "sc_http_req_rate", "sc0_http_req_rate", "sc2_tracked"}) {
    EXPECT_TRUE(IsUnsupportedFetch(name)) << name;
  }
  for (const char* name : {"nosuch", "path", "sc3_tracked", "sc_nosuch"}) {
    EXPECT_FALSE(IsUnsupportedFetch(name)) << name;
  }
  EXPECT_TRUE(IsUnsupportedConverter("map_beg"));
  EXPECT_FALSE(IsUnsupportedConverter("lower"));
}

TEST(Catalog, VariableNamesHaveAScope) {
  std::optional<VariableName> name = ParseVariableName("txn.my.var_1");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->scope, "txn");
  EXPECT_EQ(name->name, "my.var_1");
  for (const char* text : {"", "x", "txn", "txn.", "nope.x", "txn.a-b", "txn.a b"}) {
    EXPECT_FALSE(ParseVariableName(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace lb::catalog
