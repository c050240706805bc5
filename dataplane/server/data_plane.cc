#include "dataplane/server/data_plane.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/host_name.h"
#include "common/base/logger.h"
#include "common/snapshot/apply_delta.h"
#include "common/snapshot/hash.h"

namespace lb::server {
namespace {

// How long sessions may take to end once they must.
constexpr Millis kLastWords{2000};

uint64_t RandomInstance() {
  std::random_device random;
  return ((uint64_t{random()} << 32) | random()) | 1;  // never 0
}

uint32_t UsableCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0) return 1;
  return static_cast<uint32_t>(std::max(1, CPU_COUNT(&cores)));
}

uint64_t RevisionOf(const v1::Prepare& prepare) {
  return prepare.has_full() ? prepare.full().revision() : prepare.delta().revision();
}

// Replaces or adds the states of `newer` in `states`.
void Merge(const std::vector<v1::ServerState>& newer, std::vector<v1::ServerState>* states) {
  std::unordered_map<ServerId, size_t> place;
  for (size_t i = 0; i < states->size(); ++i) place[(*states)[i].id()] = i;
  for (const v1::ServerState& state : newer) {
    auto found = place.find(state.id());
    if (found != place.end()) {
      (*states)[found->second] = state;
    } else {
      states->push_back(state);
    }
  }
}

std::set<std::string> ProxyNames(const v1::Snapshot& snapshot) {
  std::set<std::string> names;
  for (const v1::Frontend& frontend : snapshot.frontends()) names.insert(frontend.common().name());
  for (const v1::Backend& backend : snapshot.backends()) names.insert(backend.common().name());
  return names;
}

}  // namespace

DataPlane::DataPlane(event::EventLoop* loop, DataPlaneSettings settings, DataPlaneHooks hooks)
    : loop_(loop),
      settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      instance_(RandomInstance()),
      started_unix_ms_(
          std::chrono::duration_cast<Millis>(loop->clock().WallNow().time_since_epoch()).count()),
      facts_{HostName(), static_cast<uint32_t>(getpid())},
      documents_(settings_.version, &load_, loop->clock()),
      pool_(loop) {}

DataPlane::~DataPlane() { pool_.Stop(); }

void DataPlane::OnMessage(const v1::ToDataPlane& message) {
  switch (message.message_case()) {
    case v1::ToDataPlane::kPrepare:
      return OnPrepare(message.prepare());
    case v1::ToDataPlane::kCommit:
      return OnCommit(message.commit().revision());
    case v1::ToDataPlane::kAbort:
      return AbortPrepared();
    case v1::ToDataPlane::kStates:
      return OnStates(message.states());
    case v1::ToDataPlane::kTicketKeys:
      return OnTicketKeys(message.ticket_keys());
    case v1::ToDataPlane::kPoll:
      return SendReport(message.poll().id());
    case v1::ToDataPlane::kListSessions:
      return AnswerListSessions(message.list_sessions().id());
    case v1::ToDataPlane::kListBadMessages:
      return AnswerListBadMessages(message.list_bad_messages().id());
    case v1::ToDataPlane::kShutdownSessions:
      return AnswerShutdownSessions(message.shutdown_sessions());
    case v1::ToDataPlane::kClearCounters:
      return AnswerClearCounters(message.clear_counters());
    case v1::ToDataPlane::kRefused:
      LB_LOG(kError) << "the control plane refuses this data plane: " << message.refused().reason();
      return;
    case v1::ToDataPlane::MESSAGE_NOT_SET:
      LB_LOG(kWarning) << "a message of a kind this version does not know";
      return;
  }
}

void DataPlane::OnTicketKeys(const v1::TicketKeys& message) {
  std::vector<tls::TicketKey> keys;
  for (const std::string& bytes : message.keys()) {
    absl::StatusOr<tls::TicketKey> key = tls::TicketKey::Parse(bytes);
    if (!key.ok()) {
      LB_LOG(kError) << "the keys of TLS tickets stay as they are: " << key.status().message();
      return;
    }
    keys.push_back(*std::move(key));
  }
  if (message.seals_with() < keys.size()) {
    ticket_keys_->Replace(std::move(keys), message.seals_with());
  }
}

