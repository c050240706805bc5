#include "controlplane/service/minute_sums.h"

#include <algorithm>
#include <utility>

namespace lb::service {
namespace {

using store::MinuteRecord;

// The counters of a record that add up.
constexpr uint64_t MinuteRecord::*kCounted[] = {
    &MinuteRecord::sessions,       &MinuteRecord::requests,       &MinuteRecord::bytes_in,
    &MinuteRecord::bytes_out,      &MinuteRecord::responses_4xx,  &MinuteRecord::responses_5xx,
    &MinuteRecord::denied,         &MinuteRecord::request_errors, &MinuteRecord::connect_errors,
    &MinuteRecord::response_errors};

// Responses are counted as 1xx, 2xx, 3xx, 4xx, 5xx, other.
uint64_t ResponsesOf(const google::protobuf::RepeatedField<uint64_t>& responses, int hundreds) {
  return responses.size() >= hundreds ? responses.Get(hundreds - 1) : 0;
}

MinuteRecord TotalsOf(const v1::FrontendCounters& c) {
  MinuteRecord totals;
  totals.sessions = c.sessions();
  totals.requests = c.requests();
  totals.bytes_in = c.bytes_in();
  totals.bytes_out = c.bytes_out();
  totals.responses_4xx = ResponsesOf(c.responses(), 4);
  totals.responses_5xx = ResponsesOf(c.responses(), 5);
  totals.denied = c.denied_requests() + c.denied_responses();
  totals.request_errors = c.request_errors();
  return totals;
}

MinuteRecord TotalsOf(const v1::BackendCounters& c) {
  MinuteRecord totals;
  totals.sessions = c.sessions();
  totals.requests = c.requests();
  totals.bytes_in = c.bytes_in();
  totals.bytes_out = c.bytes_out();
  totals.responses_4xx = ResponsesOf(c.responses(), 4);
  totals.responses_5xx = ResponsesOf(c.responses(), 5);
  totals.denied = c.denied_requests() + c.denied_responses();
  totals.connect_errors = c.connect_errors();
  totals.response_errors = c.response_errors();
  return totals;
}

uint64_t Growth(uint64_t before, uint64_t now) { return now >= before ? now - before : now; }

bool IsEmpty(const MinuteRecord& record) {
  return record.max_queue == 0 && record.failed_checks == 0 &&
         std::ranges::all_of(kCounted, [&](auto field) { return record.*field == 0; });
}

}  // namespace

void MinuteSums::Observe(const std::string& name, const v1::Hello& hello,
                         const v1::Counters& counters) {
  auto [it, is_unmet] = nodes_.try_emplace(name);
  Node& node = it->second;
  const bool is_new_process = is_unmet || node.instance != hello.instance();
  if (is_new_process) node = Node{hello.instance(), {}};
  // What it did before anyone counted belongs to no minute.
  const bool is_baseline = is_new_process && hello.started_unix_ms() < begin_unix_ms_;
  for (const v1::FrontendCounters& c : counters.frontends()) {
    Take(c.id(), TotalsOf(c), 0, 0, is_baseline, &node);
  }
  for (const v1::BackendCounters& c : counters.backends()) {
    Take(c.id(), TotalsOf(c), c.current_queue(), c.max_queue(), is_baseline, &node);
  }
  for (const v1::BackendCounters& c : counters.servers()) {
    Take(c.id(), TotalsOf(c), c.current_queue(), c.max_queue(), is_baseline, &node);
  }
}

void MinuteSums::Take(uint64_t id, const MinuteRecord& totals, uint64_t current_queue,
                      uint64_t max_queue, bool is_baseline, Node* node) {
  Seen& seen = node->seen[id];
  if (!is_baseline) {
    MinuteRecord& sum = sums_[id];
    for (auto field : kCounted) sum.*field += Growth(seen.totals.*field, totals.*field);
    // A maximum that has grown was reached since the report before.
    if (max_queue > seen.max_queue) seen.minute_max_queue = max_queue;
  }
  seen.minute_max_queue = std::max(seen.minute_max_queue, current_queue);
  seen.totals = totals;
  seen.max_queue = max_queue;
}

void MinuteSums::Begin(const std::vector<v1::ServerState>& states) {
  for (const v1::ServerState& state : states) failed_checks_[state.id()] = state.failed_checks();
}

uint64_t MinuteSums::FailedSince(const v1::ServerState& state) {
  return Growth(std::exchange(failed_checks_[state.id()], state.failed_checks()),
                state.failed_checks());
}

std::vector<MinuteRecord> MinuteSums::Close(const v1::Snapshot& snapshot,
                                            const std::vector<v1::ServerState>& states,
                                            int64_t minute_unix_ms) {
  for (auto& [name, node] : nodes_) {
    for (auto& [id, seen] : node.seen) {
      if (seen.minute_max_queue != 0) sums_[id].max_queue += seen.minute_max_queue;
      seen.minute_max_queue = 0;
    }
  }
  std::unordered_map<ServerId, uint64_t> failed;
  for (const v1::ServerState& state : states) failed[state.id()] = FailedSince(state);
  std::erase_if(failed_checks_, [&](const auto& known) { return !failed.contains(known.first); });

  std::vector<MinuteRecord> records;
  auto add = [&](uint64_t id, const std::string& proxy, const std::string& name, uint64_t checks) {
    MinuteRecord record = sums_[id];
    record.at_unix_ms = minute_unix_ms;
    record.proxy = proxy;
    record.name = name;
    record.failed_checks = checks;
    if (!IsEmpty(record)) records.push_back(std::move(record));
  };
  for (const v1::Frontend& frontend : snapshot.frontends()) {
    const std::string& name = frontend.common().name();
    add(FrontendIdOf(name), name, "FRONTEND", 0);
  }
  for (const v1::Backend& backend : snapshot.backends()) {
    const std::string& name = backend.common().name();
    uint64_t checks = 0;
    for (const v1::Server& server : backend.servers()) {
      const ServerId id = ServerIdOf(name, server.name());
      add(id, name, server.name(), failed[id]);
      checks += failed[id];
    }
    add(BackendIdOf(name), name, "BACKEND", checks);
  }
  sums_.clear();
  return records;
}

}  // namespace lb::service
