// DataPlane: the main thread's object. Takes snapshots and states, prepares and commits them,
// drives the workers, answers the control plane. Knows nothing of what carries the session.
//
//   Prepare --> compile, bind --> Ack VALIDATED | Nack    (what serves is not touched)
//   Commit  --> listen, adopt, post to workers --> Ack APPLIED
//               every worker has switched      --> release old sockets, Ack SERVING
//   States  --> atomics at once, views posted to workers; all have them --> StatesApplied
//
// Everything here is on the thread of `loop`.
#ifndef LB_DATAPLANE_SERVER_DATA_PLANE_H_
#define LB_DATAPLANE_SERVER_DATA_PLANE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "common/event/event_loop.h"
#include "common/tls/ticket_keys.h"
#include "dataplane/server/compiler.h"
#include "dataplane/server/control_link.h"
#include "dataplane/server/counters.h"
#include "dataplane/server/documents.h"
#include "dataplane/server/registry.h"
#include "dataplane/server/sockets.h"
#include "dataplane/server/worker_pool.h"

namespace lb::server {

struct DataPlaneSettings {
  std::string node;
  std::string group;
  std::map<std::string, std::string> labels;
  std::string version;
  uint32_t workers = 0;  // 0: what the snapshot says, or one a core
  uint32_t max_descriptors = 1024;
  bool process_forks = true;  // whether this process ever starts another
};

using SnapshotPtr = std::shared_ptr<const v1::Snapshot>;

// Told what is worth keeping for a restart. Both may be empty.
struct DataPlaneHooks {
  std::function<void(SnapshotPtr)> on_committed;
  std::function<void()> on_states_changed;  // of a kind that matters to traffic
};

class DataPlane : public ControlObserver {
 public:
  DataPlane(event::EventLoop* loop, DataPlaneSettings settings, DataPlaneHooks hooks);
  ~DataPlane() override;

  // Begins the sampling and the reports of once a second.
  void Start();

  // ControlObserver
  void OnConnected(ControlLink* link) override;
  void OnMessage(const v1::ToDataPlane& message) override;
  void OnDisconnected(const std::string& reason) override;

  // Serves `snapshot` without being told to: after a restart without the control plane.
  std::optional<Problem> Restore(SnapshotPtr snapshot, std::vector<v1::ServerState> states);

  // Stops accepting, lets sessions end, and calls `done` once. After `limit` those left are ended.
  // nullopt: the configuration's "hard-stop-after", or none. Called again, a limit replaces the one
  // before and `done` is dropped.
  void Drain(std::optional<Millis> limit, std::function<void()> done);

  bool has_config() const { return snapshot_ != nullptr; }
  bool is_preparing() const { return prepared_.has_value(); }
  bool is_draining() const { return load_.is_stopping.load(std::memory_order_relaxed); }
  std::vector<v1::ServerState> States() const;
  size_t workers() const { return pool_.size(); }

 private:
  struct Prepared {
    SnapshotPtr snapshot;
    std::shared_ptr<const proxy::Config> config;
    std::vector<v1::ServerState> states;
  };

  // data_plane.cc: revisions and states
  void OnPrepare(const v1::Prepare& prepare);
  absl::StatusOr<SnapshotPtr> SnapshotOf(const v1::Prepare& prepare) const;
  std::optional<Problem> PrepareSnapshot(SnapshotPtr snapshot, std::vector<v1::ServerState> states);
  void SetUpRuntime(const v1::Global& global);
  void OnCommit(uint64_t revision);
  void CommitPrepared(std::function<void()> on_serving);
  std::vector<WorkerConfig> WorkerConfigs(const std::vector<ListenPoint>& points) const;
  void AbortPrepared();
  void OnStates(const v1::States& message);
  void OnTicketKeys(const v1::TicketKeys& message);

  // data_plane_answers.cc: what is asked and told
  void SendHello();
  void SendAck(uint64_t revision, v1::Ack::Stage stage);
  void SendNack(uint64_t revision, Problem problem, bool needs_full);
  void SendReport(uint64_t poll_id);
  void AnswerListSessions(uint64_t id);
  void AnswerListBadMessages(uint64_t id);
  void AnswerShutdownSessions(const v1::ShutdownSessions& order);
  void AnswerClearCounters(const v1::ClearCounters& order);
  void SendCommandDone(uint64_t id, uint64_t affected);
  void Tick();
  // Runs `fn` only while the session is the one in which it was asked for.
  std::function<void()> InThisSession(std::function<void()> fn);

  void EndAtLimit();
  void OnDrained();
  void FinishDrain();
  ProcessConstants process_constants() const;

  event::EventLoop* const loop_;
  const DataPlaneSettings settings_;
  const DataPlaneHooks hooks_;
  const uint64_t instance_;
  const int64_t started_unix_ms_;

  ControlLink* link_ = nullptr;  // null: no session
  uint64_t session_ = 0;         // counts sessions

  // Own keys until the control plane sends those of the fleet. Contexts hold it: a change takes
  // effect with the next handshake.
  const std::shared_ptr<tls::TicketKeys> ticket_keys_ = std::make_shared<tls::TicketKeys>();

  ProcessLimits limits_;
  SnapshotPtr snapshot_;  // served; null: none yet
  std::optional<Prepared> prepared_;

  // What workers use comes before them, and goes after them.
  proxy::ProcessLoad load_;
  const rules::ProcessFacts facts_;
  Documents documents_;
  proxy::BadMessages bad_messages_;
  RateSampler sampler_;
  std::shared_ptr<const RateTable> rates_ = std::make_shared<RateTable>();
  std::unique_ptr<Registry> registry_;  // null until the first Prepare
  std::unique_ptr<Sockets> sockets_;    // likewise; null again once it drains
  WorkerPool pool_;

  size_t undrained_ = 0;
  uint64_t drain_serial_ = 0;
  std::function<void()> on_drained_;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_DATA_PLANE_H_
