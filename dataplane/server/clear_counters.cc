// "clear counters": the writing side of counters.h.
#include "dataplane/server/counters.h"

namespace lb::server {
namespace {

using upstream::Count;

void Clear(upstream::ResponseCounts* responses) {
  for (Count& count : responses->by_class) count.Set(0);
}

void Clear(upstream::FrontendBlock* block) {
  for (Count* count : {&block->connections, &block->sessions, &block->bytes_in, &block->bytes_out,
                       &block->denied_requests, &block->denied_responses, &block->request_errors,
                       &block->requests, &block->h2_connections, &block->h2_connection_errors,
                       &block->h2_stream_errors, &block->h2_glitches}) {
    count->Set(0);
  }
  Clear(&block->responses);
}

void Clear(upstream::UpstreamBlock* block, bool all) {
  for (upstream::TimeAverage* average :
       {&block->queue_time, &block->connect_time, &block->response_time, &block->total_time}) {
    average->ClearMax();
  }
  if (!all) return;
  for (Count* count :
       {&block->sessions, &block->bytes_in, &block->bytes_out, &block->denied_requests,
        &block->denied_responses, &block->connect_errors, &block->response_errors, &block->retries,
        &block->redispatches, &block->requests, &block->client_aborts, &block->server_aborts,
        &block->chosen, &block->connect_attempts, &block->reused_connections}) {
    count->Set(0);
  }
  Clear(&block->responses);
}

template <typename Runtime>
void ClearMaxSessions(Runtime* runtime) {
  runtime->max_sessions.store(runtime->sessions.load(std::memory_order_relaxed),
                              std::memory_order_relaxed);
}

}  // namespace

void ClearBlocks(const ServingSet& serving, size_t worker, bool all) {
  if (all) {
    for (const auto& [id, runtime] : serving.frontends) Clear(&runtime->counters[worker]);
  }
  for (const auto& [id, runtime] : serving.backends) Clear(&runtime->counters[worker], all);
  for (const ServingSet::Server& server : serving.servers) {
    Clear(&server.runtime->counters[worker], all);
  }
}

void ClearMaxima(const ServingSet& serving, proxy::ProcessLoad* load) {
  for (const auto& [id, runtime] : serving.frontends) ClearMaxSessions(runtime.get());
  for (const auto& [id, runtime] : serving.backends) {
    ClearMaxSessions(runtime.get());
    runtime->queue.max_size()->store(runtime->queue.size(), std::memory_order_relaxed);
  }
  for (const ServingSet::Server& server : serving.servers) ClearMaxSessions(server.runtime.get());
  load->max_connections_seen.store(load->connections.load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
}

}  // namespace lb::server
