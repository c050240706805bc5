#include "controlplane/service/runtime/lookup.h"

#include "common/stats/row.h"

namespace lb::service {

std::vector<std::string> SplitWords(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < command.size(); ++i) {
    char c = command[i];
    if (c == ' ' || c == '\t') {
      in_word = false;
      continue;
    }
    if (c == '\\' && i + 1 < command.size()) c = command[++i];
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back() += c;
  }
  return words;
}

bool SplitServerName(std::string_view name, std::string* backend, std::string* server) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash + 1 == name.size()) return false;
  *backend = name.substr(0, slash);
  *server = name.substr(slash + 1);
  return true;
}

const v1::Backend* FindBackend(const v1::Snapshot& snapshot, std::string_view name) {
  for (const v1::Backend& backend : snapshot.backends()) {
    if (backend.common().name() == name) return &backend;
  }
  return nullptr;
}

v1::ServerState StateOf(const RuntimeView& view, const v1::Backend& backend,
                        const v1::Server& server) {
  auto found = view.states.find(ServerIdOf(backend.common().name(), server.name()));
  return found != view.states.end() ? found->second : stats::ConfiguredState(backend, server);
}

FoundServer FindServer(const RuntimeView& view, std::string_view name) {
  FoundServer found;
  std::string backend_name, server_name;
  if (!SplitServerName(name, &backend_name, &server_name)) {
    found.error = "Require 'backend/server'.\n";
    return found;
  }
  found.backend = FindBackend(*view.snapshot, backend_name);
  if (found.backend == nullptr) {
    found.error = "No such backend.\n";
    return found;
  }
  for (const v1::Server& server : found.backend->servers()) {
    if (server.name() != server_name) continue;
    found.server = &server;
    found.state = StateOf(view, *found.backend, server);
    return found;
  }
  found.error = "No such server.\n";
  return found;
}

}  // namespace lb::service
