#include "common/stats/sum.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace lb::stats {
namespace {

void AddResponses(const google::protobuf::RepeatedField<uint64_t>& from,
                  google::protobuf::RepeatedField<uint64_t>* to) {
  while (to->size() < from.size()) to->Add(0);
  for (int i = 0; i < from.size(); ++i) to->Set(i, to->Get(i) + from.Get(i));
}

void Add(const v1::FrontendCounters& from, v1::FrontendCounters* to) {
  to->set_current_sessions(to->current_sessions() + from.current_sessions());
  to->set_max_sessions(to->max_sessions() + from.max_sessions());
  to->set_connections(to->connections() + from.connections());
  to->set_sessions(to->sessions() + from.sessions());
  to->set_bytes_in(to->bytes_in() + from.bytes_in());
  to->set_bytes_out(to->bytes_out() + from.bytes_out());
  to->set_denied_requests(to->denied_requests() + from.denied_requests());
  to->set_denied_responses(to->denied_responses() + from.denied_responses());
  to->set_request_errors(to->request_errors() + from.request_errors());
  to->set_requests(to->requests() + from.requests());
  to->set_session_rate(to->session_rate() + from.session_rate());
  to->set_session_rate_max(to->session_rate_max() + from.session_rate_max());
  to->set_request_rate(to->request_rate() + from.request_rate());
  to->set_request_rate_max(to->request_rate_max() + from.request_rate_max());
  AddResponses(from.responses(), to->mutable_responses());
  to->set_session_limit(to->session_limit() + from.session_limit());
  to->set_connection_rate(to->connection_rate() + from.connection_rate());
  to->set_connection_rate_max(to->connection_rate_max() + from.connection_rate_max());
  to->set_intercepted(to->intercepted() + from.intercepted());
  to->set_h2_connections(to->h2_connections() + from.h2_connections());
  to->set_h2_connection_errors(to->h2_connection_errors() + from.h2_connection_errors());
  to->set_h2_stream_errors(to->h2_stream_errors() + from.h2_stream_errors());
  to->set_h2_glitches(to->h2_glitches() + from.h2_glitches());
}

// The mean of two means; of equal weight when neither has counted anything.
uint32_t Mean(uint32_t a, uint64_t a_weight, uint32_t b, uint64_t b_weight) {
  const uint64_t weight = a_weight + b_weight;
  if (weight == 0) return std::max(a, b);
  return static_cast<uint32_t>((a * a_weight + b * b_weight) / weight);
}

void AddTimes(const v1::BackendCounters& from, v1::BackendCounters* to) {
  const uint64_t have = to->sessions();
  const uint64_t more = from.sessions();
  to->set_queue_time_ms(Mean(to->queue_time_ms(), have, from.queue_time_ms(), more));
  to->set_connect_time_ms(Mean(to->connect_time_ms(), have, from.connect_time_ms(), more));
  to->set_response_time_ms(Mean(to->response_time_ms(), have, from.response_time_ms(), more));
  to->set_total_time_ms(Mean(to->total_time_ms(), have, from.total_time_ms(), more));
  to->set_max_queue_time_ms(std::max(to->max_queue_time_ms(), from.max_queue_time_ms()));
  to->set_max_connect_time_ms(std::max(to->max_connect_time_ms(), from.max_connect_time_ms()));
  to->set_max_response_time_ms(std::max(to->max_response_time_ms(), from.max_response_time_ms()));
  to->set_max_total_time_ms(std::max(to->max_total_time_ms(), from.max_total_time_ms()));
}

void Add(const v1::BackendCounters& from, v1::BackendCounters* to) {
  AddTimes(from, to);  // first: it weighs by the sessions that `to` has so far
  to->set_current_sessions(to->current_sessions() + from.current_sessions());
  to->set_max_sessions(to->max_sessions() + from.max_sessions());
  to->set_sessions(to->sessions() + from.sessions());
  to->set_bytes_in(to->bytes_in() + from.bytes_in());
  to->set_bytes_out(to->bytes_out() + from.bytes_out());
  to->set_denied_requests(to->denied_requests() + from.denied_requests());
  to->set_denied_responses(to->denied_responses() + from.denied_responses());
  to->set_connect_errors(to->connect_errors() + from.connect_errors());
  to->set_response_errors(to->response_errors() + from.response_errors());
  to->set_retries(to->retries() + from.retries());
  to->set_redispatches(to->redispatches() + from.redispatches());
  to->set_current_queue(to->current_queue() + from.current_queue());
  to->set_max_queue(to->max_queue() + from.max_queue());
  to->set_requests(to->requests() + from.requests());
  to->set_client_aborts(to->client_aborts() + from.client_aborts());
  to->set_server_aborts(to->server_aborts() + from.server_aborts());
  to->set_chosen(to->chosen() + from.chosen());
  to->set_session_rate(to->session_rate() + from.session_rate());
  to->set_session_rate_max(to->session_rate_max() + from.session_rate_max());
  to->set_last_session_unix_ms(std::max(to->last_session_unix_ms(), from.last_session_unix_ms()));
  AddResponses(from.responses(), to->mutable_responses());
  to->set_connect_attempts(to->connect_attempts() + from.connect_attempts());
  to->set_reused_connections(to->reused_connections() + from.reused_connections());
  to->set_idle_connections(to->idle_connections() + from.idle_connections());
  to->set_used_connections(to->used_connections() + from.used_connections());
}

void Add(const v1::ProcessCounters& from, v1::ProcessCounters* to) {
  to->set_idle_percent(
      Mean(to->idle_percent(), to->workers(), from.idle_percent(), from.workers()));
  if (to->pid() == 0) to->set_pid(from.pid());
  const int64_t started = from.started_unix_ms();
  if (to->started_unix_ms() == 0 || (started != 0 && started < to->started_unix_ms())) {
    to->set_started_unix_ms(started);
  }
  to->set_workers(to->workers() + from.workers());
  to->set_max_connections(to->max_connections() + from.max_connections());
  to->set_hard_max_connections(to->hard_max_connections() + from.hard_max_connections());
  to->set_current_connections(to->current_connections() + from.current_connections());
  to->set_total_connections(to->total_connections() + from.total_connections());
  to->set_total_requests(to->total_requests() + from.total_requests());
  to->set_connection_rate(to->connection_rate() + from.connection_rate());
  to->set_connection_rate_max(to->connection_rate_max() + from.connection_rate_max());
  to->set_max_descriptors(to->max_descriptors() + from.max_descriptors());
  to->set_bytes_out(to->bytes_out() + from.bytes_out());
  to->set_dropped_logs(to->dropped_logs() + from.dropped_logs());
  to->set_memory_bytes(to->memory_bytes() + from.memory_bytes());
  to->set_session_rate(to->session_rate() + from.session_rate());
  to->set_session_rate_max(to->session_rate_max() + from.session_rate_max());
  to->set_tls_connections(to->tls_connections() + from.tls_connections());
  to->set_total_tls_connections(to->total_tls_connections() + from.total_tls_connections());
  to->set_tls_rate(to->tls_rate() + from.tls_rate());
  to->set_tls_rate_max(to->tls_rate_max() + from.tls_rate_max());
  to->set_tls_key_rate(to->tls_key_rate() + from.tls_key_rate());
  to->set_tls_key_rate_max(to->tls_key_rate_max() + from.tls_key_rate_max());
  to->set_server_tls_key_rate(to->server_tls_key_rate() + from.server_tls_key_rate());
  to->set_server_tls_key_rate_max(to->server_tls_key_rate_max() + from.server_tls_key_rate_max());
  to->set_is_stopping(to->is_stopping() || from.is_stopping());
}

// Adds each of `from` to the one of the same id in `to`.
template <typename Counters>
class Merge {
 public:
  explicit Merge(google::protobuf::RepeatedPtrField<Counters>* to) : to_(to) {}

  void Take(const google::protobuf::RepeatedPtrField<Counters>& from) {
    for (const Counters& one : from) {
      auto [place, is_new] = places_.emplace(one.id(), to_->size());
      if (is_new) to_->Add()->set_id(one.id());
      Add(one, to_->Mutable(place->second));
    }
  }

 private:
  google::protobuf::RepeatedPtrField<Counters>* to_;
  std::unordered_map<uint64_t, int> places_;
};

}  // namespace

v1::Counters Sum(const std::vector<v1::Counters>& nodes) {
  v1::Counters sum;
  Merge frontends(sum.mutable_frontends());
  Merge backends(sum.mutable_backends());
  Merge servers(sum.mutable_servers());
  for (const v1::Counters& node : nodes) {
    sum.set_at_unix_ms(std::max(sum.at_unix_ms(), node.at_unix_ms()));
    frontends.Take(node.frontends());
    backends.Take(node.backends());
    servers.Take(node.servers());
    Add(node.process(), sum.mutable_process());
  }
  return sum;
}

}  // namespace lb::stats
