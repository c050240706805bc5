// Parameters of "server" and "default-server" lines.
// Source: HAProxy configuration manual, section 5.2.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/protocol.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/source.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr uint32_t kMaxWeight = 256;

template <Millis ServerSettings::*kField>
void SetInterval(LineScope& line) {
  std::optional<Millis> value = line.Duration(0);
  if (!value) return;
  if (*value == Millis(0)) return line.Error(0, "an interval must be at least 1ms");
  line.server().*kField = *value;
}

void SetOnMarkedDown(LineScope& line) {
  if (line.Arg(0) != "shutdown-sessions") {
    return line.Error(
        0, absl::StrCat("unknown action '", line.Arg(0), "' (expected shutdown-sessions)"));
  }
  line.server().on_marked_down = v1::ON_MARKED_DOWN_SHUTDOWN_SESSIONS;
}

void SetOnMarkedUp(LineScope& line) {
  if (line.Arg(0) != "shutdown-backup-sessions") {
    return line.Error(
        0, absl::StrCat("unknown action '", line.Arg(0), "' (expected shutdown-backup-sessions)"));
  }
  line.server().on_marked_up = v1::ON_MARKED_UP_SHUTDOWN_BACKUP_SESSIONS;
}

void SetInitState(LineScope& line) {
  const std::string& word = line.Arg(0);
  v1::InitState& state = line.server().init_state;
  if (word == "up") {
    state = v1::INIT_STATE_UP;
  } else if (word == "down") {
    state = v1::INIT_STATE_DOWN;
  } else if (word == "fully-up") {
    state = v1::INIT_STATE_FULLY_UP;
  } else if (word == "fully-down") {
    state = v1::INIT_STATE_FULLY_DOWN;
  } else {
    line.Error(
        0, absl::StrCat("unknown state '", word, "' (expected up, down, fully-up or fully-down)"));
  }
}

void SetCheckAddress(LineScope& line) {
  absl::StatusOr<ServerAddress> address = ParseServerAddress(line.Arg(0), line.scope().env());
  if (!address.ok()) return line.Error(0, std::string(address.status().message()));
  if (address->offset != 0) return line.Error(0, "a check's port cannot be relative");
  line.server().check_address = address->text;
}

void SetPoolMaxConn(LineScope& line) {
  if (line.Arg(0) == "-1") {
    line.server().pool_max_conn.reset();
    return;
  }
  if (auto value = line.Number(0)) line.server().pool_max_conn = *value;
}

// "last" and "libc" are what loading does. "none" behind them matters only to a name that cannot be
// resolved; alone it would leave every server without an address.
void SetInitAddr(LineScope& line) {
  const std::vector<std::string> methods = absl::StrSplit(line.Arg(0), ',');
  line.server().init_addr_none = methods.back() == "none";
  if (methods.front() == "none") {
    return line.Error(0, "a server without an address ('init-addr none') is not supported yet",
                      "resolve the name at load: 'init-addr last,libc', or name an address");
  }
  for (const std::string& method : methods) {
    if (method == "last" || method == "libc" || method == "none") continue;
    absl::StatusOr<Address> literal = Address::FromIp(method, 0);
    return line.Error(
        0, literal.ok()
               ? absl::StrCat("a fixed address in 'init-addr' is not supported yet")
               : absl::StrCat("unknown method '", method, "' (expected last, libc or none)"));
  }
}

void SetMaxReuse(LineScope& line) {
  if (line.Arg(0) == "-1") {
    line.server().max_reuse.reset();
    return;
  }
  if (auto value = line.Number(0)) line.server().max_reuse = *value;
}

template <PlacedText ServerSettings::*kField>
void SetServerProtocol(LineScope& line) {
  if (ProtocolOf(line.Arg(0)) == v1::CONNECTION_PROTOCOL_UNSPECIFIED) {
    return line.Error(0, absl::StrCat("unknown protocol '", line.Arg(0), "' (expected ",
                                      std::string(kProtocolNames), ")"));
  }
  line.server().*kField = line.Placed(0);
}

template <bool kValue, bool kWithName>
void SendProxyV2Ssl(LineScope& line) {
  line.server().send_proxy_v2 = kValue;
  line.server().proxy_v2_options.set_ssl(kValue);
  if (kWithName) line.server().proxy_v2_options.set_cert_cn(kValue);
}

struct ProxyV2Word {
  std::string_view name;
  void (v1::ProxyV2Options::*set)(bool);
  bool is_of_ssl;  // stands inside the "ssl" part
};

