// Parameters of "bind" lines. Source: HAProxy configuration manual, section 5.1.
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/protocol.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

template <void (v1::Bind::*kSet)(bool), bool kValue = true>
void SetBindFlag(LineScope& line) {
  (line.bind().*kSet)(kValue);
}

template <void (v1::Bind::*kSet)(uint32_t), uint32_t kMost = UINT32_MAX>
void SetBindNumber(LineScope& line) {
  if (auto value = line.Number(0, 0, kMost)) (line.bind().*kSet)(*value);
}

void SetMode(LineScope& line) {
  char* end = nullptr;
  const unsigned long mode = std::strtoul(line.Arg(0).c_str(), &end, 8);
  if (*end != '\0' || mode > 07777) {
    return line.Error(0, absl::StrCat("'", line.Arg(0), "' is not an octal file mode"));
  }
  line.bind().set_mode(static_cast<uint32_t>(mode));
}

void SetTcpUserTimeout(LineScope& line) {
  if (auto value = line.Duration(0)) {
    line.bind().set_tcp_user_timeout_ms(static_cast<uint32_t>(value->count()));
  }
}

void SetBindProtocol(LineScope& line) {
  const v1::ConnectionProtocol protocol = ProtocolOf(line.Arg(0));
  if (protocol == v1::CONNECTION_PROTOCOL_UNSPECIFIED) {
    return line.Error(0, absl::StrCat("unknown protocol '", line.Arg(0), "' (expected ",
                                      std::string(kProtocolNames), ")"));
  }
  line.bind().set_protocol(protocol);
  line.bind_model().protocol = line.Placed(0);
}

constexpr Parameter kParameters[] = {
    {{"name", "<name>", "Name in statistics and logs.", "its number", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_name(line.Arg(0)); }},
    {{"maxconn", "<number>", "Connections on this listener.", "the frontend's", "5.1"},
     1,
     SetBindNumber<&v1::Bind::set_maxconn>},
    {{"backlog", "<number>", "Length of the kernel's accept queue.", "the frontend's", "5.1"},
     1,
     SetBindNumber<&v1::Bind::set_backlog>},
    {{"v6only", "", "An IPv6 socket takes IPv6 alone.", "", "5.1"},
     0,
     SetBindFlag<&v1::Bind::set_v6only>},
    {{"v4v6", "", "An IPv6 socket takes IPv4 as well.", "", "5.1"},
     0,
     SetBindFlag<&v1::Bind::set_v6only, false>},
    {{"transparent", "", "Accepts connections to addresses that are not local.", "", "5.1"},
     0,
     SetBindFlag<&v1::Bind::set_transparent>},
    {{"interface", "<name>", "Takes connections of one network interface.", "all", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_interface(line.Arg(0)); }},
    {{"defer-accept", "", "Accepts a connection only once it has sent something.", "", "5.1"},
     0,
     SetBindFlag<&v1::Bind::set_defer_accept>},
    {{"tfo", "", "TCP fast open.", "", "5.1"}, 0, SetBindFlag<&v1::Bind::set_tcp_fast_open>},
    {{"mss", "<bytes>", "Largest TCP segment announced.", "the kernel's", "5.1"},
     1,
     SetBindNumber<&v1::Bind::set_mss, 65535>},
    {{"tcp-ut", "<duration>", "TCP user timeout.", "the kernel's", "5.1"}, 1, SetTcpUserTimeout},
    {{"mode", "<octal>", "Permissions of a unix socket.", "by umask", "5.1"}, 1, SetMode},
    {{"user", "<name>", "Owner of a unix socket.", "", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_user(line.Arg(0)); }},
    {{"group", "<name>", "Group of a unix socket.", "", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_group(line.Arg(0)); }},
    {{"uid", "<number>", "Owner of a unix socket.", "", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_user(line.Arg(0)); }},
    {{"gid", "<number>", "Group of a unix socket.", "", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_group(line.Arg(0)); }},
    {{"accept-proxy", "", "Connections begin with a header of the PROXY protocol, version 1 or 2.",
      "", "5.1"},
     0,
     SetBindFlag<&v1::Bind::set_accept_proxy>},
    {{"accept-netscaler-cip", "<magic>", "", "", "5.1", Support::kUnsupported,
      "the NetScaler protocol is not spoken; use 'accept-proxy'"},
     1},
    {{"quic-cc-algo", "<name>", "", "", "5.1", Support::kUnsupported, "QUIC is not spoken"}, 1},
    {{"quic-force-retry", "", "", "", "5.1", Support::kUnsupported, "QUIC is not spoken"}, 0},
    {{"expose-fd", "listeners", "Accepted, of no effect.", "", "5.1", Support::kNotice,
      "it is for 'stats socket'"},
     1},
    {{"id", "<number>", "", "", "5.1", Support::kNotice, "listeners are counted"}, 1},
    {{"level", "<level>", "", "", "5.1", Support::kNotice, "it is for 'stats socket'"}, 1},
    {{"severity-output", "<format>", "", "", "5.1", Support::kNotice, "it is for 'stats socket'"},
     1},
    {{"namespace", "<name>", "Network namespace to listen in.", "the process' own", "5.1"},
     1,
     [](LineScope& line) { line.bind().set_namespace_(line.Arg(0)); }},
    {{"nice", "<number>", "", "", "5.1", Support::kNotice, "every connection has one priority"}, 1},
    {{"process", "<set>", "", "", "5.1", Support::kNotice,
      "every listener is served by all threads"},
     1},
    {{"thread", "<set>", "", "", "5.1", Support::kNotice,
      "every listener is served by all threads"},
     1},
    {{"shards", "<number>", "", "", "5.1", Support::kNotice,
      "every thread has a socket of its own already"},
     1},
    {{"proto", "h1|h2", "What clients speak, without asking; h2 also without TLS.",
      "ALPN, or an HTTP/2 preface, decides", "5.1"},
     1,
     SetBindProtocol},
};

}  // namespace

std::span<const Parameter> BindParameters() {
  static const std::vector<Parameter>* const all = [] {
    auto* made = new std::vector<Parameter>(std::begin(kParameters), std::end(kParameters));
    const std::span<const Parameter> tls = BindTlsParameters();
    made->insert(made->end(), tls.begin(), tls.end());
    return made;
  }();
  return *all;
}

}  // namespace lb::config
