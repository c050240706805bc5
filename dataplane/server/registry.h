// Registry: what lives on of frontends, backends and servers while snapshots come and go, by id;
// the state of every server; and the views that balancers choose from.
//
// Main thread only. What it hands out (runtimes, views) is shared with workers; see their headers.
// A runtime that no snapshot has any more is let go here and ends with the last Config, view or
// session that refers to it; its idle connections must be dropped by each worker first, which is
// what Changes::drained asks for.
#ifndef LB_DATAPLANE_SERVER_REGISTRY_H_
#define LB_DATAPLANE_SERVER_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dataplane/proxy/config.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/server/runtime_source.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::server {

// A backend and what its servers are to the workers from now on.
struct ViewUpdate {
  std::shared_ptr<upstream::BackendRuntime> runtime;
  std::shared_ptr<const upstream::BackendView> view;
  upstream::Balance balance;
};

// Sessions that a state change ends.
struct KillOrder {
  enum class What : uint8_t { kServer, kBackups };
  What what = What::kServer;
  std::shared_ptr<upstream::ServerRuntime> server;  // kServer
  BackendId backend = 0;                            // kBackups
  proxy::KillReason reason = proxy::KillReason::kAdmin;
};

// What every worker has to do because of a change.
struct Changes {
  std::vector<ViewUpdate> views;
  // Their idle connections go: the server is down, elsewhere, or no more.
  std::vector<std::shared_ptr<upstream::ServerRuntime>> drained;
  std::vector<KillOrder> kills;

  bool empty() const { return views.empty() && drained.empty() && kills.empty(); }
};

// Everything of one Config that has counters, for readers on any thread.
struct ServingSet {
  struct Server {
    std::shared_ptr<const upstream::ServerConfig> config;
    std::shared_ptr<upstream::ServerRuntime> runtime;
    std::shared_ptr<upstream::BackendRuntime> backend;
  };
  std::shared_ptr<const proxy::Config> config;
  std::vector<Server> servers;  // in file order
  std::unordered_map<ServerId, size_t> server_index;
  std::unordered_map<BackendId, std::shared_ptr<upstream::BackendRuntime>> backends;
  std::unordered_map<FrontendId, std::shared_ptr<upstream::FrontendRuntime>> frontends;
};

class Registry : public RuntimeSource {
 public:
  explicit Registry(size_t workers) : workers_(workers) {}

  std::shared_ptr<upstream::FrontendRuntime> FrontendOf(const std::string& name) override;
  std::shared_ptr<upstream::BackendRuntime> BackendOf(const std::string& name) override;

  // Makes `config` (compiled from `snapshot`) what is served, with these states. A server without
  // one keeps what it has, or is as its configuration says.
  Changes Adopt(std::shared_ptr<const proxy::Config> config, const v1::Snapshot& snapshot,
                const std::vector<v1::ServerState>& states);
  // Takes effect on the atomics at once. States of unknown servers are ignored.
  Changes SetStates(const std::vector<v1::ServerState>& states);
  // A second or so has passed: servers with "slowstart" that have come up get more of their weight
  // and of their connections. Whether one comes up is seen at the time of the last call.
  // Source: HAProxy configuration manual, "slowstart".
  Changes WarmUp(SteadyTime now);
  // Lets go of what the compiler asked for and no adopted config has: after an abort.
  void DropUnused();

  // Null before the first Adopt().
  const std::shared_ptr<const ServingSet>& serving() const { return serving_; }
  // The state of every server that is served, in file order.
  std::vector<v1::ServerState> States() const;

 private:
  struct Server {
    std::shared_ptr<upstream::ServerRuntime> runtime;
    std::shared_ptr<const upstream::ServerConfig> config;
    BackendId backend = 0;
    v1::ServerState state;
    // What of the state matters to traffic, as workers have it.
    upstream::ServerEntry entry;
    bool is_new = true;
    std::optional<SteadyTime> warm_since;  // it came up then, and has not all of its weight yet
  };
  struct Backend {
    std::shared_ptr<upstream::BackendRuntime> runtime;
    std::shared_ptr<const proxy::BackendConfig> config;  // of the adopted config
    std::shared_ptr<const upstream::BackendView> view;
  };

  Server* ServerOf(const proxy::BackendConfig& backend,
                   const std::shared_ptr<const upstream::ServerConfig>& config);
  bool SetState(Server* server, const v1::ServerState& state, Changes* changes);
  bool UpdateEntry(Server* server, Changes* changes);
  void AddKills(const Server& server, const upstream::ServerEntry& before, Changes* changes);
  upstream::ServerEntry WarmEntryOf(const Server& server, uint32_t scale) const;
  void RebuildView(Backend* backend, Changes* changes);
  void Retire(const std::unordered_set<ServerId>& kept, Changes* changes);
  void Publish(std::shared_ptr<const proxy::Config> config);

  const size_t workers_;
  SteadyTime now_{};  // of the last WarmUp()
  std::unordered_set<ServerId> warming_;
  std::unordered_map<FrontendId, std::shared_ptr<upstream::FrontendRuntime>> frontends_;
  std::unordered_map<BackendId, Backend> backends_;
  std::unordered_map<ServerId, Server> servers_;
  std::shared_ptr<const ServingSet> serving_;
};

// How workers treat a server of that status.
upstream::ServerStatus StatusOf(v1::ServerStatus status);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_REGISTRY_H_
