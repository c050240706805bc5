// The Prometheus text of the statistics, with the names, labels and types of HAProxy 2.6's
// exporter, so that its dashboards and alert rules work. The help texts are our own.
// Source: a running HAProxy's "prometheus-exporter" service; text format 0.0.4.
#ifndef LB_COMMON_STATS_PROMETHEUS_H_
#define LB_COMMON_STATS_PROMETHEUS_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/stats/process.h"
#include "common/stats/row.h"

namespace lb::stats {

inline constexpr std::string_view kPrometheusContentType = "text/plain; version=0.0.4";

// Metrics of the process first, then those of frontends, backends and servers. A metric that
// nothing has a value for is left out.
std::string RenderPrometheus(const std::vector<ProcessItem>& process, const std::vector<Row>& rows);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_PROMETHEUS_H_
