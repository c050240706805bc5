// The keyword tables, one for each area of the language. Each is constant.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_TABLES_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_TABLES_H_

#include <span>

#include "controlplane/config/keyword.h"

namespace lb::config {

std::span<const Keyword> GlobalKeywords();       // global.cc
std::span<const Keyword> ProcessKeywords();      // process.cc: accepted, without effect
std::span<const Keyword> TlsKeywords();          // tls.cc
std::span<const Keyword> ProxyKeywords();        // proxy.cc
std::span<const Keyword> TimeoutKeywords();      // timeouts.cc
std::span<const Keyword> OptionKeywords();       // options.cc
std::span<const Keyword> BindKeywords();         // bind.cc
std::span<const Keyword> BalanceKeywords();      // balance.cc
std::span<const Keyword> ServerKeywords();       // server.cc
std::span<const Keyword> CheckKeywords();        // checks.cc
std::span<const Keyword> RoutingKeywords();      // routing.cc
std::span<const Keyword> HttpRuleKeywords();     // http_rules.cc
std::span<const Keyword> TcpRuleKeywords();      // tcp_rules.cc
std::span<const Keyword> ErrorKeywords();        // errors.cc
std::span<const Keyword> StatsKeywords();        // stats.cc
std::span<const Keyword> LogKeywords();          // log.cc
std::span<const Keyword> UnsupportedKeywords();  // unsupported.cc

// Parameters of "bind" and "server" lines, in the order of the reference page.
std::span<const Parameter> BindParameters();               // bind_parameters.cc
std::span<const Parameter> ServerParameters();             // server_parameters.cc
std::span<const Parameter> UnsupportedServerParameters();  // server_unsupported.cc
std::span<const Parameter> BindTlsParameters();            // tls_parameters.cc
std::span<const Parameter> ServerTlsParameters();

// Those of BindTlsParameters() and ServerTlsParameters() that are taken elsewhere.
std::span<const Parameter> CrtListParameters();     // in the brackets of a crt-list
std::span<const Parameter> DefaultBindOptions();    // "ssl-default-bind-options"
std::span<const Parameter> DefaultServerOptions();  // "ssl-default-server-options"

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_TABLES_H_
