#include <algorithm>
#include <limits>
#include <unordered_map>

#include "common/stats/row.h"

namespace lb::stats {
namespace {

constexpr Field kResponses[] = {Field::kHrsp1xx, Field::kHrsp2xx, Field::kHrsp3xx,
                                Field::kHrsp4xx, Field::kHrsp5xx, Field::kHrspOther};

std::string_view AlgorithmName(v1::Balance::Algorithm algorithm) {
  switch (algorithm) {
    case v1::Balance::STATIC_RR:
      return "static-rr";
    case v1::Balance::LEAST_CONN:
      return "leastconn";
    case v1::Balance::FIRST:
      return "first";
    case v1::Balance::RANDOM:
      return "random";
    case v1::Balance::SOURCE:
      return "source";
    case v1::Balance::URI:
      return "uri";
    case v1::Balance::URL_PARAM:
      return "url_param";
    case v1::Balance::HDR:
      return "hdr";
    default:
      return "roundrobin";
  }
}

// Counters by the id of what they count; a shared all-zero one for what has none yet.
template <typename Counters>
class ById {
 public:
  explicit ById(const google::protobuf::RepeatedPtrField<Counters>& all) {
    for (const Counters& one : all) by_id_.emplace(one.id(), &one);
  }
  const Counters& Of(uint64_t id) const {
    auto found = by_id_.find(id);
    return found == by_id_.end() ? Counters::default_instance() : *found->second;
  }

 private:
  std::unordered_map<uint64_t, const Counters*> by_id_;
};

class Builder {
 public:
  Builder(const v1::Snapshot& snapshot, const v1::Counters& counters, const StateMap& states,
          int64_t now_unix_ms, const BackendHealthMap& health)
      : snapshot_(snapshot),
        process_(counters.process()),
        frontends_(counters.frontends()),
        backends_(counters.backends()),
        servers_(counters.servers()),
        states_(states),
        now_unix_ms_(now_unix_ms),
        health_(health) {}

  std::vector<Row> Build();

 private:
  Row FrontendRow(const v1::Frontend& frontend) const;
  Row ServerRow(const v1::Backend& backend, const v1::Server& server) const;
  Row BackendRow(const v1::Backend& backend) const;
  void SetCheck(const v1::Server& server, const v1::ServerState& state, Row* row) const;
  void SetCommon(const v1::ProxyCommon& proxy, std::string_view name, uint32_t sid, Row* row) const;
  template <typename Responses>
  void SetResponses(const v1::ProxyCommon& proxy, const Responses& responses, Row* row) const;
  void SetUpstream(const v1::BackendCounters& c, Row* row) const;
  v1::ServerState StateOf(const v1::Backend& backend, const v1::Server& server) const;
  int64_t SecondsSince(int64_t unix_ms) const;
  uint32_t MaxSessions(const v1::Frontend& frontend) const;
  uint32_t FullConn(const v1::Backend& backend) const;

