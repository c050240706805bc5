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

// What every accepted connection counts in: the process', the frontend's and its bind's load.
// Counts out when destroyed.
class ConnectionCount {
 public:
  explicit ConnectionCount(const Accepted& accepted)
      : worker_(accepted.worker),
        frontend_(accepted.frontend->runtime),
        bind_(accepted.frontend->binds[accepted.bind].runtime) {
    if (bind_ != nullptr) bind_->connections.fetch_add(1, std::memory_order_relaxed);
    worker_->load->total_connections.fetch_add(1, std::memory_order_relaxed);
    upstream::RaiseMaximum(&worker_->load->max_connections_seen,
                           worker_->load->connections.fetch_add(1, std::memory_order_relaxed) + 1);
    upstream::RaiseMaximum(&frontend_->max_sessions,
                           frontend_->sessions.fetch_add(1, std::memory_order_relaxed) + 1);
    upstream::FrontendBlock& block = frontend_->counters[worker_->index];
    block.connections.Add();
  }
  ConnectionCount(const ConnectionCount&) = delete;
  ConnectionCount& operator=(const ConnectionCount&) = delete;
  // It is about to speak TLS. False: `limit` do already (0: no limit), and it does not count.
  bool NoteTls(uint32_t limit) {
    ProcessLoad& load = *worker_->load;
    const uint32_t before = load.tls_connections.fetch_add(1, std::memory_order_relaxed);
    if (limit != 0 && before >= limit) {
      load.tls_connections.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    load.total_tls_connections.fetch_add(1, std::memory_order_relaxed);
    is_tls_ = true;
    return true;
  }
  // The connection has become a session: its rules let it pass, and what must come before the first
  // byte has come.
  void NoteSession() { frontend_->counters[worker_->index].sessions.Add(); }
  ~ConnectionCount() {
    if (bind_ != nullptr) bind_->connections.fetch_sub(1, std::memory_order_relaxed);
    frontend_->sessions.fetch_sub(1, std::memory_order_relaxed);
    worker_->load->connections.fetch_sub(1, std::memory_order_relaxed);
    if (is_tls_) worker_->load->tls_connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  WorkerContext* const worker_;
  const std::shared_ptr<upstream::FrontendRuntime> frontend_;
  const std::shared_ptr<upstream::BindRuntime> bind_;
  bool is_tls_ = false;
};

// Fills in what a session knows from the start.
void InitSession(Session* session, const Accepted& accepted);

// "option nolinger": the end is told, and what the client does then does not matter any more. What
// it has not acknowledged yet is lost.
inline void EndWithoutWait(net::Stream* client) {
  client->ShutdownWrite();
  client->ResetOnClose();
}

// Start a session that lives in the worker's list until it has ended.
void StartHttpSession(Accepted accepted);
void StartTcpSession(Accepted accepted);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_ACCEPTED_H_
