// Parameters of "server" lines that HAProxy 2.6 has and we refuse by name.
// Source: HAProxy configuration manual, section 5.2.
#include <vector>

#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

struct RefusedWord {
  std::string_view name;
  int args;
  std::string_view reason;
};

constexpr std::string_view kTls = "TLS is not supported yet";
constexpr std::string_view kProxyProtocol = "the PROXY protocol is not supported yet";
constexpr std::string_view kAgent = "agent checks are not supported yet";
constexpr std::string_view kResolvers = "names are resolved when the file is loaded";

constexpr RefusedWord kRefused[] = {
    {"ssl", 0, kTls},
    {"check-ssl", 0, kTls},
    {"check-sni", 1, kTls},
    {"check-alpn", 1, kTls},
    {"allow-0rtt", 0, kTls},
    {"alpn", 1, kTls},
    {"npn", 1, kTls},
    {"ca-file", 1, kTls},
    {"crl-file", 1, kTls},
    {"crt", 1, kTls},
    {"ciphers", 1, kTls},
    {"ciphersuites", 1, kTls},
    {"force-sslv3", 0, kTls},
    {"force-tlsv10", 0, kTls},
    {"force-tlsv11", 0, kTls},
    {"force-tlsv12", 0, kTls},
    {"force-tlsv13", 0, kTls},
    {"no-sslv3", 0, kTls},
    {"no-tlsv10", 0, kTls},
    {"no-tlsv11", 0, kTls},
    {"no-tlsv12", 0, kTls},
    {"no-tlsv13", 0, kTls},
    {"no-tls-tickets", 0, kTls},
    {"tls-tickets", 0, kTls},
    {"no-ssl-reuse", 0, kTls},
    {"ssl-reuse", 0, kTls},
    {"ssl-max-ver", 1, kTls},
    {"ssl-min-ver", 1, kTls},
    {"sni", 1, kTls},
    {"verify", 1, kTls},
    {"verifyhost", 1, kTls},
    {"send-proxy", 0, kProxyProtocol},
    {"send-proxy-v2", 0, kProxyProtocol},
    {"send-proxy-v2-ssl", 0, kProxyProtocol},
    {"send-proxy-v2-ssl-cn", 0, kProxyProtocol},
    {"no-send-proxy-v2-ssl", 0, kProxyProtocol},
    {"no-send-proxy-v2-ssl-cn", 0, kProxyProtocol},
    {"proxy-v2-options", 1, kProxyProtocol},
    {"agent-check", 0, kAgent},
    {"agent-addr", 1, kAgent},
    {"agent-inter", 1, kAgent},
    {"agent-port", 1, kAgent},
    {"agent-send", 1, kAgent},
    {"resolvers", 1, kResolvers},
    {"resolve-net", 1, kResolvers},
    {"resolve-opts", 1, kResolvers},
    {"resolve-prefer", 1, kResolvers},
    {"observe", 1, ""},
    {"on-error", 1, ""},
    {"error-limit", 1, ""},
    {"track", 1, ""},
    {"redir", 1, ""},
    {"stick", 0, ""},
    {"namespace", 1, ""},
    {"socks4", 1, ""},
    {"check-via-socks4", 0, ""},
    {"check-proto", 1, "HTTP/2 is not supported yet"},
    {"proto", 1, "HTTP/2 is not supported yet"},
    {"ws", 1, "HTTP/2 is not supported yet"},
    {"log-proto", 1, ""},
    {"max-reuse", 1, ""},
    {"pool-low-conn", 1, ""},
    {"tcp-ut", 1, ""},
    {"tfo", 0, ""},
    {"no-tfo", 0, ""},
    {"usesrc", 1, ""},
    {"shard", 1, ""},
};

}  // namespace

std::span<const Parameter> UnsupportedServerParameters() {
  static const std::vector<Parameter>* const all = [] {
    auto* made = new std::vector<Parameter>;
    for (const RefusedWord& refused : kRefused) {
      Parameter parameter;
      parameter.text = {
          refused.name,  refused.args == 0 ? "" : "<value>", "", "", "5.2", Support::kUnsupported,
          refused.reason};
      parameter.args = refused.args;
      made->push_back(parameter);
    }
    return made;
  }();
  return *all;
}

}  // namespace lb::config
