// "source <address>[:<port>] [interface <name>]", of backends and of servers.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_

#include <optional>

#include "controlplane/config/scope.h"

namespace lb::config {

struct ParsedSource {
  v1::SourceAddress address;
  size_t used = 0;  // arguments read
};

// Reads from argument `first` on; nullopt after reporting an error.
std::optional<ParsedSource> ParseSource(const Statement& statement, size_t first, Scope& scope);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_SOURCE_H_
