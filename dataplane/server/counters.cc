#include "dataplane/server/counters.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

namespace lb::server {
namespace {

using upstream::Count;
using upstream::FrontendBlock;
using upstream::UpstreamBlock;

constexpr auto kRelaxed = std::memory_order_relaxed;

template <typename Block>
uint64_t SumOf(const upstream::PerWorker<Block>& blocks, Count Block::*field) {
  uint64_t sum = 0;
  for (size_t i = 0; i < blocks.size(); ++i) sum += (blocks[i].*field).get();
  return sum;
}

template <typename Block, typename Message>
void SetResponses(const upstream::PerWorker<Block>& blocks, Message* message) {
  for (size_t by_class = 0; by_class < 6; ++by_class) {
    uint64_t sum = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
      sum += blocks[i].responses.by_class[by_class].get();
    }
    message->add_responses(sum);
  }
}

struct Times {
  uint32_t average = 0;
  uint32_t max = 0;
};

Times TimesOf(const upstream::UpstreamCounters& blocks,
              upstream::TimeAverage UpstreamBlock::*field) {
  uint64_t sum = 0;
  uint64_t samples = 0;
  uint64_t max = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    sum += (blocks[i].*field).sum();
    samples += (blocks[i].*field).samples();
    max = std::max(max, (blocks[i].*field).max());
  }
  return {static_cast<uint32_t>(samples == 0 ? 0 : sum / samples), static_cast<uint32_t>(max)};
}

void SetTimes(const upstream::UpstreamCounters& blocks, v1::BackendCounters* message) {
  const Times queue = TimesOf(blocks, &UpstreamBlock::queue_time);
  const Times connect = TimesOf(blocks, &UpstreamBlock::connect_time);
  const Times response = TimesOf(blocks, &UpstreamBlock::response_time);
  const Times total = TimesOf(blocks, &UpstreamBlock::total_time);
  message->set_queue_time_ms(queue.average);
  message->set_connect_time_ms(connect.average);
  message->set_response_time_ms(response.average);
  message->set_total_time_ms(total.average);
  message->set_max_queue_time_ms(queue.max);
  message->set_max_connect_time_ms(connect.max);
  message->set_max_response_time_ms(response.max);
  message->set_max_total_time_ms(total.max);
}

void SetUpstream(const upstream::UpstreamCounters& blocks, v1::BackendCounters* message) {
  using B = UpstreamBlock;
  message->set_sessions(SumOf(blocks, &B::sessions));
  message->set_bytes_in(SumOf(blocks, &B::bytes_in));
  message->set_bytes_out(SumOf(blocks, &B::bytes_out));
  message->set_denied_requests(SumOf(blocks, &B::denied_requests));
  message->set_denied_responses(SumOf(blocks, &B::denied_responses));
  message->set_connect_errors(SumOf(blocks, &B::connect_errors));
  message->set_response_errors(SumOf(blocks, &B::response_errors));
  message->set_retries(SumOf(blocks, &B::retries));
  message->set_redispatches(SumOf(blocks, &B::redispatches));
  message->set_requests(SumOf(blocks, &B::requests));
  message->set_client_aborts(SumOf(blocks, &B::client_aborts));
  message->set_server_aborts(SumOf(blocks, &B::server_aborts));
  message->set_chosen(SumOf(blocks, &B::chosen));
  message->set_connect_attempts(SumOf(blocks, &B::connect_attempts));
  message->set_reused_connections(SumOf(blocks, &B::reused_connections));
  uint64_t last = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    last = std::max(last, blocks[i].last_session_unix_ms.get());
  }
  message->set_last_session_unix_ms(static_cast<int64_t>(last));
  SetResponses(blocks, message);
  SetTimes(blocks, message);
}

template <typename Id>
const Rates& RatesOf(const std::unordered_map<Id, Rates>& rates, Id id) {
  static const Rates kNone;
  auto found = rates.find(id);
  return found == rates.end() ? kNone : found->second;
}

