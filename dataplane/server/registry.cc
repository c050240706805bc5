#include "dataplane/server/registry.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/logger.h"
#include "common/stats/row.h"

namespace lb::server {
namespace {

// While a server warms up, weights count in parts of this; all weights of 1 together in this many.
constexpr uint32_t kFinest = 16;
constexpr uint32_t kMaxScaled = 4096;

using proxy::KillReason;
using upstream::BackendRuntime;
using upstream::FrontendRuntime;
using upstream::ServerEntry;
using upstream::ServerRuntime;
using upstream::ServerStatus;

bool IsOut(ServerStatus status) {
  return status == ServerStatus::kDown || status == ServerStatus::kMaint;
}

// What the state makes of the server. An address that is none leaves the configured one.
ServerEntry EntryOf(const std::shared_ptr<const upstream::ServerConfig>& config,
                    std::shared_ptr<ServerRuntime> runtime, const v1::ServerState& state) {
  ServerEntry entry;
  entry.config = config;
  entry.runtime = std::move(runtime);
  entry.status = StatusOf(state.status());
  entry.weight = state.weight();
  entry.maxconn = state.has_maxconn() ? state.maxconn() : config->maxconn;
  entry.address = config->address;
  if (!state.address().empty()) {
    absl::StatusOr<Address> address = Address::Parse(state.address());
    if (address.ok()) {
      entry.address = *address;
    } else {
      LB_LOG(kError) << "server " << config->name << ": " << address.status().message();
    }
  }
  return entry;
}

bool IsSame(const ServerEntry& a, const ServerEntry& b) {
  return a.config == b.config && a.status == b.status && a.weight == b.weight &&
         a.maxconn == b.maxconn && a.address == b.address;
}

}  // namespace

ServerStatus StatusOf(v1::ServerStatus status) {
  switch (status) {
    case v1::SERVER_DOWN:
      return ServerStatus::kDown;
    case v1::SERVER_MAINT:
      return ServerStatus::kMaint;
    case v1::SERVER_DRAIN:
      return ServerStatus::kDrain;
    case v1::SERVER_PENDING:
      return ServerStatus::kPending;
    default:
      return ServerStatus::kUp;
  }
}

std::shared_ptr<FrontendRuntime> Registry::FrontendOf(const std::string& name) {
  std::shared_ptr<FrontendRuntime>& runtime = frontends_[FrontendIdOf(name)];
  if (runtime == nullptr) {
    runtime = std::make_shared<FrontendRuntime>(FrontendIdOf(name), name, workers_);
  }
  return runtime;
}

std::shared_ptr<BackendRuntime> Registry::BackendOf(const std::string& name) {
  Backend& backend = backends_[BackendIdOf(name)];
  if (backend.runtime == nullptr) {
    backend.runtime = std::make_shared<BackendRuntime>(BackendIdOf(name), name, workers_);
  }
  return backend.runtime;
}

Registry::Server* Registry::ServerOf(const proxy::BackendConfig& backend,
                                     const std::shared_ptr<const upstream::ServerConfig>& config) {
  Server& server = servers_[config->id];
  if (server.runtime == nullptr) {
    server.runtime =
        std::make_shared<ServerRuntime>(config->id, backend.name, config->name, workers_);
    server.backend = backend.id;
  }
  server.config = config;
  return &server;
}

void Registry::AddKills(const Server& server, const ServerEntry& before, Changes* changes) {
  const bool was_out = IsOut(before.status);
  const bool is_out = IsOut(server.entry.status);
  if (is_out && !was_out &&
      server.config->on_marked_down == upstream::OnMarkedDown::kShutdownSessions) {
    changes->kills.push_back(
        {KillOrder::What::kServer, server.runtime, server.backend, KillReason::kServerDown});
  }
  const bool is_serving = server.entry.status == ServerStatus::kUp && server.entry.weight > 0;
  if (was_out && is_serving && !server.config->is_backup &&
      server.config->on_marked_up == upstream::OnMarkedUp::kShutdownBackupSessions) {
    changes->kills.push_back(
        {KillOrder::What::kBackups, nullptr, server.backend, KillReason::kActiveUp});
  }
}

bool Registry::SetState(Server* server, const v1::ServerState& state, Changes* changes) {
  if (!server->is_new && state.shutdown_generation() > server->state.shutdown_generation()) {
    changes->kills.push_back(
        {KillOrder::What::kServer, server->runtime, server->backend, KillReason::kAdmin});
  }
  server->state = state;
  return UpdateEntry(server, changes);
}

// Brings the server's entry up to its state; whether that changes the backend's view.
bool Registry::UpdateEntry(Server* server, Changes* changes) {
  const ServerEntry before = std::move(server->entry);
  server->entry = EntryOf(server->config, server->runtime, server->state);
  server->runtime->status.store(server->entry.status, std::memory_order_release);
  if (std::exchange(server->is_new, false)) return true;
  AddKills(*server, before, changes);
  if (server->entry.status != ServerStatus::kUp) {
    server->warm_since.reset();
  } else if (IsOut(before.status) && server->config->slowstart > Millis(0)) {
    server->warm_since = now_;
    warming_.insert(server->config->id);
  }
  const bool is_elsewhere = !(server->entry.address == before.address);
  if (is_elsewhere || (IsOut(server->entry.status) && !IsOut(before.status))) {
    changes->drained.push_back(server->runtime);
  }
  return !IsSame(server->entry, before);
}

// The entry with as much of its weight, in units of 1 / `scale`, and of its connections as it has
// by now.
ServerEntry Registry::WarmEntryOf(const Server& server, uint32_t scale) const {
  ServerEntry entry = server.entry;
  entry.weight *= scale;
  // A push may have taken the time away meanwhile.
  if (!server.warm_since.has_value() || server.config->slowstart <= Millis(0)) return entry;
  const double share = std::clamp(std::chrono::duration<double>(now_ - *server.warm_since) /
                                      std::chrono::duration<double>(server.config->slowstart),
                                  0.0, 1.0);
  const auto part = [share](uint32_t whole) {
    return whole == 0 ? 0 : std::clamp<uint32_t>(static_cast<uint32_t>(whole * share), 1, whole);
  };
  entry.weight = part(entry.weight);
  entry.maxconn = part(entry.maxconn);
  return entry;
}

void Registry::RebuildView(Backend* backend, Changes* changes) {
  const std::vector<std::shared_ptr<const upstream::ServerConfig>>& configs =
      backend->config->servers;
  const bool is_warming = std::any_of(configs.begin(), configs.end(), [this](const auto& config) {
    return servers_.at(config->id).warm_since.has_value();
  });
  // So that a part of weight 1 is one; less fine where many servers would make a long schedule.
  const uint32_t scale =
      std::clamp<uint32_t>(kMaxScaled / static_cast<uint32_t>(configs.size() + 1), 1, kFinest);
  std::vector<ServerEntry> entries;
  for (const auto& config : configs) {
    const Server& server = servers_.at(config->id);
    entries.push_back(is_warming ? WarmEntryOf(server, scale) : server.entry);
  }
  backend->view =
      upstream::BuildView(entries, backend->config->all_backups, backend->config->fullconn);
  changes->views.push_back({backend->runtime, backend->view, backend->config->balance});
}

Changes Registry::Adopt(std::shared_ptr<const proxy::Config> config, const v1::Snapshot& snapshot,
                        const std::vector<v1::ServerState>& states) {
  std::unordered_map<ServerId, const v1::ServerState*> given;
  for (const v1::ServerState& state : states) given[state.id()] = &state;

  Changes changes;
  std::unordered_set<ServerId> kept;
  for (const v1::Backend& message : snapshot.backends()) {
    auto found = config->backend_by_name.find(message.common().name());
    if (found == config->backend_by_name.end()) continue;
    const proxy::BackendConfig& backend_config = *found->second;
    Backend& backend = backends_.at(backend_config.id);
    bool has_changed = backend.config != found->second;
    backend.config = found->second;
    for (size_t i = 0; i < backend_config.servers.size(); ++i) {
      Server* server = ServerOf(backend_config, backend_config.servers[i]);
      kept.insert(server->config->id);
      auto state = given.find(server->config->id);
      if (state != given.end()) {
        if (SetState(server, *state->second, &changes)) has_changed = true;
        continue;
      }
      if (server->is_new) {
        server->state = stats::ConfiguredState(message, message.servers(static_cast<int>(i)));
      }
      if (UpdateEntry(server, &changes)) has_changed = true;
    }
    if (has_changed) RebuildView(&backend, &changes);
  }
  Retire(kept, &changes);
  Publish(std::move(config));
  DropUnused();
  return changes;
}

void Registry::Retire(const std::unordered_set<ServerId>& kept, Changes* changes) {
  std::erase_if(servers_, [&](const auto& entry) {
    if (kept.contains(entry.first)) return false;
    entry.second.runtime->is_retired.store(true, std::memory_order_release);
    changes->drained.push_back(entry.second.runtime);
    return true;
  });
}

void Registry::Publish(std::shared_ptr<const proxy::Config> config) {
  auto serving = std::make_shared<ServingSet>();
  for (const auto& frontend : config->frontends) {
    serving->frontends[frontend->id] = frontend->runtime;
  }
  for (const auto& backend : config->backends) {
    serving->backends[backend->id] = backend->runtime;
    for (const auto& server : backend->servers) {
      serving->server_index[server->id] = serving->servers.size();
      serving->servers.push_back({server, servers_.at(server->id).runtime, backend->runtime});
    }
  }
  serving->config = std::move(config);
  serving_ = std::move(serving);
}

Changes Registry::SetStates(const std::vector<v1::ServerState>& states) {
  Changes changes;
  std::unordered_set<BackendId> changed;
  for (const v1::ServerState& state : states) {
    auto found = servers_.find(state.id());
    if (found == servers_.end()) continue;
    if (SetState(&found->second, state, &changes)) changed.insert(found->second.backend);
  }
  for (BackendId id : changed) RebuildView(&backends_.at(id), &changes);
  return changes;
}

Changes Registry::WarmUp(SteadyTime now) {
  now_ = now;
  Changes changes;
  std::unordered_set<BackendId> changed;
  std::erase_if(warming_, [&](ServerId id) {
    auto found = servers_.find(id);
    if (found == servers_.end() || !found->second.warm_since.has_value()) return true;
    Server& server = found->second;
    changed.insert(server.backend);
    const bool is_warm = now - *server.warm_since >= server.config->slowstart;
    if (is_warm) server.warm_since.reset();
    return is_warm;
  });
  for (BackendId id : changed) RebuildView(&backends_.at(id), &changes);
  return changes;
}

void Registry::DropUnused() {
  const ServingSet* serving = serving_.get();
  std::erase_if(frontends_, [&](const auto& entry) {
    return serving == nullptr || !serving->frontends.contains(entry.first);
  });
  std::erase_if(backends_, [&](const auto& entry) {
    return serving == nullptr || !serving->backends.contains(entry.first);
  });
}

std::vector<v1::ServerState> Registry::States() const {
  std::vector<v1::ServerState> states;
  if (serving_ == nullptr) return states;
  for (const ServingSet::Server& server : serving_->servers) {
    states.push_back(servers_.at(server.config->id).state);
  }
  return states;
}

}  // namespace lb::server
