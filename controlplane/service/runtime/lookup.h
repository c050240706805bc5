// Finding configured things by the names that commands give.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_LOOKUP_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_LOOKUP_H_

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

// The words of a command, which are separated by blanks; a backslash takes a blank's meaning away.
std::vector<std::string> SplitWords(std::string_view command);

// Splits "backend/server"; false when a part is missing.
bool SplitServerName(std::string_view name, std::string* backend, std::string* server);

const v1::Backend* FindBackend(const v1::Snapshot& snapshot, std::string_view name);

// A server of the view. When there is none, `server` is null and `error` is HAProxy's message.
struct FoundServer {
  const v1::Backend* backend = nullptr;
  const v1::Server* server = nullptr;
  v1::ServerState state;
  std::string error;
};
FoundServer FindServer(const RuntimeView& view, std::string_view name);

// The state of a configured server; as configured while the view has none.
v1::ServerState StateOf(const RuntimeView& view, const v1::Backend& backend,
                        const v1::Server& server);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_LOOKUP_H_