void SetFrontend(const proxy::FrontendConfig& config, const Rates& rates, uint32_t process_limit,
                 v1::FrontendCounters* message) {
  using B = FrontendBlock;
  const upstream::FrontendRuntime& runtime = *config.runtime;
  const upstream::FrontendCounters& blocks = runtime.counters;
  message->set_id(config.id);
  message->set_current_sessions(runtime.sessions.load(kRelaxed));
  message->set_max_sessions(runtime.max_sessions.load(kRelaxed));
  message->set_connections(SumOf(blocks, &B::connections));
  message->set_sessions(SumOf(blocks, &B::sessions));
  message->set_bytes_in(SumOf(blocks, &B::bytes_in));
  message->set_bytes_out(SumOf(blocks, &B::bytes_out));
  message->set_denied_requests(SumOf(blocks, &B::denied_requests));
  message->set_denied_responses(SumOf(blocks, &B::denied_responses));
  message->set_request_errors(SumOf(blocks, &B::request_errors));
  message->set_requests(SumOf(blocks, &B::requests));
  message->set_h2_connections(SumOf(blocks, &B::h2_connections));
  message->set_h2_connection_errors(SumOf(blocks, &B::h2_connection_errors));
  message->set_h2_stream_errors(SumOf(blocks, &B::h2_stream_errors));
  message->set_h2_glitches(SumOf(blocks, &B::h2_glitches));
  SetResponses(blocks, message);
  message->set_session_rate(rates.sessions.now);
  message->set_session_rate_max(rates.sessions.max);
  message->set_request_rate(rates.requests.now);
  message->set_request_rate_max(rates.requests.max);
  message->set_connection_rate(rates.connections.now);
  message->set_connection_rate_max(rates.connections.max);
  message->set_session_limit(config.maxconn != 0 ? config.maxconn : process_limit);
}

void SetBackend(const proxy::BackendConfig& config, const Rates& rates,
                v1::BackendCounters* message) {
  upstream::BackendRuntime& runtime = *config.runtime;
  message->set_id(config.id);
  SetUpstream(runtime.counters, message);
  message->set_current_sessions(runtime.sessions.load(kRelaxed));
  message->set_max_sessions(runtime.max_sessions.load(kRelaxed));
  message->set_current_queue(runtime.queue.size());
  message->set_max_queue(runtime.queue.max_size()->load(kRelaxed));
  message->set_session_rate(rates.sessions.now);
  message->set_session_rate_max(rates.sessions.max);
}

void SetServer(const upstream::ServerRuntime& runtime, const Rates& rates,
               v1::BackendCounters* message) {
  message->set_id(runtime.id);
  SetUpstream(runtime.counters, message);
  message->set_current_sessions(runtime.sessions.load(kRelaxed));
  message->set_max_sessions(runtime.max_sessions.load(kRelaxed));
  message->set_session_rate(rates.sessions.now);
  message->set_session_rate_max(rates.sessions.max);
  message->set_idle_connections(runtime.idle_connections.load(kRelaxed));
  message->set_used_connections(runtime.sessions.load(kRelaxed));
}

uint64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

uint64_t DroppedLogs(const proxy::Config& config) {
  std::set<const net::SyslogSender*> senders;  // sections share them
  for (const auto& frontend : config.frontends) senders.insert(frontend->log.get());
  for (const auto& backend : config.backends) senders.insert(backend->log.get());
  uint64_t dropped = 0;
  for (const net::SyslogSender* sender : senders) dropped += sender->dropped();
  return dropped;
}

void Advance(uint64_t total, double seconds, Rate* rate) {
  // Cleared counters begin anew: what they have now came since.
  const uint64_t added = total >= rate->total ? total - rate->total : total;
  rate->total = total;
  rate->now = seconds > 0 ? static_cast<uint32_t>(static_cast<double>(added) / seconds + 0.5) : 0;
  rate->max = std::max(rate->max, rate->now);
}

void ClearMax(Rates* rates) {
  for (Rate* rate : {&rates->sessions, &rates->requests, &rates->connections}) {
    rate->max = rate->now;
  }
}

}  // namespace

std::shared_ptr<const RateTable> RateSampler::Sample(const ServingSet& serving,
                                                     const proxy::ProcessLoad& load, SteadyTime now,
                                                     size_t workers, int64_t waited_nanos) {
  // Without a sample before this one there is no span of time to divide by.
  const double seconds =
      sampled_at_ == SteadyTime{} ? 0 : std::chrono::duration<double>(now - sampled_at_).count();
  auto table = std::make_shared<RateTable>();
  table->process = table_->process;
  table->tls = table_->tls;
  table->tls_keys = table_->tls_keys;
  table->server_tls_keys = table_->server_tls_keys;
  uint64_t sessions = 0;
  for (const auto& [id, runtime] : serving.frontends) {
    Rates rates = RatesOf(table_->frontends, id);
    const uint64_t own = SumOf(runtime->counters, &FrontendBlock::sessions);
    sessions += own;
    Advance(own, seconds, &rates.sessions);
    Advance(SumOf(runtime->counters, &FrontendBlock::requests), seconds, &rates.requests);
    Advance(SumOf(runtime->counters, &FrontendBlock::connections), seconds, &rates.connections);
    table->frontends.emplace(id, rates);
  }
  for (const auto& [id, runtime] : serving.backends) {
    Rates rates = RatesOf(table_->backends, id);
    Advance(SumOf(runtime->counters, &UpstreamBlock::sessions), seconds, &rates.sessions);
    table->backends.emplace(id, rates);
  }
  for (const ServingSet::Server& server : serving.servers) {
    Rates rates = RatesOf(table_->servers, server.config->id);
    Advance(SumOf(server.runtime->counters, &UpstreamBlock::sessions), seconds, &rates.sessions);
    table->servers.emplace(server.config->id, rates);
  }
  Advance(load.total_connections.load(kRelaxed), seconds, &table->process.connections);
  Advance(sessions, seconds, &table->process.sessions);
  Advance(load.total_tls_connections.load(kRelaxed), seconds, &table->tls);
  Advance(load.tls_keys.load(kRelaxed), seconds, &table->tls_keys);
  Advance(load.server_tls_keys.load(kRelaxed), seconds, &table->server_tls_keys);
  if (seconds > 0) {
    const double waited = static_cast<double>(waited_nanos - waited_nanos_) / 1e9;
    const double share = waited / (seconds * static_cast<double>(std::max<size_t>(1, workers)));
    table->idle_percent = static_cast<uint32_t>(std::clamp(share, 0.0, 1.0) * 100);
  }
  sampled_at_ = now;
  waited_nanos_ = waited_nanos;
  table_ = std::move(table);
  return table_;
}

