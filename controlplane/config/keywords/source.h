// "source <address>[:<port>] [usesrc <whom>] [interface <name>]", of backends and of servers.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_

#include <optional>

#include "controlplane/config/scope.h"

namespace lb::config {

// The whole line of a backend; nullopt after reporting an error.
std::optional<v1::SourceAddress> ParseSource(const Statement& statement, Scope& scope);

// Parts of it, which a server line has among its parameters: the address, and what follows
// "usesrc". Each is argument `at`. False after reporting an error.
bool ParseSourceAddress(const Statement& statement, size_t at, Scope& scope,
                        v1::SourceAddress* source);
bool ParseUseSource(const Statement& statement, size_t at, Scope& scope, v1::SourceAddress* source);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_
