#include "controlplane/server/control_plane.h"

#include <random>
#include <utility>

#include "common/base/logger.h"
#include "common/base/status.h"
#include "controlplane/server/configuration.h"
#include "controlplane/store/sqlite_store.h"

namespace lb::control {
namespace {

// The longest path of a unix socket.
constexpr size_t kMaxSocketPath = 107;

}  // namespace

ControlPlane::ControlPlane(ProgramFacts program, ControlOptions options)
    : program_(std::move(program)), options_(std::move(options)) {}

ControlPlane::~ControlPlane() {
  grpc_.reset();
  sockets_.reset();
}

absl::StatusOr<service::Starting> ControlPlane::Load(store::StateStore* store) {
  LB_ASSIGN_OR_RETURN(std::vector<config::SourceFile> files, ReadConfiguration(options_));
  Diagnostics diagnostics;
  absl::StatusOr<service::Starting> starting =
      service::LoadStart(store, std::move(files), RealCompiler(), loop_.clock(), &diagnostics);
  if (!starting.ok() || !options_.is_quiet) Print(diagnostics.Render());
  if (absl::IsInvalidArgument(starting.status())) {
    return absl::InvalidArgumentError("fatal errors found in configuration");
  }
  if (options_.fails_on_warnings && HasWarnings(diagnostics)) {
    return absl::InvalidArgumentError("the configuration has warnings, and -dW is set");
  }
  return starting;
}

std::vector<std::string> ControlPlane::Listens() const {
  std::vector<std::string> listens = options_.listens;
  const std::string admin = state_dir_->path() + "/admin.sock";
  if (admin.size() <= kMaxSocketPath) {
    listens.insert(listens.begin(), "unix:" + admin);
  } else {
    LB_LOG(kWarning) << "no admin socket: the path " << admin << " is longer than "
                     << kMaxSocketPath << " bytes";
  }
  return listens;
}

absl::Status ControlPlane::Start() {
  const std::string directory =
      options_.state_dir.empty() ? DefaultStateDir(options_.files.front()) : options_.state_dir;
  LB_ASSIGN_OR_RETURN(StateDir state_dir, StateDir::Open(directory));
  state_dir_ = std::move(state_dir);
  LB_ASSIGN_OR_RETURN(std::unique_ptr<store::StateStore> store,
                      store::SqliteStore::Open(directory + "/state.db"));
  LB_ASSIGN_OR_RETURN(service::Starting starting, Load(store.get()));
  settings_ = starting.config->control;

  service::ControllerParts parts;
  parts.store = std::move(store);
  parts.compile = RealCompiler();
  parts.log = std::make_unique<service::StateLog>(loop_.clock());
  parts.checker = service::MakeEngineChecker(&loop_, std::random_device()(), [this](ServerId id) {
    return controller_->view().CurrentSessions(id);
  });
  service::ControllerOptions options;
  options.version = program_.version;
  options.program = program_.name;
  options.state_dir = directory;
  controller_ = std::make_unique<service::Controller>(&loop_, options, std::move(parts));
  runtime_ = std::make_unique<service::RuntimeAdapter>(controller_.get());
  sockets_ = std::make_unique<service::RuntimeSockets>(&loop_, runtime_.get(), program_.version);
  controller_->SetStatsSockets(sockets_.get());
  LB_RETURN_IF_ERROR(controller_->Begin(std::move(starting)));
  LB_ASSIGN_OR_RETURN(std::optional<tls::ChannelIdentity> identity,
                      tls::LoadIdentity(options_.tls));
  LB_ASSIGN_OR_RETURN(
      grpc_, service::GrpcServer::Start(Listens(), identity, controller_.get(),
                                        [this](const std::string& line, const v1::Origin& origin,
                                               std::function<void(std::string)> done) {
                                          sockets_->RunCommand(line, origin, std::move(done));
                                        }));
  return absl::OkStatus();
}

void ControlPlane::Reload() {
  if (options_.files.empty()) {
    LB_LOG(kWarning) << "nothing to read again: no -f was given";
    return;
  }
  absl::StatusOr<std::vector<config::SourceFile>> files = ReadConfiguration(options_);
  if (!files.ok()) {
    LB_LOG(kError) << "not reloaded: " << files.status().message();
    return;
  }
  v1::ApplyRequest request;
  for (const config::SourceFile& file : *files) {
    v1::ConfigFile* out = request.add_files();
    out->set_path(file.path);
    out->set_text(file.text);
  }
  request.set_message("SIGHUP");
  request.mutable_origin()->set_program("SIGHUP");
  controller_->revisions().Apply(request, [](absl::StatusOr<v1::ApplyReply> reply) {
    if (!reply.ok()) {
      LB_LOG(kError) << "not reloaded: " << reply.status().message();
      return;
    }
    Print(reply->diagnostics());
    if (!reply->applied()) {
      LB_LOG(kError) << "not reloaded: " << reply->reason();
    } else if (reply->unchanged()) {
      LB_LOG(kNotice) << "reloaded: nothing changed, revision " << reply->revision() << " serves";
    } else {
      LB_LOG(kNotice) << "reloaded: revision " << reply->revision() << " serves";
    }
  });
}

void ControlPlane::ShutDown(std::function<void()> done) {
  controller_->ExpectLosses();
  sockets_->Close();
  grpc_->ShutDown(std::move(done));
}

}  // namespace lb::control
