#include "common/base/units.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace lb {
namespace {

TEST(ParseDuration, ReadsEveryUnit) {
  const struct {
    const char* text;
    int64_t ms;
  } rows[] = {{"0", 0},
              {"250", 250},
              {"250ms", 250},
              {"1us", 1},
              {"1000us", 1},
              {"1001us", 2},
              {"0us", 0},
              {"5s", 5000},
              {"1m", 60'000},
              {"2h", 7'200'000},
              {"1d", 86'400'000},
              {"480m", 28'800'000},
              {"24d", 2'073'600'000},
              {"2147483647", 2'147'483'647}};
  for (const auto& row : rows) {
    absl::StatusOr<Millis> duration = ParseDuration(row.text);
    ASSERT_TRUE(duration.ok()) << row.text;
    EXPECT_EQ(duration->count(), row.ms) << row.text;
  }
}

TEST(ParseDuration, ABareNumberIsInTheDefaultUnit) {
  EXPECT_EQ(ParseDuration("10", std::chrono::seconds(1))->count(), 10'000);
  EXPECT_EQ(ParseDuration("10ms", std::chrono::seconds(1))->count(), 10);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text :
       {"", "s", "-1", "1.5s", "1 s", "1S", "1w", "2147483648", "25d", "99999999999999999999"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(ParseSize, ReadsPowersOf1024) {
  EXPECT_EQ(*ParseSize("100"), 100u);
  EXPECT_EQ(*ParseSize("16k"), 16384u);
  EXPECT_EQ(*ParseSize("16K"), 16384u);
  EXPECT_EQ(*ParseSize("3m"), 3u << 20);
  EXPECT_EQ(*ParseSize("2G"), uint64_t{2} << 30);
  for (const char* text : {"", "k", "1kb", "1t", "-1", "17179869184g", "99999999999999999999"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(FormatDuration, IsTheShortestExactForm) {
  const struct {
    int64_t ms;
    const char* text;
  } rows[] = {{0, "0ms"},         {250, "250ms"},     {1500, "1500ms"},
              {5000, "5s"},       {60'000, "1m"},     {90'000, "90s"},
              {28'800'000, "8h"}, {86'400'000, "1d"}, {7'200'000, "2h"}};
  for (const auto& row : rows) {
    EXPECT_EQ(FormatDuration(Millis(row.ms)), row.text);
    EXPECT_EQ(ParseDuration(row.text)->count(), row.ms);
  }
}

TEST(FormatAge, ShowsTheTwoLargestUnits) {
  const std::vector<std::pair<int64_t, std::string>> cases = {
      {-1, "0s"}, {0, "0s"}, {59, "59s"}, {61, "1m1s"}, {3660, "1h1m"}, {90000, "1d1h"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(FormatAge(seconds), text) << seconds;
}

}  // namespace
}  // namespace lb