absl::StatusOr<SnapshotPtr> DataPlane::SnapshotOf(const v1::Prepare& prepare) const {
  if (prepare.has_full()) {
    auto snapshot = std::make_shared<v1::Snapshot>(prepare.full());
    if (SnapshotHash(*snapshot) != snapshot->hash()) {
      return absl::DataLossError("the snapshot's content is not that of its hash");
    }
    return snapshot;
  }
  if (snapshot_ == nullptr) return absl::FailedPreconditionError("there is nothing to change yet");
  absl::StatusOr<v1::Snapshot> applied = ApplyDelta(*snapshot_, prepare.delta());
  if (!applied.ok()) return absl::FailedPreconditionError(applied.status().message());
  if (SnapshotHash(*applied) != applied->hash()) {
    return absl::FailedPreconditionError("the changed snapshot's content is not that of its hash");
  }
  return std::make_shared<const v1::Snapshot>(*std::move(applied));
}

void DataPlane::OnPrepare(const v1::Prepare& prepare) {
  const uint64_t revision = RevisionOf(prepare);
  AbortPrepared();
  absl::StatusOr<SnapshotPtr> snapshot = SnapshotOf(prepare);
  if (!snapshot.ok()) {
    LB_LOG(kWarning) << "revision " << revision
                     << " cannot be had: " << snapshot.status().message();
    return SendNack(revision, {"", std::string(snapshot.status().message())},
                    absl::IsFailedPrecondition(snapshot.status()));
  }
  std::optional<Problem> problem =
      PrepareSnapshot(*std::move(snapshot), {prepare.states().begin(), prepare.states().end()});
  if (problem.has_value()) {
    LB_LOG(kWarning) << "revision " << revision << " is refused: " << problem->ToString();
    return SendNack(revision, *std::move(problem), /*needs_full=*/false);
  }
  SendAck(revision, v1::Ack::VALIDATED);
}

// What is fixed once workers run: their number, and the size of their buffers.
void DataPlane::SetUpRuntime(const v1::Global& global) {
  uint32_t workers = settings_.workers;
  if (workers == 0) workers = global.nbthread() != 0 ? global.nbthread() : UsableCores();
  const size_t buffer_bytes = BufferBytesOf(global);
  if (pool_.size() != 0) {
    if (workers != limits_.workers || buffer_bytes != limits_.buffer_bytes) {
      LB_LOG(kWarning) << "a change of nbthread or tune.bufsize takes effect at the next start";
    }
    return;
  }
  if (registry_ == nullptr || workers != limits_.workers) {
    registry_ = std::make_unique<Registry>(workers);
    sockets_ = std::make_unique<Sockets>(workers);
  }
  limits_ = {workers, buffer_bytes, settings_.max_descriptors};
}

std::optional<Problem> DataPlane::PrepareSnapshot(SnapshotPtr snapshot,
                                                  std::vector<v1::ServerState> states) {
  SetUpRuntime(snapshot->global());
  CompileInput input;
  input.snapshot = snapshot.get();
  input.limits = limits_;
  input.runtimes = registry_.get();
  input.ticket_keys = ticket_keys_;
  if (snapshot_ != nullptr) {
    input.previous = snapshot_.get();
    input.previous_config = registry_->serving()->config;
  }
  Compiled compiled = Compile(input);
  std::optional<Problem> problem;
  if (compiled.config == nullptr) {
    problem = std::move(compiled.problem);
  } else if (!is_draining()) {
    problem = sockets_->Prepare(*compiled.config);
  }
  if (problem.has_value()) {
    registry_->DropUnused();
    return problem;
  }
  prepared_ = Prepared{std::move(snapshot), std::move(compiled.config), std::move(states)};
  return std::nullopt;
}

void DataPlane::AbortPrepared() {
  if (!prepared_.has_value()) return;
  prepared_.reset();
  if (sockets_ != nullptr) sockets_->Abort();
  registry_->DropUnused();
}

void DataPlane::OnCommit(uint64_t revision) {
  if (!prepared_.has_value() || prepared_->snapshot->revision() != revision) {
    LB_LOG(kError) << "revision " << revision << " is to be served but is not prepared";
    return SendNack(revision, {"", "it is not prepared"}, /*needs_full=*/false);
  }
  CommitPrepared(InThisSession([this, revision] { SendAck(revision, v1::Ack::SERVING); }));
  SendAck(revision, v1::Ack::APPLIED);
}

std::vector<WorkerConfig> DataPlane::WorkerConfigs(const std::vector<ListenPoint>& points) const {
  std::vector<WorkerConfig> configs(limits_.workers);
  for (size_t worker = 0; worker < configs.size(); ++worker) {
    configs[worker].serving = registry_->serving();
    for (const ListenPoint& point : points) {
      configs[worker].listens.push_back({point, sockets_->fd(point.key, worker)});
    }
  }
  return configs;
}

