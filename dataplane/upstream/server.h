// ServerRuntime: what lives on of a server while snapshots come and go: its state, its current
// load and its counters. Keyed by ServerId and owned by the Registry (dataplane/server), which
// keeps it while any snapshot or session may refer to it.
//
// Threads: state and load are atomics that any worker reads; state is written by the main thread
// only. Counters are one block per worker, written by that worker alone, summed by the main thread.
#ifndef LB_DATAPLANE_UPSTREAM_SERVER_H_
#define LB_DATAPLANE_UPSTREAM_SERVER_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/net/proxy_protocol.h"
#include "dataplane/http/h2_settings.h"
#include "dataplane/upstream/counters.h"
#include "dataplane/upstream/idle_pool.h"

namespace lb::upstream {

// How new work treats a server; the control plane's verdict (v1.ServerStatus).
enum class ServerStatus : uint8_t {
  kUp,  // also a server without a check
  kDown,
  kMaint,
  kDrain,    // finishes what it has, gets nothing new
  kPending,  // no verdict yet: who finds only such servers waits in the queue
};

enum class OnMarkedDown : uint8_t { kNone, kShutdownSessions };
enum class OnMarkedUp : uint8_t { kNone, kShutdownBackupSessions };

// Whose address connections to a server bear ("source ... usesrc").
enum class SourceUse : uint8_t {
  kOwn,       // one of the host's
  kForeign,   // a fixed one that is not the host's
  kClient,    // the client's, with its port
  kClientIp,  // the client's
  kHeaderIp,  // the one in a field of the request
};

// What the configuration says of a server. Immutable; part of a BackendConfig.
struct ServerConfig {
  ServerId id = 0;
  std::string name;
  uint32_t number = 0;    // "sid"
  uint32_t position = 0;  // in its backend, from 0
  Address address;
  std::string address_text;
  uint32_t weight = 1;
  uint32_t maxconn = 0;  // 0: no limit
  uint32_t minconn = 0;
  uint32_t maxqueue = 0;
  Millis slowstart{0};  // how long weight and maxconn grow after the server came up
  bool is_backup = false;
  bool is_disabled = false;
  OnMarkedDown on_marked_down = OnMarkedDown::kNone;
  OnMarkedUp on_marked_up = OnMarkedUp::kNone;
  bool keeps_idle = true;      // false: "pool-max-conn 0"
  uint32_t pool_max_conn = 0;  // idle connections of all workers together; 0: no limit
  Millis pool_purge_delay{5000};
  // Exchanges that a connection may carry after its first.
  uint32_t max_reuse = std::numeric_limits<uint32_t>::max();
  http::ConnectionProtocol protocol = http::ConnectionProtocol::kAny;
  // How connections are made, as one number: TLS and its files, the protocol. 0: plain. One that
  // was made in another manner, before the configuration changed, is not used again.
  uint64_t manner = 0;
  bool port_from_client = false;          // the port is the one the client connected to,
  int32_t port_offset = 0;                // plus this
  uint8_t send_proxy = 0;                 // the PROXY header's version; 0: none is sent
  net::ProxyHeaderOptions proxy_options;  // of version 2
  Address source;                         // unset: the kernel chooses
  std::string source_interface;
  SourceUse source_use = SourceUse::kOwn;
  std::string source_header;   // with kHeaderIp
  int source_occurrence = -1;  // from 1, or from the end with -1
};

class ServerRuntime {
 public:
  ServerRuntime(ServerId id, std::string backend, std::string name, size_t workers)
      : id(id),
        backend(std::move(backend)),
        name(std::move(name)),
        counters(workers),
        idle(workers) {}

  const ServerId id;
  const std::string backend;
  const std::string name;

  // Takes one of `limit` places (0: no limit). Any thread.
  bool TryAcquire(uint32_t limit);
  // Takes a place whatever the limit. Any thread.
  void Acquire();
  // Any thread. Those who wait for a place are woken by BackendRuntime::Release, not here.
  void ReleasePlace() { sessions.fetch_sub(1, std::memory_order_acq_rel); }

  // How many connections are worth having, idle ones included: as many as were in use at a time of
  // late. Any thread. Source: as HAProxy 2.6 sizes its pools of idle connections.
  uint32_t connections_needed() const {
    return std::max(needed_.load(std::memory_order_relaxed),
                    used_lately_.load(std::memory_order_relaxed));
  }
  // A period has passed: what it needed counts, what it did not is forgotten by halves.
  void AgeNeed();

  alignas(64) std::atomic<uint32_t> sessions{0};  // being served now
  std::atomic<uint32_t> max_sessions{0};
  std::atomic<uint32_t> idle_connections{0};
  std::atomic<ServerStatus> status{ServerStatus::kUp};
  // What the data plane saw of the server since the last report; taken by exchange(0).
  std::atomic<uint32_t> connect_failures{0};
  std::atomic<uint32_t> connect_successes{0};
  std::atomic<uint32_t> bad_responses{0};

  // Set by the main thread when no configuration has the server any more: connections are not kept.
  std::atomic<bool> is_retired{false};

  UpstreamCounters counters;
  // Each worker's own; emptied by the worker before the server goes.
  PerWorker<IdlePool> idle;

 private:
  void NoteUse(uint32_t used);

  std::atomic<uint32_t> needed_{0};
  std::atomic<uint32_t> used_lately_{0};  // the most sessions of this period
};

// Raises `max` to `value` when that is larger. Any thread.
void RaiseMaximum(std::atomic<uint32_t>* max, uint32_t value);

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_SERVER_H_
