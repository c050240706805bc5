#include "dataplane/server/data_plane_process.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/status.h"

namespace lb::server {
namespace {

// How long a control plane that can be reached may take to say what to serve.
constexpr Millis kPatience{2000};

}  // namespace

uint32_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  constexpr rlim_t kMost = std::numeric_limits<int32_t>::max();
  return static_cast<uint32_t>(std::min(limit.rlim_cur, kMost));
}

DataPlaneProcess::DataPlaneProcess(DataPlaneOptions options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)), channel_(std::move(channel)) {}

DataPlaneProcess::~DataPlaneProcess() = default;

absl::Status DataPlaneProcess::Start() {
  LB_CHECK(data_plane_ == nullptr);
  if (!options_.state_dir.empty()) {
    LB_ASSIGN_OR_RETURN(StateDir directory, StateDir::Open(options_.state_dir));
    state_dir_ = std::move(directory);
  }
  DataPlaneSettings settings;
  settings.node = options_.node;
  settings.group = options_.group;
  settings.labels = options_.labels;
  settings.version = options_.version;
  settings.workers = options_.workers;
  settings.max_descriptors = RaiseDescriptorLimit();
  settings.process_forks = options_.process_forks;
  DataPlaneHooks hooks;
  if (state_dir_.has_value()) {
    hooks.on_committed = [this](SnapshotPtr snapshot) {
      keeper_->SaveSnapshot(std::move(snapshot));
    };
    hooks.on_states_changed = [this] { keeper_->SaveStatesSoon(); };
  }
  data_plane_ = std::make_unique<DataPlane>(&loop_, std::move(settings), std::move(hooks));
  return absl::OkStatus();
}

void DataPlaneProcess::Run() {
  LB_CHECK(data_plane_ != nullptr);
  if (state_dir_.has_value()) {
    keeper_ = std::make_unique<StateKeeper>(&loop_, state_dir_->path(),
                                            [this] { return data_plane_->States(); });
    loop_.RunAfter(kPatience, [this] { ServeFromBefore(); });
  }
  ControlObserver* const observer = this;  // a private base
  client_ = std::make_unique<ControlClient>(&loop_, channel_, observer);
  data_plane_->Start();
  client_->Start();
  loop_.Run();
  client_.reset();
  keeper_.reset();
  data_plane_.reset();
}

void DataPlaneProcess::Drain(std::optional<Millis> limit) {
  loop_.Post([this, limit] { data_plane_->Drain(limit, [this] { loop_.Stop(); }); });
}

void DataPlaneProcess::StopNow() { loop_.Stop(); }

void DataPlaneProcess::OnConnected(ControlLink* link) { data_plane_->OnConnected(link); }

void DataPlaneProcess::OnMessage(const v1::ToDataPlane& message) {
  data_plane_->OnMessage(message);
}

void DataPlaneProcess::OnDisconnected(const std::string& reason) {
  data_plane_->OnDisconnected(reason);
  if (state_dir_.has_value()) ServeFromBefore();
}

// Once, unless there is something newer already.
void DataPlaneProcess::ServeFromBefore() {
  if (data_plane_->has_config() || data_plane_->is_preparing() || data_plane_->is_draining())
    return;
  if (std::exchange(has_looked_back_, true)) return;
  const SnapshotFile file(state_dir_->path());
  absl::StatusOr<v1::Snapshot> snapshot = file.ReadSnapshot();
  if (!snapshot.ok()) {
    if (!absl::IsNotFound(snapshot.status())) {
      LB_LOG(kError) << "the last good snapshot is of no use: " << snapshot.status().message();
    }
    return;
  }
  absl::StatusOr<v1::States> states = file.ReadStates();
  if (!states.ok()) {
    if (!absl::IsNotFound(states.status())) {
      LB_LOG(kError) << "the last server states are of no use: " << states.status().message();
    }
    states = v1::States();
  }
  const uint64_t revision = snapshot->revision();
  std::optional<Problem> problem =
      data_plane_->Restore(std::make_shared<const v1::Snapshot>(*std::move(snapshot)),
                           {states->states().begin(), states->states().end()});
  if (problem.has_value()) {
    LB_LOG(kError) << "the last good revision " << revision
                   << " cannot be served: " << problem->ToString();
    return;
  }
  LB_LOG(kNotice) << "no word from the control plane: serving revision " << revision
                  << " from before";
}

}  // namespace lb::server
