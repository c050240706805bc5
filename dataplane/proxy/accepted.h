// Accepted: a connection that a listener has accepted, on its way to becoming a session.
#ifndef LB_DATAPLANE_PROXY_ACCEPTED_H_
#define LB_DATAPLANE_PROXY_ACCEPTED_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "common/base/address.h"
#include "common/base/unique_fd.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

struct Accepted {
  WorkerContext* worker = nullptr;
  std::shared_ptr<const FrontendConfig> frontend;
  size_t bind = 0;  // index in frontend->binds
  UniqueFd fd;
  Address peer;
  Address local;  // our side
};

// What every accepted connection counts in: the process' and the frontend's load. Counts out when
// destroyed.
class ConnectionCount {
 public:
  ConnectionCount(WorkerContext* worker, std::shared_ptr<upstream::FrontendRuntime> frontend)
      : worker_(worker), frontend_(std::move(frontend)) {
    worker_->load->total_connections.fetch_add(1, std::memory_order_relaxed);
    upstream::RaiseMaximum(&worker_->load->max_connections_seen,
                           worker_->load->connections.fetch_add(1, std::memory_order_relaxed) + 1);
    upstream::RaiseMaximum(&frontend_->max_sessions,
                           frontend_->sessions.fetch_add(1, std::memory_order_relaxed) + 1);
    upstream::FrontendBlock& block = frontend_->counters[worker_->index];
    block.connections.Add();
    block.sessions.Add();
  }
  ConnectionCount(const ConnectionCount&) = delete;
  ConnectionCount& operator=(const ConnectionCount&) = delete;
  ~ConnectionCount() {
    frontend_->sessions.fetch_sub(1, std::memory_order_relaxed);
    worker_->load->connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  WorkerContext* const worker_;
  const std::shared_ptr<upstream::FrontendRuntime> frontend_;
};

// Fills in what a session knows from the start.
void InitSession(Session* session, const Accepted& accepted);

// Start a session that lives in the worker's list until it has ended.
void StartHttpSession(Accepted accepted);
void StartTcpSession(Accepted accepted);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_ACCEPTED_H_
