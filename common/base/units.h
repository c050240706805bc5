// Durations and sizes as the configuration language writes them.
// Source: HAProxy configuration manual, section 2.5 "Time format"; "size" arguments.
#ifndef LB_COMMON_BASE_UNITS_H_
#define LB_COMMON_BASE_UNITS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "common/base/clock.h"

namespace lb {

// Parses "<number>[us|ms|s|m|h|d]" into milliseconds; a bare number is in `default_unit`.
// A sub-millisecond value other than zero rounds up to 1 ms. Errors: empty text, unknown unit,
// more than 2147483647 ms.
absl::StatusOr<Millis> ParseDuration(std::string_view text, Millis default_unit = Millis(1));

// Parses "<number>[k|m|g]" (powers of 1024, either letter case) into bytes.
// Errors: empty text, unknown unit, overflow of 64 bits.
absl::StatusOr<uint64_t> ParseSize(std::string_view text);

// The shortest exact form: "250ms", "5s", "1m", "480m", "2h".
std::string FormatDuration(Millis duration);

// A duration for people, in its two largest units: "3d4h", "5h12m", "7m3s", "12s".
// "0s" when negative.
std::string FormatAge(int64_t seconds);

}  // namespace lb

#endif  // LB_COMMON_BASE_UNITS_H_
