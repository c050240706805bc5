// Getting a connection to a server: choose, wait in the queue, connect, retry, redispatch.
// The same for TCP sessions and HTTP exchanges.
//
// Source: HAProxy configuration manual, "balance", "maxconn", "timeout queue", "timeout connect",
// "retries", "option redispatch", "http-reuse".
#ifndef LB_DATAPLANE_PROXY_UPSTREAM_CONNECT_H_
#define LB_DATAPLANE_PROXY_UPSTREAM_CONNECT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/event/task.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/h2_upstream.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/upstream/idle_pool.h"

namespace lb::proxy {

enum class Reuse : uint8_t;

enum class ConnectResult : uint8_t {
  kConnected,
  kNoServer,      // 503, "SC": none is usable
  kQueueTimeout,  // 503, "sQ"
  kRefused,       // 503, "SC": every attempt failed
  kTimeout,       // 503, "sC": the last attempt timed out
  kNoResources,   // 503, "SC": no descriptor left
  kClientGone,    // 503, "CQ" or "CC": nobody is left to connect for
  kAborted,       // the session is being ended
};

// A place on a server, and what came of getting it. Gives the place back when destroyed.
class UpstreamLease {
 public:
  // `txn` is what expressions of the server's line see.
  UpstreamLease(WorkerContext* worker, Session* session,
                std::shared_ptr<const BackendConfig> backend, rules::TxnContext* txn);
  UpstreamLease(const UpstreamLease&) = delete;
  UpstreamLease& operator=(const UpstreamLease&) = delete;
  ~UpstreamLease();

  // The connection, after kConnected; the caller takes it out.
  std::unique_ptr<upstream::UpstreamConnection> connection;
  // Set instead of `connection` when the server is spoken to in HTTP/2.
  std::shared_ptr<H2Upstream> h2;
  bool is_reused = false;

  const std::optional<upstream::Candidate>& place() const { return place_; }
  upstream::UpstreamBlock* server_block() const;
  // Of the server that was tried last, also when the place has been given back; null: none was.
  const upstream::ServerRuntime* last_server() const { return last_server_.get(); }
  upstream::UpstreamBlock* last_server_block() const {
    return last_server_ != nullptr ? &last_server_->counters[worker_->index] : nullptr;
  }
  upstream::UpstreamBlock* backend_block() const;
  // Where the last attempt went; unset: there was none.
  const Address& server_address() const { return server_address_; }

  // For the log. Times in whole milliseconds, -1: that stage was not reached.
  int32_t queue_ms = -1;
  int32_t connect_ms = -1;
  uint32_t retries = 0;
  bool was_redispatched = false;
  uint32_t queue_position = 0;  // how many waited before, in the backend's queue

  // Gives the place back now.
  void ReleasePlace();

 private:
  friend event::Task<ConnectResult> ConnectUpstream(UpstreamLease* lease, Reuse reuse);
  // The new connection speaks HTTP/2: others may come to share it.
  void ShareConnection();
  bool TakeSharedConnection(Reuse reuse);
  // Whether a connection that another exchange is just making would do.
  bool MayShareAttempt(Reuse reuse) const;
  friend event::Task<ConnectResult> AwaitAttempt(UpstreamLease* lease, H2Attempt* attempt,
                                                 Reuse reuse);
  void CountReuse();
  friend bool TryReuse(UpstreamLease* lease, Reuse reuse);
  friend event::Task<ConnectResult> WaitForPlace(UpstreamLease* lease);
  friend event::Task<ConnectResult> ConnectOnce(UpstreamLease* lease);
  friend event::Task<ConnectResult> SendProxyHeader(UpstreamLease* lease, SteadyTime deadline);
  friend event::Task<ConnectResult> ShakeHands(UpstreamLease* lease, SteadyTime deadline);
  // Chooses a server that has a free place, another than `avoid` if there is one. False: none has.
  bool ChoosePlace(const upstream::ServerRuntime* avoid);
  // With the place held: takes an idle connection to the server. False: there is none.
  bool TakeIdleConnection(Reuse reuse);
  void HoldPlace(upstream::Candidate place, SteadyTime since);
  // What sets a connection to the server apart from those for other clients or names.
  std::string MakePurpose() const;
  const ServerTls& tls() const { return backend_->server_tls[place_->config->position]; }

  WorkerContext* const worker_;
  Session* const session_;
  const std::shared_ptr<const BackendConfig> backend_;
  rules::TxnContext* const txn_;
  std::optional<upstream::Candidate> place_;
  std::string server_name_;  // for TLS to the server whose place is held; empty: none
  std::shared_ptr<upstream::ServerRuntime> last_server_;
  Address server_address_;
};

// Which idle connections will do.
enum class Reuse : uint8_t {
  kNone,
  kShared,  // those in HTTP/2 that have brought a response; others would be the session's own
  kProven,  // those that have been reused before
  kAny,
};

// Fills the lease with an idle connection, without any waiting. False: ConnectUpstream() is needed,
// which goes on from where this came.
bool TryReuse(UpstreamLease* lease, Reuse reuse);

// Fills the lease, which must outlive the task.
event::Task<ConnectResult> ConnectUpstream(UpstreamLease* lease, Reuse reuse);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_UPSTREAM_CONNECT_H_
