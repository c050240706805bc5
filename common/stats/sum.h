// Sum: the counters of several data planes as those of one.
//
// Totals, rates and current numbers add up exactly. So do maxima, but their sum is an upper bound:
// the nodes need not have had theirs at the same moment. Averages of times are weighted by the
// responses each node saw; the time of the last session is the latest. Of the process, workers
// and limits add up, the start is the earliest, and idle_percent is weighted by workers.
#ifndef LB_COMMON_STATS_SUM_H_
#define LB_COMMON_STATS_SUM_H_

#include <vector>

#include "lb/v1/state.pb.h"

namespace lb::stats {

// Frontends, backends and servers are in the order in which they are first met.
v1::Counters Sum(const std::vector<v1::Counters>& nodes);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_SUM_H_
