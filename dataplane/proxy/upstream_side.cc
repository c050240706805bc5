#include "dataplane/proxy/upstream_side.h"

#include <algorithm>
#include <utility>

namespace lb::proxy {

bool ClosesServer(const Exchange& x) {
  return x.backend->connection_mode != ConnectionMode::kKeepAlive ||
         x.frontend->connection_mode == ConnectionMode::kClose;
}

UpstreamSide::UpstreamSide(Exchange* x, UpstreamLease* lease) {
  if (lease->h2 != nullptr) {
    side_ = &h2_.emplace(std::move(lease->h2), &x->arena, &x->response);
    return;
  }
  side_ = &h1_.emplace(std::move(lease->connection), &x->worker->buffers);
  if (x->backend->adjust_case) h1_->set_case_map(&x->config->case_map);
  h1_->set_lenient(x->backend->accept_violations);
  x->session->set_upstream(&h1_->connection().stream);
}

void UpstreamSide::GiveBack(Exchange* x, UpstreamLease* lease, bool is_request_sent) {
  if (!h1_.has_value()) return;
  x->session->set_upstream(nullptr);
  const upstream::ServerConfig& config = *lease->place()->config;
  upstream::ServerRuntime& runtime = *lease->place()->runtime;
  const bool may_keep =
      is_request_sent && !ClosesServer(*x) && x->backend->http_reuse != HttpReuse::kNever &&
      config.keeps_idle && h1_->connection().exchanges <= config.max_reuse &&
      !runtime.is_retired.load(std::memory_order_relaxed) && !x->session->is_killed() &&
      runtime.status.load(std::memory_order_relaxed) == upstream::ServerStatus::kUp &&
      h1_->IsReusable();
  if (!may_keep) return;
  const uint32_t idle = runtime.idle_connections.load(std::memory_order_relaxed);
  if (config.pool_max_conn != 0 && idle >= config.pool_max_conn) return;
  // This one still counts as in use.
  const uint32_t used = runtime.sessions.load(std::memory_order_relaxed);
  if (used + idle > std::max(used, runtime.connections_needed())) return;
  runtime.idle_connections.fetch_add(1, std::memory_order_relaxed);
  runtime.idle[x->worker->index].Put(h1_->TakeConnection(), x->worker->loop->now());
}

}  // namespace lb::proxy
