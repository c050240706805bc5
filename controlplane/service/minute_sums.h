// MinuteSums: what every frontend, backend and server did in the minute that runs, out of counters
// that only grow. Pure; lives on the controller's loop thread.
//
//   sums.Observe("edge1", node.hello, node.counters);          // each report
//   records = sums.Close(*book.snapshot(), book.AllStates(), minute_unix_ms);  // each minute
//
// A data plane counts from its start. One that was at work before it was met begins with what it
// had; a counter that falls was cleared and counts from zero. Maxima of queues are summed over the
// data planes, which is an upper bound: they need not have had them at the same moment.
#ifndef LB_CONTROLPLANE_SERVICE_MINUTE_SUMS_H_
#define LB_CONTROLPLANE_SERVICE_MINUTE_SUMS_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "controlplane/store/state_store.h"
#include "lb/v1/dataplane.pb.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::service {

class MinuteSums {
 public:
  // `begin_unix_ms`: when counting began. A data plane that started later is new, and all that it
  // has counted happened since.
  explicit MinuteSums(int64_t begin_unix_ms) : begin_unix_ms_(begin_unix_ms) {}

  // The failed checks that `states` tell of are of before.
  void Begin(const std::vector<v1::ServerState>& states);

  // A data plane has reported. The same counters twice count once.
  void Observe(const std::string& node, const v1::Hello& hello, const v1::Counters& counters);

  // The minute that began at `minute_unix_ms` is over: its records, of what `snapshot` names and
  // of what did anything at all. `states` tell of failed checks.
  std::vector<store::MinuteRecord> Close(const v1::Snapshot& snapshot,
                                         const std::vector<v1::ServerState>& states,
                                         int64_t minute_unix_ms);

 private:
  // What has been counted so far, by one data plane.
  struct Seen {
    store::MinuteRecord totals;
    uint64_t max_queue = 0;         // since its start
    uint64_t minute_max_queue = 0;  // in the minute that runs
  };
  struct Node {
    uint64_t instance = 0;
    std::unordered_map<uint64_t, Seen> seen;  // by id
  };

  void Take(uint64_t id, const store::MinuteRecord& totals, uint64_t current_queue,
            uint64_t max_queue, bool is_baseline, Node* node);
  uint64_t FailedSince(const v1::ServerState& state);

  const int64_t begin_unix_ms_;
  std::unordered_map<std::string, Node> nodes_;
  std::unordered_map<uint64_t, store::MinuteRecord> sums_;  // of the minute that runs, by id
  std::unordered_map<ServerId, uint64_t> failed_checks_;    // as of the last minute's end
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_MINUTE_SUMS_H_