  const v1::Snapshot& snapshot_;
  const v1::ProcessCounters& process_;
  const ById<v1::FrontendCounters> frontends_;
  const ById<v1::BackendCounters> backends_;
  const ById<v1::BackendCounters> servers_;
  const StateMap& states_;
  const int64_t now_unix_ms_;
  const BackendHealthMap& health_;
};

int64_t Builder::SecondsSince(int64_t unix_ms) const {
  const int64_t since = unix_ms != 0 ? unix_ms : process_.started_unix_ms();
  return since == 0 ? 0 : std::max<int64_t>(0, (now_unix_ms_ - since) / 1000);
}

v1::ServerState Builder::StateOf(const v1::Backend& backend, const v1::Server& server) const {
  auto found = states_.find(ServerIdOf(backend.common().name(), server.name()));
  return found == states_.end() ? ConfiguredState(backend, server) : found->second;
}

uint32_t Builder::MaxSessions(const v1::Frontend& frontend) const {
  if (frontend.maxconn() != 0) return frontend.maxconn();
  const uint32_t seen = frontends_.Of(FrontendIdOf(frontend.common().name())).session_limit();
  if (seen != 0) return seen;
  return snapshot_.global().maxconn() != 0 ? snapshot_.global().maxconn()
                                           : process_.max_connections();
}

// Without "fullconn": a tenth of what the frontends that lead to the backend can hold.
// Source: HAProxy configuration manual, "fullconn".
uint32_t Builder::FullConn(const v1::Backend& backend) const {
  if (backend.fullconn() != 0) return backend.fullconn();
  const std::string& name = backend.common().name();
  uint64_t total = 0;
  for (const v1::Frontend& frontend : snapshot_.frontends()) {
    const auto& rules = frontend.use_backend();
    const bool leads_here =
        frontend.default_backend() == name ||
        (frontend.common().is_listen() && frontend.common().name() == name) ||
        std::any_of(rules.begin(), rules.end(),
                    [&name](const v1::UseBackend& rule) { return rule.backend() == name; });
    if (leads_here) total += MaxSessions(frontend);
  }
  return static_cast<uint32_t>(std::max<uint64_t>(1, (total + 9) / 10));
}

void Builder::SetCommon(const v1::ProxyCommon& proxy, std::string_view name, uint32_t sid,
                        Row* row) const {
  row->SetText(Field::kPxname, proxy.name());
  row->SetText(Field::kSvname, name);
  row->Set(Field::kPid, 1);
  row->Set(Field::kIid, proxy.proxy_number());
  row->Set(Field::kSid, sid);
  row->Set(Field::kType, static_cast<int64_t>(row->kind()));
  row->SetText(Field::kMode, proxy.mode() == v1::PROXY_MODE_HTTP ? "http" : "tcp");
  row->Set(Field::kEint, 0);
}

template <typename Responses>
void Builder::SetResponses(const v1::ProxyCommon& proxy, const Responses& responses,
                           Row* row) const {
  if (proxy.mode() != v1::PROXY_MODE_HTTP) return;
  for (int i = 0; i < 6; ++i) {
    row->Set(kResponses[i],
             i < responses.size() ? static_cast<int64_t>(responses.Get(i)) : int64_t{0});
  }
}

Row Builder::FrontendRow(const v1::Frontend& frontend) const {
  const v1::ProxyCommon& proxy = frontend.common();
  const v1::FrontendCounters& c = frontends_.Of(FrontendIdOf(proxy.name()));
  Row row(RowKind::kFrontend);
  SetCommon(proxy, "FRONTEND", 0, &row);
  const auto set = [&row](Field field, uint64_t n) { row.Set(field, static_cast<int64_t>(n)); };
  row.SetText(Field::kStatus, proxy.disabled() ? "STOP" : "OPEN");
  set(Field::kScur, c.current_sessions());
  set(Field::kSmax, c.max_sessions());
  set(Field::kSlim, MaxSessions(frontend));
  set(Field::kStot, c.sessions());
  set(Field::kBin, c.bytes_in());
  set(Field::kBout, c.bytes_out());
  set(Field::kDreq, c.denied_requests());
  set(Field::kDresp, c.denied_responses());
  set(Field::kEreq, c.request_errors());
  set(Field::kRate, c.session_rate());
  set(Field::kRateLim, frontend.rate_limit_sessions());
  set(Field::kRateMax, c.session_rate_max());
  set(Field::kReqRate, c.request_rate());
  set(Field::kReqRateMax, c.request_rate_max());
  set(Field::kReqTot, c.requests());
  if (proxy.mode() == v1::PROXY_MODE_HTTP) {
    set(Field::kIntercepted, c.intercepted());
    set(Field::kH2DetectedConnProtocolErrors, c.h2_connection_errors());
    set(Field::kH2DetectedStrmProtocolErrors, c.h2_stream_errors());
    set(Field::kH2TotalConnections, c.h2_connections());
    set(Field::kH2Glitches, c.h2_glitches());
  }
  set(Field::kConnRate, c.connection_rate());
  set(Field::kConnRateMax, c.connection_rate_max());
  set(Field::kConnTot, c.connections());
  SetResponses(proxy, c.responses(), &row);
  return row;
}

// What servers and backends count alike.
void Builder::SetUpstream(const v1::BackendCounters& c, Row* row) const {
  const auto set = [row](Field field, uint64_t n) { row->Set(field, static_cast<int64_t>(n)); };
  set(Field::kQcur, c.current_queue());
  set(Field::kQmax, c.max_queue());
  set(Field::kScur, c.current_sessions());
  set(Field::kSmax, c.max_sessions());
  set(Field::kStot, c.sessions());
  set(Field::kBin, c.bytes_in());
  set(Field::kBout, c.bytes_out());
  set(Field::kDresp, c.denied_responses());
  set(Field::kEcon, c.connect_errors());
  set(Field::kEresp, c.response_errors());
  set(Field::kWretr, c.retries());
  set(Field::kWredis, c.redispatches());
  set(Field::kLbtot, c.chosen());
  set(Field::kRate, c.session_rate());
  set(Field::kRateMax, c.session_rate_max());
  set(Field::kCliAbrt, c.client_aborts());
  set(Field::kSrvAbrt, c.server_aborts());
  row->Set(Field::kLastsess,
           c.last_session_unix_ms() == 0 ? -1 : SecondsSince(c.last_session_unix_ms()));
  set(Field::kQtime, c.queue_time_ms());
  set(Field::kCtime, c.connect_time_ms());
  set(Field::kRtime, c.response_time_ms());
  set(Field::kTtime, c.total_time_ms());
  set(Field::kQtimeMax, c.max_queue_time_ms());
  set(Field::kCtimeMax, c.max_connect_time_ms());
  set(Field::kRtimeMax, c.max_response_time_ms());
  set(Field::kTtimeMax, c.max_total_time_ms());
  set(Field::kConnect, c.connect_attempts());
  set(Field::kReuse, c.reused_connections());
}

void Builder::SetCheck(const v1::Server& server, const v1::ServerState& state, Row* row) const {
  if (!server.is_checked()) return;
  const bool is_out = state.status() == v1::SERVER_DOWN || state.status() == v1::SERVER_MAINT;
  const int64_t this_spell = is_out ? SecondsSince(state.last_change_unix_ms()) : 0;
  row->Set(Field::kChkfail, static_cast<int64_t>(state.failed_checks()));
  row->Set(Field::kChkdown, static_cast<int64_t>(state.down_transitions()));
  row->Set(Field::kDowntime, static_cast<int64_t>(state.downtime_seconds()) + this_spell);
  // A server in maintenance is not checked, so its last result says nothing.
  if (state.status() == v1::SERVER_MAINT || state.check_status().empty()) return;
  row->SetText(Field::kCheckStatus, state.check_status());
  if (state.check_code() != 0) row->Set(Field::kCheckCode, state.check_code());
  row->Set(Field::kCheckDuration, static_cast<int64_t>(state.check_duration_ms()));
  if (!state.last_check().empty()) row->SetText(Field::kLastChk, state.last_check());
  row->SetText(Field::kCheckDesc, CheckDescription(state.check_status()));
  row->Set(Field::kCheckRise, state.check_rise());
  row->Set(Field::kCheckFall, state.check_fall());
  row->Set(Field::kCheckHealth, state.check_health());
}

Row Builder::ServerRow(const v1::Backend& backend, const v1::Server& server) const {
  const v1::ProxyCommon& proxy = backend.common();
  const v1::BackendCounters& c = servers_.Of(ServerIdOf(proxy.name(), server.name()));
  const v1::ServerState state = StateOf(backend, server);
  Row row(RowKind::kServer);
  SetCommon(proxy, server.name(), server.number(), &row);
  SetUpstream(c, &row);
  const uint32_t maxconn = state.has_maxconn() ? state.maxconn() : server.maxconn();
  if (maxconn != 0) row.Set(Field::kSlim, maxconn);
  row.SetText(Field::kStatus, state.status_text());
  row.Set(Field::kWeight, state.weight());
  row.Set(Field::kUweight, state.weight());
  row.Set(Field::kAct, server.backup() ? 0 : 1);
  row.Set(Field::kBck, server.backup() ? 1 : 0);
  row.Set(Field::kLastchg, SecondsSince(state.last_change_unix_ms()));
  if (server.maxqueue() != 0) row.Set(Field::kQlimit, server.maxqueue());
  SetCheck(server, state, &row);
  if (proxy.mode() == v1::PROXY_MODE_HTTP) {
    SetResponses(proxy, c.responses(), &row);
    row.Set(Field::kReqTot, static_cast<int64_t>(c.requests()));
  }
  row.SetText(Field::kAddr, state.address().empty() ? server.address() : state.address());
  if (!server.cookie().empty()) row.SetText(Field::kCookie, server.cookie());
  row.Set(Field::kSrvIcur, c.idle_connections());
  // All our idle connections are of the "safe" kind: they have carried a response before.
  row.Set(Field::kIdleConnCur, 0);
  row.Set(Field::kSafeConnCur, c.idle_connections());
  row.Set(Field::kUsedConnCur, c.used_connections());
  if (server.pool_max_conn() != 0 || server.pool_disabled()) {
    row.Set(Field::kSrcIlim, server.pool_disabled() ? 0 : server.pool_max_conn());
  }
  return row;
}

// Of the usable servers of a backend.
struct Usable {
  uint32_t active = 0;
  uint32_t backups = 0;
  uint32_t active_weight = 0;
  uint32_t backup_weight = 0;        // of all
  uint32_t first_backup_weight = 0;  // of the one that would serve
  int64_t oldest_change = std::numeric_limits<int64_t>::max();
};

Row Builder::BackendRow(const v1::Backend& backend) const {
  const v1::ProxyCommon& proxy = backend.common();
  const v1::BackendCounters& c = backends_.Of(BackendIdOf(proxy.name()));
  Row row(RowKind::kBackend);
  SetCommon(proxy, "BACKEND", 0, &row);
  SetUpstream(c, &row);
  row.Set(Field::kSlim, FullConn(backend));
  row.Set(Field::kDreq, static_cast<int64_t>(c.denied_requests()));

  Usable usable;
  int64_t newest_change = 0;
  for (const v1::Server& server : backend.servers()) {
    const v1::ServerState state = StateOf(backend, server);
    newest_change = std::max(newest_change, state.last_change_unix_ms());
    if (!IsUsable(state)) continue;
    usable.oldest_change = std::min(usable.oldest_change, state.last_change_unix_ms());
    if (server.backup()) {
      if (usable.backups++ == 0) usable.first_backup_weight = state.weight();
      usable.backup_weight += state.weight();
    } else {
      ++usable.active;
      usable.active_weight += state.weight();
    }
  }
  const bool is_up = backend.servers().empty() || usable.active + usable.backups > 0;
  uint32_t weight = usable.active_weight;
  if (usable.active == 0) {
    weight = backend.all_backups() ? usable.backup_weight : usable.first_backup_weight;
  }
  row.SetText(Field::kStatus, is_up ? "UP" : "DOWN");
  row.Set(Field::kWeight, weight);
  row.Set(Field::kUweight, weight);
  row.Set(Field::kAct, usable.active);
  row.Set(Field::kBck, usable.backups);
  const bool has_usable = usable.active + usable.backups > 0;
  if (auto health = health_.find(BackendIdOf(proxy.name())); health != health_.end()) {
    row.Set(Field::kChkdown, static_cast<int64_t>(health->second.down_transitions));
    row.Set(Field::kLastchg, SecondsSince(health->second.last_change_unix_ms));
    if (!backend.servers().empty()) {
      row.Set(Field::kDowntime, static_cast<int64_t>(health->second.downtime_seconds));
    }
  } else {
    row.Set(Field::kLastchg, SecondsSince(has_usable ? usable.oldest_change : newest_change));
  }
  row.SetText(Field::kAlgo, AlgorithmName(backend.balance().algorithm()));
  if (proxy.mode() == v1::PROXY_MODE_HTTP) {
    SetResponses(proxy, c.responses(), &row);
    row.Set(Field::kReqTot, static_cast<int64_t>(c.requests()));
  }
  return row;
}

std::vector<Row> Builder::Build() {
  struct Proxy {
    uint32_t number = 0;
    const v1::Frontend* frontend = nullptr;
    const v1::Backend* backend = nullptr;
  };
  std::vector<Proxy> proxies;
  std::unordered_map<std::string_view, size_t> listens;  // places in `proxies`
  for (const v1::Frontend& frontend : snapshot_.frontends()) {
    const v1::ProxyCommon& common = frontend.common();
    if (common.is_listen()) listens.emplace(common.name(), proxies.size());
    proxies.push_back({common.proxy_number(), &frontend, nullptr});
  }
  for (const v1::Backend& backend : snapshot_.backends()) {
    const v1::ProxyCommon& common = backend.common();
    auto other_half = common.is_listen() ? listens.find(common.name()) : listens.end();
    if (other_half != listens.end()) {
      proxies[other_half->second].backend = &backend;
    } else {
      proxies.push_back({common.proxy_number(), nullptr, &backend});
    }
  }
  std::stable_sort(proxies.begin(), proxies.end(),
                   [](const Proxy& a, const Proxy& b) { return a.number < b.number; });
  std::vector<Row> rows;
  for (const Proxy& proxy : proxies) {
    if (proxy.frontend != nullptr) rows.push_back(FrontendRow(*proxy.frontend));
    if (proxy.backend == nullptr) continue;
    for (const v1::Server& server : proxy.backend->servers()) {
      rows.push_back(ServerRow(*proxy.backend, server));
    }
    rows.push_back(BackendRow(*proxy.backend));
  }
  return rows;
}

}  // namespace

std::vector<Row> BuildRows(const v1::Snapshot& snapshot, const v1::Counters& counters,
                           const StateMap& states, int64_t now_unix_ms,
                           const BackendHealthMap& backends) {
  return Builder(snapshot, counters, states, now_unix_ms, backends).Build();
}

}  // namespace lb::stats
