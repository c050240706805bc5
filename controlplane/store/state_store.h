// StateStore: what the control plane remembers across restarts: configuration revisions, operator
// overrides, events, nodes, the last known state of every server, and what each minute brought.
//
//   std::unique_ptr<StateStore> store = *SqliteStore::Open(state_dir + "/state.db");
//   LB_RETURN_IF_ERROR(store->Batch([&] {
//     LB_RETURN_IF_ERROR(store->SetOverride(maint));
//     return store->AddEvent(event).status();
//   }));
//
// Every call is synchronous, and durable once it has returned ok: a kill or a power cut at any
// moment loses nothing that was acknowledged. One writer: all calls of one object come from one
// thread (the controller's writer thread). Further readers open objects of their own.
//
// Times are milliseconds since 1970, passed in by the caller; the store has no clock.
// Errors name the file: "state '/var/lib/lb/x/state.db': <what failed>".
#ifndef LB_CONTROLPLANE_STORE_STATE_STORE_H_
#define LB_CONTROLPLANE_STORE_STATE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::store {

struct StoredFile {
  std::string path;
  std::string text;
};

// The outcome of a revision that every data plane serves. Others are "" (not known yet: the
// control plane ended in between) and "refused: <why>".
inline constexpr std::string_view kOutcomeServing = "serving";

// One configuration that was asked to be served.
struct Revision {
  uint64_t number = 0;  // given by the store, from 1, never reused
  std::vector<StoredFile> files;
  std::string hash;  // of the compiled snapshot
  std::string author;
  std::string message;
  int64_t created_unix_ms = 0;
  std::string outcome;
};

// What an operator can pin on a server, each on its own.
enum class OverrideKind { kState, kWeight, kAddress, kMaxconn };

// One pinned value. Outlives pushes and restarts until it is lifted, also while no configuration
// names the server.
struct Override {
  std::string backend;
  std::string server;
  OverrideKind kind = OverrideKind::kState;
  std::string value;   // "maint", "drain"; "50"; "10.0.0.7:80"; "100"
  std::string origin;  // "root@host, lbctl"
  int64_t set_unix_ms = 0;
};

// Numbers are in the database: new ones at the end.
enum class EventKind { kServer, kCommand, kRevision, kNode, kCertificate };

// One line of the history.
struct Event {
  uint64_t id = 0;  // given by the store, growing
  int64_t at_unix_ms = 0;
  EventKind kind = EventKind::kServer;
  std::string subject;  // "pool/srv", "7" (a revision), "node1", "site.pem"
  std::string text;
  std::string origin;
};

struct EventQuery {
  uint32_t limit = 100;                // the newest so many
  std::optional<EventKind> kind;       // any
  std::optional<std::string> subject;  // any
  uint64_t after_id = 0;               // only later ones
};

// A data plane, as last seen.
struct NodeRecord {
  std::string node;
  std::string group;
  std::string version;
  std::string peer;
  uint64_t instance = 0;  // random at its start: tells a restart from a reconnect
  uint64_t revision = 0;  // the last one it acknowledged
  std::string stage;      // "serving", "applied", "validated", "refused"
  bool is_connected = false;
  int64_t since_unix_ms = 0;  // connected or lost since
  int64_t last_seen_unix_ms = 0;
  std::string last_error;
};

// The last known state of a server, so that a restarted control plane begins where it ended.
struct ServerRecord {
  std::string backend;
  std::string server;
  std::string status;   // "UP", "DOWN", "MAINT", ...: the writer's own words
  uint32_t health = 0;  // the check's counter of rise and fall
  int64_t last_change_unix_ms = 0;
  uint64_t failed_checks = 0;
  uint64_t down_transitions = 0;
  uint64_t downtime_seconds = 0;
  std::string check_status;  // "L7OK"; empty: never checked
  uint32_t check_code = 0;
  uint64_t check_duration_ms = 0;
  std::string last_check;
};

