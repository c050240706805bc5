#include "controlplane/service/runtime/dumps.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/base/address.h"
#include "common/base/units.h"
#include "common/stats/render_rows.h"
#include "common/stats/row.h"
#include "controlplane/service/runtime/lookup.h"

namespace lb::service {
namespace {

constexpr char kStateHeader[] =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
    "srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health "
    "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord "
    "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n";
constexpr char kConnHeader[] =
    "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb "
    "safe_nb idle_lim idle_cur idle_per_thr[1]\n";

// HAProxy's numbers for the results of checks.
int CheckStatusNumber(std::string_view status) {
  static constexpr std::string_view kByNumber[] = {
      "UNK",    "INI",   "CHK",   "CHKD",   "HANA",    "SOCKERR",  "L4OK",
      "L4TOUT", "L4CON", "L6OK",  "L6TOUT", "L6RSP",   "L7TOUT",   "L7RSP",
      "L7OKD",  "L7OK",  "L7OKC", "L7STS",  "PROCERR", "PROCTOUT", "PROCOK"};
  const auto* found = std::find(std::begin(kByNumber), std::end(kByNumber), status);
  return found == std::end(kByNumber) ? 1 : static_cast<int>(found - std::begin(kByNumber));
}

// 0 unknown, 2 failed, 3 passed, 4 passed with a condition.
int CheckResultNumber(std::string_view status) {
  if (status.empty() || status == "INI" || status == "UNK") return 0;
  if (status == "L7OKC") return 4;
  return status.ends_with("OK") ? 3 : 2;
}

bool IsOut(const v1::ServerState& state) { return state.status() == v1::SERVER_MAINT; }

// 0 stopped, 2 running.
int OperationalState(const v1::ServerState& state) {
  switch (state.status()) {
    case v1::SERVER_UP:
    case v1::SERVER_NO_CHECK:
    case v1::SERVER_DRAIN:
      return 2;
    default:
      return 0;
  }
}

// A mask: 1 put into maintenance, 4 configured to be, 8 draining.
int AdminState(const v1::Server& server, const v1::ServerState& state) {
  int mask = server.disabled() ? 4 : 0;
  if (IsOut(state)) mask |= 1;
  if (state.status() == v1::SERVER_DRAIN) mask |= 8;
  return mask;
}

// A mask: 2 configured, 4 enabled, 8 paused.
int CheckState(const v1::Server& server, const v1::ServerState& state) {
  const int paused = IsOut(state) || (server.disabled() && !server.is_checked()) ? 8 : 0;
  return server.is_checked() ? 6 | paused : server.disabled() ? paused : 0;
}

uint32_t CheckHealth(const v1::Server& server, const v1::ServerState& state) {
  if (IsOut(state)) return 0;
  constexpr uint32_t kDefaultRise = 2;
  return server.is_checked() ? state.check_health() : kDefaultRise;
}

Address AddressOf(const v1::Server& server, const v1::ServerState& state) {
  const std::string& text = state.address().empty() ? server.address() : state.address();
  return Address::Parse(text).value_or(Address());
}

std::string IpOf(const Address& address) {
  return address.is_unix() ? address.UnixPath() : address.is_ip() ? address.Ip() : "-";
}

std::string StateLine(const v1::Backend& backend, const v1::Server& server,
                      const v1::ServerState& state, int64_t now_unix_ms) {
  const Address address = AddressOf(server, state);
  const int64_t age = state.last_change_unix_ms() == 0
                          ? 0
                          : std::max<int64_t>(0, now_unix_ms - state.last_change_unix_ms()) / 1000;
  return absl::StrFormat("%u %s %u %s %s %d %d %u %u %d %d %d %u %d 0 0 0 %s %u - 0 0 - - 0\n",
                         backend.common().proxy_number(), backend.common().name(), server.number(),
                         server.name(), IpOf(address), OperationalState(state),
                         AdminState(server, state), state.weight(), server.weight(), age,
                         CheckStatusNumber(state.check_status()),
                         CheckResultNumber(state.check_status()), CheckHealth(server, state),
                         CheckState(server, state),
                         server.hostname().empty() ? "-" : server.hostname(), address.port());
}

template <typename Function>
void ForEachServer(const RuntimeView& view, std::string_view only, const Function& function) {
  for (const v1::Backend& backend : view.snapshot->backends()) {
    if (!only.empty() && backend.common().name() != only) continue;
    for (const v1::Server& server : backend.servers()) function(backend, server);
  }
}

struct StatArguments {
  int64_t iid = -1;
  int64_t types = -1;
  int64_t sid = -1;
  bool is_typed = false;
  bool is_json = false;
  bool hides_maint = false;
  bool only_up = false;
};

bool ParseNumber(const std::string& text, int64_t* number) {
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end;
}

// What is not a number counts as 0, as HAProxy's atoi() has it.
int64_t NumberOrZero(const std::string& text) {
  int64_t number = 0;
  return ParseNumber(text, &number) ? number : 0;
}

// A proxy by number or by name.
bool ParseProxy(const RuntimeView& view, const std::string& text, int64_t* iid) {
  if (ParseNumber(text, iid)) return true;
  for (const v1::Backend& backend : view.snapshot->backends()) {
    if (backend.common().name() != text) continue;
    *iid = backend.common().proxy_number();
    return true;
  }
  for (const v1::Frontend& frontend : view.snapshot->frontends()) {
    if (frontend.common().name() != text) continue;
    *iid = frontend.common().proxy_number();
    return true;
  }
  return false;
}

bool IsShown(const stats::Row& row, const StatArguments& wanted) {
  using stats::Field;
  if (wanted.iid != -1 && row.number(Field::kIid) != wanted.iid) return false;
  if (wanted.sid != -1 && row.number(Field::kSid) != wanted.sid) return false;
  if (wanted.types != -1 && (wanted.types & (1 << static_cast<int>(row.kind()))) == 0) return false;
  if (row.kind() != stats::RowKind::kServer) return true;
  const std::string_view status = row.text(Field::kStatus);
  const bool is_maint = status.starts_with("MAINT");
  if ((wanted.hides_maint || wanted.only_up) && is_maint) return false;
  return !wanted.only_up || !status.starts_with("DOWN");
}

}  // namespace

std::string DumpServersState(const RuntimeView& view, std::string_view backend,
                             int64_t now_unix_ms) {
  std::string text = kStateHeader;
  ForEachServer(view, backend, [&](const v1::Backend& owner, const v1::Server& server) {
    text += StateLine(owner, server, StateOf(view, owner, server), now_unix_ms);
  });
  return text;
}

std::string DumpServersConn(const RuntimeView& view, std::string_view backend) {
  std::unordered_map<ServerId, const v1::BackendCounters*> counted;
  for (const v1::BackendCounters& counters : view.counters.servers()) {
    counted[counters.id()] = &counters;
  }
  std::string text = kConnHeader;
  ForEachServer(view, backend, [&](const v1::Backend& owner, const v1::Server& server) {
    auto found = counted.find(ServerIdOf(owner.common().name(), server.name()));
    const v1::BackendCounters& c =
        found == counted.end() ? v1::BackendCounters::default_instance() : *found->second;
    const Address address = AddressOf(server, StateOf(view, owner, server));
    const int64_t limit = server.pool_disabled()        ? 0
                          : server.pool_max_conn() == 0 ? -1
                                                        : int64_t{server.pool_max_conn()};
    absl::StrAppendFormat(&text, "%s/%s %u/%u %s %u - %u %u %u %u 0 %u %d %u %u\n",
                          owner.common().name(), server.name(), owner.common().proxy_number(),
                          server.number(), IpOf(address), address.port(),
                          server.pool_purge_delay_ms(), c.used_connections(), c.max_sessions(),
                          c.used_connections(), c.idle_connections(), limit, c.idle_connections(),
                          c.idle_connections());
  });
  return text;
}

std::string DumpBackends(const v1::Snapshot& snapshot) {
  std::string text = "# name\n";
  for (const v1::Backend& backend : snapshot.backends()) {
    absl::StrAppend(&text, backend.common().name(), "\n");
  }
  return text;
}

std::string DumpSessions(const std::vector<v1::SessionEntry>& sessions) {
  std::string text;
  for (const v1::SessionEntry& s : sessions) {
    absl::StrAppendFormat(
        &text,
        "0x%x: proto=%s src=%s fe=%s be=%s srv=%s ts=%s age=%s idle=%s in=%u out=%u node=%s "
        "thread=%u\n",
        s.id(), s.protocol(), s.client(), s.frontend(),
        s.backend().empty() ? "<NONE>" : s.backend(), s.server().empty() ? "<none>" : s.server(),
        s.state(), FormatAge(s.age_ms() / 1000), FormatAge(s.idle_ms() / 1000), s.bytes_in(),
        s.bytes_out(), s.node(), s.worker());
  }
  return text;
}

std::string DumpStat(const RuntimeView& view, const std::vector<std::string>& arguments,
                     int64_t now_unix_ms, std::string* error) {
  StatArguments wanted;
  for (const std::string& word : arguments) {
    wanted.is_typed = wanted.is_typed || word == "typed";
    wanted.is_json = wanted.is_json || word == "json";
    wanted.hides_maint = wanted.hides_maint || word == "no-maint";
    wanted.only_up = wanted.only_up || word == "up";
  }
  // The three numbers come together or not at all.
  if (arguments.size() >= 3) {
    if (!ParseProxy(view, arguments[0], &wanted.iid)) {
      *error = "No such proxy.\n";
      return "";
    }
    wanted.types = NumberOrZero(arguments[1]);
    wanted.sid = NumberOrZero(arguments[2]);
  }
  std::vector<stats::Row> rows =
      stats::BuildRows(*view.snapshot, view.counters, view.states, now_unix_ms, view.backends);
  std::erase_if(rows, [&wanted](const stats::Row& row) { return !IsShown(row, wanted); });
  if (wanted.is_json) return stats::RenderJson(rows);
  return wanted.is_typed ? stats::RenderTyped(rows) : stats::RenderCsv(rows);
}

}  // namespace lb::service
