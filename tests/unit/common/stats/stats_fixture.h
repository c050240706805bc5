// A small configuration with counters and states, as a running proxy would have them.
#ifndef LB_TESTS_UNIT_COMMON_STATS_STATS_FIXTURE_H_
#define LB_TESTS_UNIT_COMMON_STATS_STATS_FIXTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/stats/process.h"
#include "common/stats/row.h"

namespace lb::stats {

inline constexpr int64_t kStarted = 1'700'000'000'000;
inline constexpr int64_t kNow = kStarted + 60'000;

struct Fixture {
  v1::Snapshot snapshot;
  v1::Counters counters;
  StateMap states;

  Fixture() {
    counters.mutable_process()->set_started_unix_ms(kStarted);
    counters.mutable_process()->set_pid(4711);
    counters.mutable_process()->set_workers(2);
    counters.mutable_process()->set_max_connections(4000);
    v1::Frontend* front = snapshot.add_frontends();
    front->mutable_common()->set_name("front");
    front->mutable_common()->set_mode(v1::PROXY_MODE_HTTP);
    front->mutable_common()->set_proxy_number(2);
    front->set_maxconn(100);
    front->set_default_backend("pool");
    v1::FrontendCounters* seen = counters.add_frontends();
    seen->set_id(FrontendIdOf("front"));
    seen->set_sessions(5);
    seen->set_requests(7);
    seen->set_bytes_in(410);
    for (uint64_t n : {0, 6, 0, 1, 0, 0}) seen->add_responses(n);
    AddBackend("pool", 3, v1::PROXY_MODE_HTTP);
  }

  v1::Backend* AddBackend(std::string_view name, uint32_t number, v1::ProxyMode mode) {
    v1::Backend* backend = snapshot.add_backends();
    backend->mutable_common()->set_name(std::string(name));
    backend->mutable_common()->set_proxy_number(number);
    backend->mutable_common()->set_mode(mode);
    return backend;
  }

  v1::Server* AddServer(std::string_view name, v1::ServerStatus status, std::string_view text,
                        uint32_t weight = 1) {
    v1::Backend* backend = snapshot.mutable_backends(0);
    v1::Server* server = backend->add_servers();
    server->set_name(std::string(name));
    server->set_number(static_cast<uint32_t>(backend->servers_size()));
    server->set_address("127.0.0.1:8001");
    server->set_weight(weight);
    server->set_is_checked(status != v1::SERVER_NO_CHECK);
    v1::ServerState& state = states[ServerIdOf("pool", name)];
    state.set_id(ServerIdOf("pool", name));
    state.set_status(status);
    state.set_status_text(std::string(text));
    state.set_weight(weight);
    state.set_last_change_unix_ms(kNow - 3'000);
    if (server->is_checked()) {
      state.set_check_status("L7OK");
      state.set_check_code(200);
      state.set_check_duration_ms(4);
      state.set_check_rise(2);
      state.set_check_fall(2);
      state.set_check_health(3);
    }
    return server;
  }

  v1::ServerState& State(std::string_view name) { return states[ServerIdOf("pool", name)]; }

  v1::BackendCounters* Count(std::string_view server) {
    v1::BackendCounters* c = counters.add_servers();
    c->set_id(ServerIdOf("pool", server));
    return c;
  }

  std::vector<Row> Rows() const { return BuildRows(snapshot, counters, states, kNow); }

  Row Get(std::string_view proxy, std::string_view name) const {
    for (const Row& row : Rows()) {
      if (row.text(Field::kPxname) == proxy && row.text(Field::kSvname) == name) return row;
    }
    return Row(RowKind::kListener);
  }

  std::vector<ProcessItem> Process() const {
    ProcessInput input;
    input.version = "1.2.3";
    input.snapshot = &snapshot;
    input.counters = counters.process();
    input.listeners = 3;
    input.now_unix_ms = kNow;
    return BuildProcessItems(input);
  }
};

}  // namespace lb::stats

#endif  // LB_TESTS_UNIT_COMMON_STATS_STATS_FIXTURE_H_
