// The statistics page, for people: one self-contained HTML document, no scripts.
// Source of what can be shown: HAProxy configuration manual, "stats refresh", "stats hide-version",
// "stats show-node", "stats show-desc", "stats show-legends". The design is our own.
#ifndef LB_COMMON_STATS_HTML_H_
#define LB_COMMON_STATS_HTML_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/stats/process.h"
#include "common/stats/row.h"

namespace lb::stats {

struct PageOptions {
  std::string uri;               // of the page; the links to its other forms begin with it
  std::string version;           // empty: not shown ("stats hide-version")
  std::string node;              // empty: not shown
  std::string description;       // empty: not shown
  uint32_t refresh_seconds = 0;  // 0: not refreshed
  bool show_legends = false;
};

std::string RenderHtml(const std::vector<ProcessItem>& process, const std::vector<Row>& rows,
                       const PageOptions& options);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_HTML_H_
