// Counters: the sums of what workers count, as messages; and rates, sampled once a second.
//
// CollectCounters() reads atomics and immutable objects only: any thread. RateSampler belongs to
// the main thread; the tables it makes are immutable.
#ifndef LB_DATAPLANE_SERVER_COUNTERS_H_
#define LB_DATAPLANE_SERVER_COUNTERS_H_

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "common/base/clock.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/server/registry.h"
#include "lb/v1/dataplane.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::server {

struct Rate {
  uint64_t total = 0;  // at the last sample
  uint32_t now = 0;
  uint32_t max = 0;
};

// A backend and a server have no connection rate, and no request rate of their own.
struct Rates {
  Rate sessions;
  Rate requests;
  Rate connections;
};

struct RateTable {
  std::unordered_map<FrontendId, Rates> frontends;
  std::unordered_map<BackendId, Rates> backends;
  std::unordered_map<ServerId, Rates> servers;
  Rates process;
  Rate tls;  // connections of clients
  Rate tls_keys;
  Rate server_tls_keys;
  uint32_t idle_percent = 100;
};

class RateSampler {
 public:
  // One sample; `waited_nanos` is the sum over `workers` workers.
  std::shared_ptr<const RateTable> Sample(const ServingSet& serving, const proxy::ProcessLoad& load,
                                          SteadyTime now, size_t workers, int64_t waited_nanos);
  // "clear counters": maxima begin anew at the present rates.
  void ClearMaxima();
  // The last one made.
  std::shared_ptr<const RateTable> table() const { return table_; }

 private:
  std::shared_ptr<RateTable> table_ = std::make_shared<RateTable>();
  SteadyTime sampled_at_{};
  int64_t waited_nanos_ = 0;
};

// Facts of the process that do not change while it runs.
struct ProcessConstants {
  uint32_t pid = 0;
  int64_t started_unix_ms = 0;
  uint32_t workers = 0;
  uint32_t max_descriptors = 0;
};

v1::Counters CollectCounters(const ServingSet& serving, const RateTable& rates,
                             const proxy::ProcessLoad& load, const ProcessConstants& process,
                             WallTime now);

// What was seen of servers since the last call; only those of which there is something to tell.
void TakeObservations(const ServingSet& serving, v1::Report* report);

// "clear counters", in two halves: each worker's own blocks, on its thread ...
void ClearBlocks(const ServingSet& serving, size_t worker, bool all);
// ... and the maxima that are shared. Main thread.
void ClearMaxima(const ServingSet& serving, proxy::ProcessLoad* load);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_COUNTERS_H_
