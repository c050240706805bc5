// BackendView: which servers of a backend can be chosen right now, and in which order. Pure data,
// made by BuildView() on the main thread whenever a state, a weight or the configuration changes,
// and posted to the workers; immutable from then on.
//
// Balancers (one file each) choose from a view; they are stateless but for the shared counter.
#ifndef LB_DATAPLANE_UPSTREAM_VIEW_H_
#define LB_DATAPLANE_UPSTREAM_VIEW_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/address.h"
#include "dataplane/upstream/server.h"

namespace lb::upstream {

// Source: HAProxy configuration manual, "balance".
enum class Algorithm : uint8_t { kRoundRobin, kStaticRoundRobin, kLeastConn, kFirst, kRandom };

// One server that can be chosen.
struct Candidate {
  std::shared_ptr<const ServerConfig> config;
  std::shared_ptr<ServerRuntime> runtime;
  Address address;  // the operator's, or the configuration's
  uint32_t weight = 1;
  uint32_t maxconn = 0;
  uint32_t minconn = 0;
};

struct BackendView {
  std::vector<Candidate> candidates;  // in file order; never one of weight 0
  // Round robin: indices of `candidates`, each as often as its weight, evenly spread. Everybody
  // walks this one list with one shared counter, so the order is exact across workers.
  std::vector<uint32_t> schedule;
  // Sums of weights, for weighted draws: cumulative[i] is the sum up to candidate i.
  std::vector<uint32_t> cumulative;
  // Some server has had no verdict yet: with no candidates, wait instead of failing.
  bool has_pending = false;
  uint32_t usable_servers = 0;  // as nbsrv() counts
  uint64_t fullconn = 0;
};

// One server's place in BuildView()'s input.
struct ServerEntry {
  std::shared_ptr<const ServerConfig> config;
  std::shared_ptr<ServerRuntime> runtime;
  ServerStatus status = ServerStatus::kUp;
  uint32_t weight = 1;
  Address address;
  uint32_t maxconn = 0;
};

// Chooses the usable servers: all that are up and not backups; when there is none, the first usable
// backup, or every one with "option allbackups".
std::shared_ptr<const BackendView> BuildView(const std::vector<ServerEntry>& servers,
                                             bool all_backups, uint64_t fullconn);

// Smooth weighted round robin: a schedule in which candidate i stands weights[i] / gcd times.
std::vector<uint32_t> BuildSchedule(const std::vector<uint32_t>& weights);

// The limit that holds now: between minconn and maxconn as the backend fills up to fullconn.
// Source: HAProxy configuration manual, "minconn", "fullconn".
uint32_t DynamicLimit(const Candidate& candidate, const BackendView& view,
                      uint32_t backend_sessions);

// What a choice may depend on besides the view.
struct PickInput {
  std::atomic<uint64_t>* turn = nullptr;  // round robin's shared counter
  uint64_t random = 0;                    // random bits
  uint32_t random_draws = 2;
  uint32_t backend_sessions = 0;
  const ServerRuntime* avoid = nullptr;  // the server that has just failed; taken only if alone
};

// Chooses a server with a free place and takes the place. Null: all are full, or there is none.
const Candidate* Pick(const BackendView& view, Algorithm algorithm, const PickInput& input);

// The balancers behind Pick(). Each returns a candidate whose place is taken, or null.
const Candidate* PickRoundRobin(const BackendView& view, const PickInput& input);
const Candidate* PickLeastConn(const BackendView& view, const PickInput& input);
const Candidate* PickFirst(const BackendView& view, const PickInput& input);
const Candidate* PickRandom(const BackendView& view, const PickInput& input);

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_VIEW_H_