void RateSampler::ClearMaxima() {
  auto table = std::make_shared<RateTable>(*table_);
  for (auto& [id, rates] : table->frontends) ClearMax(&rates);
  for (auto& [id, rates] : table->backends) ClearMax(&rates);
  for (auto& [id, rates] : table->servers) ClearMax(&rates);
  ClearMax(&table->process);
  for (Rate* rate : {&table->tls, &table->tls_keys, &table->server_tls_keys}) rate->max = rate->now;
  table_ = std::move(table);
}

v1::Counters CollectCounters(const ServingSet& serving, const RateTable& rates,
                             const proxy::ProcessLoad& load, const ProcessConstants& constants,
                             WallTime now) {
  v1::Counters counters;
  const proxy::Config& config = *serving.config;
  counters.set_at_unix_ms(std::chrono::duration_cast<Millis>(now.time_since_epoch()).count());
  uint64_t bytes_out = 0;
  for (const auto& frontend : config.frontends) {
    v1::FrontendCounters* message = counters.add_frontends();
    SetFrontend(*frontend, RatesOf(rates.frontends, frontend->id), config.maxconn, message);
    bytes_out += message->bytes_out();
  }
  for (const auto& backend : config.backends) {
    SetBackend(*backend, RatesOf(rates.backends, backend->id), counters.add_backends());
  }
  for (const ServingSet::Server& server : serving.servers) {
    SetServer(*server.runtime, RatesOf(rates.servers, server.config->id), counters.add_servers());
  }
  v1::ProcessCounters* process = counters.mutable_process();
  process->set_pid(constants.pid);
  process->set_started_unix_ms(constants.started_unix_ms);
  process->set_workers(constants.workers);
  process->set_max_descriptors(constants.max_descriptors);
  process->set_max_connections(config.maxconn);
  process->set_hard_max_connections(config.maxconn);
  process->set_current_connections(load.connections.load(kRelaxed));
  process->set_total_connections(load.total_connections.load(kRelaxed));
  process->set_total_requests(load.total_requests.load(kRelaxed));
  process->set_connection_rate(rates.process.connections.now);
  process->set_connection_rate_max(rates.process.connections.max);
  process->set_session_rate(rates.process.sessions.now);
  process->set_session_rate_max(rates.process.sessions.max);
  process->set_tls_connections(load.tls_connections.load(kRelaxed));
  process->set_total_tls_connections(load.total_tls_connections.load(kRelaxed));
  process->set_tls_rate(rates.tls.now);
  process->set_tls_rate_max(rates.tls.max);
  process->set_tls_key_rate(rates.tls_keys.now);
  process->set_tls_key_rate_max(rates.tls_keys.max);
  process->set_server_tls_key_rate(rates.server_tls_keys.now);
  process->set_server_tls_key_rate_max(rates.server_tls_keys.max);
  process->set_bytes_out(bytes_out);
  process->set_idle_percent(rates.idle_percent);
  process->set_dropped_logs(DroppedLogs(config));
  process->set_memory_bytes(ResidentBytes());
  process->set_is_stopping(load.is_stopping.load(kRelaxed));
  return counters;
}

void TakeObservations(const ServingSet& serving, v1::Report* report) {
  for (const ServingSet::Server& server : serving.servers) {
    const uint32_t failures = server.runtime->connect_failures.exchange(0, kRelaxed);
    const uint32_t successes = server.runtime->connect_successes.exchange(0, kRelaxed);
    const uint32_t bad = server.runtime->bad_responses.exchange(0, kRelaxed);
    if (failures == 0 && successes == 0 && bad == 0) continue;
    v1::ServerObservation* observation = report->add_observations();
    observation->set_id(server.config->id);
    observation->set_connect_failures(failures);
    observation->set_connect_successes(successes);
    observation->set_bad_responses(bad);
  }
}

}  // namespace lb::server
