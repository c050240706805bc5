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

constexpr std::string_view kAgent = "agent checks are not supported yet";
constexpr std::string_view kResolvers = "names are resolved when the file is loaded";

constexpr RefusedWord kRefused[] = {
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
    {"ws", 1, "WebSockets use the protocol of the server's other connections"},
    {"log-proto", 1, ""},
    {"tcp-ut", 1, ""},
    {"tfo", 0, ""},
    {"no-tfo", 0, ""},
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