constexpr ProxyV2Word kProxyV2Words[] = {{"ssl", &v1::ProxyV2Options::set_ssl, true},
                                         {"cert-cn", &v1::ProxyV2Options::set_cert_cn, true},
                                         {"ssl-cipher", &v1::ProxyV2Options::set_ssl_cipher, true},
                                         {"cert-sig", &v1::ProxyV2Options::set_cert_sig, true},
                                         {"cert-key", &v1::ProxyV2Options::set_cert_key, true},
                                         {"authority", &v1::ProxyV2Options::set_authority, false},
                                         {"crc32c", &v1::ProxyV2Options::set_crc32c, false},
                                         {"unique-id", &v1::ProxyV2Options::set_unique_id, false}};

void SetProxyV2Options(LineScope& line) {
  const std::vector<std::string> words = absl::StrSplit(line.Arg(0), ',');
  for (const std::string& name : words) {
    const auto* word = std::ranges::find(kProxyV2Words, name, &ProxyV2Word::name);
    if (word == std::end(kProxyV2Words)) {
      line.Error(0, absl::StrCat("unknown option '", name,
                                 "' (expected ssl, cert-cn, ssl-cipher, cert-sig, cert-key, "
                                 "authority, crc32c or unique-id)"));
      continue;
    }
    (line.server().proxy_v2_options.*word->set)(true);
    if (word->is_of_ssl) line.server().proxy_v2_options.set_ssl(true);
  }
}

bool HasSource(LineScope& line) {
  if (!line.server().source.address().empty()) return true;
  line.scope().Error(line.statement(), line.position(),
                     absl::StrCat("'", std::string(line.name()), "' must follow 'source'"));
  return false;
}

void SetUseSource(LineScope& line) {
  if (!HasSource(line)) return;
  ParseUseSource(line.statement(), line.position() + 1, line.scope(), &line.server().source);
}

void SetSourceInterface(LineScope& line) {
  if (HasSource(line)) line.server().source.set_interface(line.Arg(0));
}

