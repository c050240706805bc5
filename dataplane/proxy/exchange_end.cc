#include "dataplane/proxy/exchange_end.h"

#include "dataplane/proxy/access_log.h"
#include "dataplane/proxy/millis.h"

namespace lb::proxy {
namespace {

void CountEnd(Exchange* x, const UpstreamLease* lease) {
  const size_t worker = x->worker->index;
  upstream::FrontendBlock& front = x->frontend->runtime->counters[worker];
  front.bytes_in.Add(x->bytes_from_client);
  front.bytes_out.Add(x->bytes_to_client);
  if (x->response.status != 0) front.responses.Add(x->response.status);
  if (x->backend == nullptr) return;

  upstream::UpstreamBlock* blocks[2] = {&x->backend->runtime->counters[worker], nullptr};
  if (lease != nullptr) blocks[1] = lease->last_server_block();
  for (upstream::UpstreamBlock* block : blocks) {
    if (block == nullptr) continue;
    block->bytes_in.Add(x->bytes_from_client);
    block->bytes_out.Add(x->bytes_to_client);
    if (x->response.status != 0) block->responses.Add(x->response.status);
    if (x->cause == 'C' || x->cause == 'c') block->client_aborts.Add();
    if ((x->cause == 'S' || x->cause == 's') && x->stage == 'D') block->server_aborts.Add();
    if (x->log.response_ms >= 0) {
      block->queue_time.Add(static_cast<uint64_t>(std::max(x->log.queue_ms, 0)));
      block->connect_time.Add(static_cast<uint64_t>(std::max(x->log.connect_ms, 0)));
      block->response_time.Add(static_cast<uint64_t>(x->log.response_ms));
      block->total_time.Add(static_cast<uint64_t>(x->log.total_ms));
    }
  }
}

// Source: HAProxy configuration manual, "option dontlog-normal".
bool IsError(const Exchange& x) {
  const bool is_local = x.cause == 'L';
  return (x.cause != '-' && !is_local) || x.counts_as_retry_or_redispatch ||
         x.response.status >= 500;
}

void FillLog(Exchange* x, const UpstreamLease* lease) {
  rules::LogFacts& log = x->log;
  log.termination = {x->cause, x->stage, '-', '-'};
  log.process_connections = x->worker->load->connections.load(std::memory_order_relaxed);
  log.frontend_connections = x->frontend->runtime->sessions.load(std::memory_order_relaxed);
  if (x->backend != nullptr) {
    log.backend_connections = x->backend->runtime->sessions.load(std::memory_order_relaxed);
  }
  if (lease != nullptr) {
    log.queue_ms = lease->queue_ms;
    log.connect_ms = lease->connect_ms;
    log.retries = lease->retries;
    log.was_redispatched = lease->was_redispatched;
    log.backend_queue = lease->queue_position;
    if (const upstream::ServerRuntime* server = lease->last_server()) {
      log.server_connections = server->sessions.load(std::memory_order_relaxed);
    }
  }
  if (x->response.status != 0) log.status = x->response.status;
  if (log.status == 0) log.status = -1;
  log.bytes_read = x->bytes_to_client;
  log.bytes_uploaded = x->bytes_from_client;
}

void WriteLine(Exchange* x) {
  const SteadyTime now = x->worker->loop->now();
  const WallTime wall = x->worker->loop->wall_now();
  x->log.accepted_at = wall - (now - x->ready_at);
  x->log.request_at = wall - (now - x->first_byte_at);
  x->txn.log = &x->log;
  WriteAccessLog(x->worker, *x->frontend, &x->txn, IsError(*x));
  x->txn.log = nullptr;
}

}  // namespace

void LogEarly(Exchange* x, const UpstreamLease& lease) {
  if (!IsLogged(*x->frontend)) return;
  // The head counts among the bytes of the line.
  x->client->response_sink()->Flush();
  x->bytes_to_client += x->client->TakeSentBytes();
  x->log.total_ms = MillisBetween(x->ready_at, x->worker->loop->now());
  x->log.is_log_asap = true;
  FillLog(x, &lease);
  WriteLine(x);
  x->txn.request = &x->request;
  x->is_logged = true;
}

void EndExchange(Exchange* x, const UpstreamLease* lease) {
  const SteadyTime now = x->worker->loop->now();
  x->log.total_ms = MillisBetween(x->ready_at, now);
  x->session->bytes_in += x->bytes_from_client;
  x->session->bytes_out += x->bytes_to_client;
  if (x->session->is_killed()) {
    x->cause = static_cast<char>(x->session->kill_reason());
  }
  if (x->backend != nullptr) {
    x->backend->runtime->sessions.fetch_sub(1, std::memory_order_relaxed);
  }
  FillLog(x, lease);
  CountEnd(x, lease);
  if (IsLogged(*x->frontend) && !x->is_logged) WriteLine(x);
}

}  // namespace lb::proxy
