// ServerBook: every server of the configuration that serves, with its health machine and what an
// operator has pinned on it. Pure but for the clock; lives on the controller's loop thread.
//
// Servers are identified by their names, so they keep their state across revisions. A server whose
// configured address changes is another server, and starts anew.
#ifndef LB_CONTROLPLANE_SERVICE_SERVER_BOOK_H_
#define LB_CONTROLPLANE_SERVICE_SERVER_BOOK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/stats/row.h"
#include "controlplane/checks/server_state.h"
#include "controlplane/service/availability.h"
#include "controlplane/store/state_store.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::service {

using Overrides = std::map<store::OverrideKind, store::Override>;

struct ServerEntry {
  ServerId id = 0;
  std::string backend;
  std::string server;
  const v1::Backend* backend_config = nullptr;  // in the book's snapshot
  const v1::Server* config = nullptr;           // in the book's snapshot
  checks::ServerState machine;
  Overrides overrides;
  uint64_t shutdown_generation = 0;

  std::string name() const { return backend + "/" + server; }
  // Where sessions go: the operator's address, else the configured one.
  const std::string& address() const;
};

// The weight that `text` ("N", or "N%" of `configured`) means. INVALID_ARGUMENT when it is none,
// or above 256.
absl::StatusOr<uint32_t> WeightOf(std::string_view text, uint32_t configured);

// How many servers of a backend can take a new session.
struct UsableServers {
  uint32_t active = 0;
  uint32_t backup = 0;
  uint32_t total() const { return active + backup; }
};

class ServerBook {
 public:
  using SnapshotPtr = std::shared_ptr<const v1::Snapshot>;

  // `clock` outlives the book.
  explicit ServerBook(const Clock& clock) : clock_(clock) {}

  // What an earlier run left; both before the first Adopt(). Values that mean nothing are dropped.
  void Remember(const std::vector<store::Override>& overrides,
                const std::vector<store::ServerRecord>& servers);

  // The states that the servers of `next` will begin with, in file order; changes nothing.
  std::vector<v1::ServerState> StatesFor(const v1::Snapshot& next) const;

  // Makes `next` the configuration. Returns what that changed for servers that stay.
  std::vector<std::pair<ServerId, checks::StateChange>> Adopt(SnapshotPtr next);

  const SnapshotPtr& snapshot() const { return snapshot_; }
  const std::vector<ServerId>& order() const { return order_; }  // file order

  // nullptr when there is none.
  ServerEntry* Find(ServerId id);
  const ServerEntry* Find(ServerId id) const;
  const v1::Backend* FindBackend(std::string_view backend) const;

  // Pins or lifts; the machine follows. The change says what came of it.
  checks::StateChange SetOverride(ServerEntry* entry, const store::Override& override_value);
  checks::StateChange LiftOverride(ServerEntry* entry, store::OverrideKind kind);

  // The whole dynamic state, as data planes get it.
  static v1::ServerState StateOf(const ServerEntry& entry);
  std::vector<v1::ServerState> AllStates() const;
  // For the store.
  static store::ServerRecord RecordOf(const ServerEntry& entry);
  UsableServers Usable(const v1::Backend& backend) const;

  // Counts the usable servers of a backend of the configuration anew, after one has changed.
  // Returns whether the last one has just gone.
  bool Recount(const v1::Backend& backend);
  // Backends as a whole, as of their last Recount(), for statistics.
  stats::BackendHealthMap BackendHealths() const;

 private:
  using Key = std::pair<std::string, std::string>;  // backend, server

  std::pair<ServerEntry, checks::StateChange> MakeEntry(const v1::Backend& backend,
                                                        const v1::Server& server) const;
  bool IsAvailable(const v1::Backend& backend) const;
  static checks::StateChange ApplyOverride(ServerEntry* entry, const store::Override& value);

  const Clock& clock_;
  SnapshotPtr snapshot_;
  std::unordered_map<ServerId, ServerEntry> entries_;
  std::vector<ServerId> order_;
  std::unordered_map<BackendId, Availability> availability_;
  std::map<Key, Overrides> overrides_;  // also of servers that no configuration names now
  std::map<Key, v1::ServerState> saved_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_SERVER_BOOK_H_