constexpr Parameter kParameters[] = {
    {{"id", "<number>", "The server's number in statistics.", "counted", "5.2"},
     1,
     SetServerNumber<&ServerSettings::id, 1>},
    {{"weight", "<0-256>", "Share of the load.", "1", "5.2"},
     1,
     SetServerNumber<&ServerSettings::weight, 0, kMaxWeight>},
    {{"maxconn", "<number>", "Connections at one time; more wait in a queue.", "no limit", "5.2"},
     1,
     SetServerNumber<&ServerSettings::maxconn>},
    {{"minconn", "<number>", "The same at low load; grows to maxconn.", "maxconn", "5.2"},
     1,
     SetServerNumber<&ServerSettings::minconn>},
    {{"maxqueue", "<number>", "Requests that may wait for this server.", "no limit", "5.2",
      Support::kNotYet, "requests wait for any server of the backend, never for one"},
     1,
     SetServerNumber<&ServerSettings::maxqueue>},
    {{"backup", "", "Used when no other server is left.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::is_backup>},
    {{"no-backup", "", "Undoes 'backup' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::is_backup, false>},
    {{"disabled", "", "Starts in maintenance.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::is_disabled>},
    {{"enabled", "", "Undoes 'disabled' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::is_disabled, false>},
    {{"check", "", "Health checks.", "", "5.2"}, 0, SetServerFlag<&ServerSettings::is_checked>},
    {{"no-check", "", "Undoes 'check' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::is_checked, false>},
    {{"check-send-proxy", "", "Checks begin with a line of the PROXY protocol, version 1.", "",
      "5.2"},
     0,
     SetServerFlag<&ServerSettings::check_send_proxy>},
    {{"no-check-send-proxy", "", "Undoes 'check-send-proxy' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::check_send_proxy, false>},
    {{"inter", "<duration>", "Time between checks.", "2s", "5.2"},
     1,
     SetInterval<&ServerSettings::inter>},
    {{"fastinter", "<duration>", "The same between states.", "inter", "5.2"},
     1,
     SetInterval<&ServerSettings::fastinter>},
    {{"downinter", "<duration>", "The same while down.", "inter", "5.2"},
     1,
     SetInterval<&ServerSettings::downinter>},
    {{"rise", "<number>", "Good checks that make a server up.", "2", "5.2"},
     1,
     SetServerNumber<&ServerSettings::rise, 1>},
    {{"fall", "<number>", "Bad checks that make a server down.", "3", "5.2"},
     1,
     SetServerNumber<&ServerSettings::fall, 1>},
    {{"port", "<port>", "Port of the checks.", "the server's", "5.2"},
     1,
     SetServerNumber<&ServerSettings::check_port, 1, 65535>},
    {{"addr", "<address>", "Address of the checks.", "the server's", "5.2"}, 1, SetCheckAddress},
    {{"init-state", "up|down|fully-up|fully-down", "State before the first check.",
      "no traffic until the first verdict", "5.2"},
     1,
     SetInitState},
    {{"on-marked-down", "shutdown-sessions", "Closes the server's sessions when it goes down.", "",
      "5.2"},
     1,
     SetOnMarkedDown},
    {{"on-marked-up", "shutdown-backup-sessions",
      "Closes the sessions of backup servers when this one comes up.", "", "5.2"},
     1,
     SetOnMarkedUp},
    {{"slowstart", "<duration>", "Time over which weight and 'maxconn' grow after going up.",
      "none", "5.2"},
     1,
     SetServerDuration<&ServerSettings::slowstart>},
    {{"cookie", "<value>", "The server's value of a persistence cookie.", "", "5.2"},
     1,
     [](LineScope& line) { line.server().cookie = line.Arg(0); }},
    {{"pool-max-conn", "<number>", "Idle connections kept; -1: no limit.", "no limit", "5.2"},
     1,
     SetPoolMaxConn},
    {{"pool-purge-delay", "<duration>", "How long idle connections are kept.", "5s", "5.2"},
     1,
     SetServerDuration<&ServerSettings::pool_purge_delay>},
    {{"init-addr", "last|libc|none[,...]",
      "How a name is resolved at load; what comes to 'none' is an error.", "last,libc", "5.2"},
     1,
     SetInitAddr},
    {{"source", "<address>[:<port>]", "Local address of connections to this server.",
      "the backend's", "5.2"},
     1,
     [](LineScope& line) {
       v1::SourceAddress source;
       if (ParseSourceAddress(line.statement(), line.position() + 1, line.scope(), &source)) {
         line.server().source = std::move(source);
       }
     }},
    {{"usesrc", "client|clientip|hdr_ip(<name>[,<occurrence>])|<address>[:<port>]",
      "After 'source': the foreign address that connections to this server bear.", "", "5.2"},
     1,
     SetUseSource},
    {{"interface", "<name>", "After 'source': the interface of connections to this server.", "",
      "5.2"},
     1,
     SetSourceInterface},
    {{"no-agent-check", "", "Accepted: there is none to undo.", "", "5.2"}, 0, [](LineScope&) {}},
    {{"send-proxy", "", "Connections begin with a header of the PROXY protocol, version 1.", "",
      "5.2"},
     0,
     SetServerFlag<&ServerSettings::send_proxy_v1>},
    {{"send-proxy-v2", "", "The same, version 2.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::send_proxy_v2>},
    {{"send-proxy-v2-ssl", "", "Version 2, telling whether the client came over TLS.", "", "5.2"},
     0,
     SendProxyV2Ssl<true, false>},
    {{"send-proxy-v2-ssl-cn", "", "The same, with the name in the client's certificate.", "",
      "5.2"},
     0,
     SendProxyV2Ssl<true, true>},
    {{"no-send-proxy", "", "Undoes 'send-proxy' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::send_proxy_v1, false>},
    {{"no-send-proxy-v2", "", "Undoes 'send-proxy-v2' of a default-server line.", "", "5.2"},
     0,
     SetServerFlag<&ServerSettings::send_proxy_v2, false>},
    {{"no-send-proxy-v2-ssl", "", "Undoes 'send-proxy-v2-ssl'.", "", "5.2"},
     0,
     SendProxyV2Ssl<false, false>},
    {{"no-send-proxy-v2-ssl-cn", "", "Undoes 'send-proxy-v2-ssl-cn'.", "", "5.2"},
     0,
     SendProxyV2Ssl<false, true>},
    {{"proxy-v2-options", "<option>[,<option>...]",
      "What a version 2 header carries besides: ssl, cert-cn, ssl-cipher, cert-sig, cert-key, "
      "authority, crc32c, unique-id.",
      "none", "5.2"},
     1,
     SetProxyV2Options},
    {{"proto", "h1|h2", "What the server speaks, without asking; h2 also without TLS.",
      "ALPN decides", "5.2"},
     1,
     SetServerProtocol<&ServerSettings::protocol>},
    {{"check-proto", "h1|h2", "The same for its HTTP checks.", "'proto'", "5.2"},
     1,
     SetServerProtocol<&ServerSettings::check_protocol>},
    {{"max-reuse", "<number>", "Requests on one connection after the first; -1: no limit.",
      "no limit", "5.2"},
     1,
     SetMaxReuse},
    {{"pool-low-conn", "<number>", "Idle connections below which no thread takes those of another.",
      "0", "5.2", Support::kNotice,
      "no thread takes the idle connections of another, however many there are"},
     1},
    {{"non-stick", "", "Accepted: there is no stick table.", "", "5.2"}, 0, [](LineScope&) {}},
};

}  // namespace

std::span<const Parameter> ServerParameters() {
  static const std::vector<Parameter>* const all = [] {
    auto* made = new std::vector<Parameter>(std::begin(kParameters), std::end(kParameters));
    const std::span<const Parameter> tls = ServerTlsParameters();
    made->insert(made->end(), tls.begin(), tls.end());
    return made;
  }();
  return *all;
}

}  // namespace lb::config
