// Which metric shows which field. Only prometheus.cc reads it.
#ifndef LB_COMMON_STATS_PROMETHEUS_TABLE_H_
#define LB_COMMON_STATS_PROMETHEUS_TABLE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "common/stats/field.h"

namespace lb::stats {

// The kinds of rows that have the metric, as bits.
inline constexpr uint8_t kOfFrontend = 1;
inline constexpr uint8_t kOfBackend = 2;
inline constexpr uint8_t kOfServer = 4;

// How a field's value becomes samples.
enum class Shape : uint8_t {
  kPlain,         // one sample
  kMillis,        // one sample, milliseconds shown in seconds
  kResponses,     // six samples, label "code"
  kStates,        // one sample for each state that the kind of row can have, label "state"
  kCheckStatus,   // one sample for each check status, label "state"
  kServerStates,  // of a backend: how many of its servers are in each state
  kServerChecks,  // of a backend: how many of its servers have each check status
};

struct Metric {
  std::string_view name;  // after "haproxy_<kind>_"
  bool is_counter = false;
  uint8_t kinds = 0;
  Field field = Field::kPxname;
  Shape shape = Shape::kPlain;
  bool http_only = false;  // left out for proxies in mode tcp
  std::string_view help;
};

struct ProcessMetric {
  std::string_view name;  // after "haproxy_process_"
  bool is_counter = false;
  std::string_view item;  // the key of `show info`
  std::string_view help;
};

std::span<const Metric> Metrics();
std::span<const ProcessMetric> ProcessMetrics();

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_PROMETHEUS_TABLE_H_