void DataPlane::CommitPrepared(std::function<void()> on_serving) {
  Prepared prepared = *std::exchange(prepared_, std::nullopt);
  if (prepared.config->maxconn > MaxConnectionsOf(settings_.max_descriptors)) {
    LB_LOG(kWarning) << "maxconn " << prepared.config->maxconn
                     << " needs more descriptors than the " << settings_.max_descriptors
                     << " that the process may have";
  }
  if (pool_.size() == 0) {
    pool_.Start(limits_.workers, {&load_, &documents_, &bad_messages_, &facts_,
                                  limits_.buffer_bytes, settings_.process_forks});
  }
  auto changes = std::make_shared<const Changes>(
      registry_->Adopt(prepared.config, *prepared.snapshot, prepared.states));
  snapshot_ = std::move(prepared.snapshot);
  bad_messages_.Retain(ProxyNames(*snapshot_));
  documents_.SetServing(snapshot_, registry_->serving(), process_constants(), registry_->States());
  // Who drains follows every change, so that it holds up nobody's rollout; but it does not listen.
  std::vector<ListenPoint> points;
  if (!is_draining()) points = sockets_->Commit();
  auto configs = std::make_shared<const std::vector<WorkerConfig>>(WorkerConfigs(points));
  pool_.GiveAll(
      [changes, configs](Worker& worker) {
        worker.ApplyChanges(*changes);
        worker.SetConfig((*configs)[worker.index()]);
      },
      [this, revision = snapshot_->revision(), on_serving = std::move(on_serving)] {
        // A drain may have closed everything meanwhile.
        if (sockets_ != nullptr) sockets_->ReleaseUnused();
        LB_LOG(kInfo) << "revision " << revision << " serves";
        on_serving();
      });
  if (hooks_.on_committed != nullptr) hooks_.on_committed(snapshot_);
}

std::optional<Problem> DataPlane::Restore(SnapshotPtr snapshot,
                                          std::vector<v1::ServerState> states) {
  LB_CHECK(!has_config() && !is_preparing());
  std::optional<Problem> problem = PrepareSnapshot(std::move(snapshot), std::move(states));
  if (!problem.has_value()) CommitPrepared([] {});
  return problem;
}

void DataPlane::OnStates(const v1::States& message) {
  const std::vector<v1::ServerState> states(message.states().begin(), message.states().end());
  if (prepared_.has_value()) Merge(states, &prepared_->states);
  auto done = InThisSession([this, version = message.version()] {
    v1::FromDataPlane answer;
    answer.mutable_states_applied()->set_version(version);
    link_->Send(std::move(answer));
  });
  if (!has_config()) return done();
  auto changes = std::make_shared<const Changes>(registry_->SetStates(states));
  documents_.SetStates(states);
  pool_.GiveAll([changes](Worker& worker) { worker.ApplyChanges(*changes); }, std::move(done));
  if (!changes->empty() && hooks_.on_states_changed != nullptr) hooks_.on_states_changed();
}

std::vector<v1::ServerState> DataPlane::States() const {
  return registry_ == nullptr ? std::vector<v1::ServerState>() : registry_->States();
}

void DataPlane::Drain(std::optional<Millis> limit, std::function<void()> done) {
  if (!limit.has_value() && snapshot_ != nullptr && snapshot_->global().hard_stop_after_ms() != 0) {
    limit = Millis(snapshot_->global().hard_stop_after_ms());
  }
  if (limit.has_value()) {
    loop_->RunAfter(*limit, [this, serial = ++drain_serial_] {
      if (serial == drain_serial_) EndAtLimit();
    });
  }
  if (is_draining()) return;
  AbortPrepared();
  load_.is_stopping.store(true, std::memory_order_relaxed);
  on_drained_ = std::move(done);
  if (pool_.size() == 0) return loop_->Post([this] { FinishDrain(); });
  // The workers, and the listening sockets, which go once no worker accepts any more.
  undrained_ = pool_.size() + 1;
  pool_.GiveAll(
      [this](Worker& worker) { worker.Drain([this] { loop_->Post([this] { OnDrained(); }); }); },
      [this] {
        sockets_.reset();
        OnDrained();
      });
}

void DataPlane::EndAtLimit() {
  pool_.GiveAll(
      [](Worker& worker) { worker.context().sessions.KillAll(proxy::KillReason::kAdmin); }, [] {});
  // A session told to end does so in the next turns of its loop.
  loop_->RunAfter(kLastWords, [this] { FinishDrain(); });
}

void DataPlane::OnDrained() {
  if (--undrained_ == 0) FinishDrain();
}

void DataPlane::FinishDrain() {
  if (on_drained_ != nullptr) std::exchange(on_drained_, nullptr)();
}

}  // namespace lb::server
