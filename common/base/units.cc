#include "common/base/units.h"

#include <charconv>
#include <limits>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb {
namespace {

struct Number {
  uint64_t value;
  std::string_view unit;
};

absl::StatusOr<Number> SplitNumber(std::string_view text, std::string_view kind) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [ptr, ec] = std::from_chars(text.data(), end, value);
  if (ec == std::errc::result_out_of_range) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(kind), " '", std::string(text), "' is too large"));
  }
  if (ec != std::errc() || ptr == text.data()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(text), "' is not a ", std::string(kind)));
  }
  return Number{value, text.substr(static_cast<size_t>(ptr - text.data()))};
}

// Microseconds in one `unit`, 0 for an unknown unit.
uint64_t UnitMicros(std::string_view unit) {
  if (unit == "us") return 1;
  if (unit == "ms") return 1'000;
  if (unit == "s") return 1'000'000;
  if (unit == "m") return 60'000'000;
  if (unit == "h") return 3'600'000'000;
  if (unit == "d") return 86'400'000'000;
  return 0;
}

}  // namespace

absl::StatusOr<Millis> ParseDuration(std::string_view text, Millis default_unit) {
  LB_ASSIGN_OR_RETURN(Number number, SplitNumber(text, "duration"));
  uint64_t unit_us = number.unit.empty() ? static_cast<uint64_t>(default_unit.count()) * 1000
                                         : UnitMicros(number.unit);
  if (unit_us == 0) {
    return absl::InvalidArgumentError(absl::StrCat("unknown unit '", std::string(number.unit),
                                                   "' in duration '", std::string(text),
                                                   "' (expected us, ms, s, m, h or d)"));
  }
  constexpr uint64_t kMaxMs = std::numeric_limits<int32_t>::max();
  if (number.value > kMaxMs * 1000 / unit_us) {
    return absl::InvalidArgumentError(
        absl::StrCat("duration '", std::string(text), "' exceeds 2147483647ms (24.8 days)"));
  }
  return Millis((number.value * unit_us + 999) / 1000);
}

absl::StatusOr<uint64_t> ParseSize(std::string_view text) {
  LB_ASSIGN_OR_RETURN(Number number, SplitNumber(text, "size"));
  int shift = 0;
  if (number.unit == "k" || number.unit == "K") {
    shift = 10;
  } else if (number.unit == "m" || number.unit == "M") {
    shift = 20;
  } else if (number.unit == "g" || number.unit == "G") {
    shift = 30;
  } else if (!number.unit.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown unit '", std::string(number.unit),
                                                   "' in size '", std::string(text),
                                                   "' (expected k, m or g)"));
  }
  if (number.value > (std::numeric_limits<uint64_t>::max() >> shift)) {
    return absl::InvalidArgumentError(absl::StrCat("size '", std::string(text), "' is too large"));
  }
  return number.value << shift;
}

std::string FormatDuration(Millis duration) {
  struct Unit {
    int64_t ms;
    const char* name;
  };
  static constexpr Unit kUnits[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}};
  int64_t ms = duration.count();
  for (const Unit& unit : kUnits) {
    if (ms != 0 && ms % unit.ms == 0) return absl::StrCat(ms / unit.ms, unit.name);
  }
  return absl::StrCat(ms, "ms");
}

std::string FormatAge(int64_t seconds) {
  if (seconds >= 86400) return absl::StrCat(seconds / 86400, "d", seconds / 3600 % 24, "h");
  if (seconds >= 3600) return absl::StrCat(seconds / 3600, "h", seconds / 60 % 60, "m");
  if (seconds >= 60) return absl::StrCat(seconds / 60, "m", seconds % 60, "s");
  return absl::StrCat(seconds < 0 ? 0 : seconds, "s");
}

}  // namespace lb
