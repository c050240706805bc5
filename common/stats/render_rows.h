// Rows as text for machines: HAProxy's CSV, typed and JSON forms.
#ifndef LB_COMMON_STATS_RENDER_ROWS_H_
#define LB_COMMON_STATS_RENDER_ROWS_H_

#include <string>
#include <vector>

#include "common/stats/row.h"

namespace lb::stats {

// The header line "# pxname,svname,...," and a line a row.
// Source: HAProxy management guide, section 9.1.
std::string RenderCsv(const std::vector<Row>& rows);

// One line a value: "S.<iid>.<sid>.<position>.<name>.1:<tags>:<type>:<value>".
// Source: section 9.2.
std::string RenderTyped(const std::vector<Row>& rows);

// A list of rows, each a list of values; one line.
std::string RenderJson(const std::vector<Row>& rows);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_RENDER_ROWS_H_