// What a frontend, a backend or a server did in one minute, on all data planes together.
struct MinuteRecord {
  int64_t at_unix_ms = 0;  // its beginning
  std::string proxy;
  std::string name;  // "FRONTEND", "BACKEND" or the server's, as statistics name rows
  uint64_t sessions = 0;
  uint64_t requests = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t responses_4xx = 0;
  uint64_t responses_5xx = 0;
  uint64_t denied = 0;           // requests and responses
  uint64_t request_errors = 0;   // by the client's doing
  uint64_t connect_errors = 0;   // to servers
  uint64_t response_errors = 0;  // by a server's doing
  uint64_t max_queue = 0;
  uint64_t failed_checks = 0;

  friend bool operator==(const MinuteRecord&, const MinuteRecord&) = default;
};

struct MinuteQuery {
  std::string proxy;
  std::string name;
  int64_t since_unix_ms = 0;  // minutes that begin then or later
};

// What Prune() keeps. A zero keeps without that limit.
struct Retention {
  int64_t oldest_unix_ms = 0;         // events and revisions from before this time may go
  uint64_t events = 0;                // at most so many events
  uint64_t revisions = 0;             // at most so many revisions; the current one always stays
  int64_t oldest_minute_unix_ms = 0;  // minutes from before this time go
  uint64_t minutes = 0;               // at most about so many minute records: whole minutes go
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  // Runs `body`; the writes it makes become durable together, with one wait for the disk, or, when
  // it returns an error, not at all. The calls inside are not durable by themselves. Not nested.
  virtual absl::Status Batch(const std::function<absl::Status()>& body) = 0;

  // Stores all but `number`, which it gives and returns.
  virtual absl::StatusOr<uint64_t> AddRevision(const Revision& revision) = 0;
  virtual absl::Status SetRevisionOutcome(uint64_t number, std::string_view outcome) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<Revision> GetRevision(uint64_t number) = 0;
  // The newest revision whose outcome is "serving"; 0 when there is none.
  virtual absl::StatusOr<uint64_t> CurrentRevision() = 0;
  // Newest first, without their files.
  virtual absl::StatusOr<std::vector<Revision>> ListRevisions(uint32_t limit) = 0;

  // Replaces the override of the same backend, server and kind.
  virtual absl::Status SetOverride(const Override& override_value) = 0;
  // Ok also when there is none.
  virtual absl::Status LiftOverride(std::string_view backend, std::string_view server,
                                    OverrideKind kind) = 0;
  // By backend, server, kind.
  virtual absl::StatusOr<std::vector<Override>> ListOverrides() = 0;

  // Stores all but `id`, which it gives and returns.
  virtual absl::StatusOr<uint64_t> AddEvent(const Event& event) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<Event>> ListEvents(const EventQuery& query) = 0;

  // Replaces the record of the same node.
  virtual absl::Status SaveNode(const NodeRecord& node) = 0;
  virtual absl::Status ForgetNode(std::string_view node) = 0;
  // By name.
  virtual absl::StatusOr<std::vector<NodeRecord>> ListNodes() = 0;

  // Replaces the records of the same servers, together.
  virtual absl::Status SaveServers(const std::vector<ServerRecord>& servers) = 0;
  // By backend, server.
  virtual absl::StatusOr<std::vector<ServerRecord>> ListServers() = 0;

  // Stores the records together. One of a minute, proxy and name that is there already is added to
  // it (a control plane that ended within the minute); queues count by their maximum.
  virtual absl::Status AddMinutes(const std::vector<MinuteRecord>& minutes) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<MinuteRecord>> ListMinutes(const MinuteQuery& query) = 0;

  // Deletes what is beyond `retention`; returns the number of records deleted.
  virtual absl::StatusOr<uint64_t> Prune(const Retention& retention) = 0;
};

}  // namespace lb::store

#endif  // LB_CONTROLPLANE_STORE_STATE_STORE_H_
