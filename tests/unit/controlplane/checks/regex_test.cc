#include "controlplane/checks/regex.h"

#include <gtest/gtest.h>

#include <string>

namespace lb::checks {
namespace {

TEST(Regex, FindsAMatchAnywhereInBytes) {
  const struct {
    const char* pattern;
    std::string text;
    bool is_found;
  } rows[] = {
      {"^2", "200", true},
      {"^2", "120", false},
      {"a.c", std::string("xa\0cx", 5), true},
      {"<!--tag:[0-9a-f]*--></html>", "<html><!--tag:0af--></html>", true},
      {"x{3}", "xx", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Regex::Compile(row.pattern)->IsFoundIn(row.text), row.is_found) << row.pattern;
  }
}

TEST(Regex, RefusesABadPattern) { EXPECT_FALSE(Regex::Compile("(")); }

TEST(Regex, GivesUpOnAMatchThatCostsTooMuch) {
  EXPECT_FALSE(Regex::Compile("(a+)+$")->IsFoundIn(std::string(60, 'a') + "b"));
}

}  // namespace
}  // namespace lb::checks
