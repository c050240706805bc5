#include "controlplane/service/runtime_sockets.h"

#include <utility>

#include "common/base/logger.h"
#include "controlplane/service/runtime/dialogue.h"

namespace lb::service {
namespace {

RuntimeServerSettings SettingsOf(const config::ControlSettings& control) {
  RuntimeServerSettings settings;
  settings.timeout = control.stats_timeout;
  settings.max_connections = control.stats_maxconn;
  for (const config::StatsSocket& socket : control.stats_sockets) {
    RuntimeSocket out;
    out.address = socket.address;
    out.mode = socket.mode;
    out.user = socket.user;
    out.group = socket.group;
    out.level = ParseAccessLevel(socket.level).value_or(AccessLevel::kOperator);
    settings.sockets.push_back(std::move(out));
  }
  return settings;
}

}  // namespace

RuntimeSockets::RuntimeSockets(event::EventLoop* loop, RuntimeBackend* backend, std::string version)
    : commands_(backend, &loop->clock(), std::move(version)),
      server_(std::make_unique<RuntimeServer>(loop, &commands_)) {}

absl::Status RuntimeSockets::Prepare(const config::ControlSettings& control) {
  prepared_ = SettingsOf(control);
  if (server_ == nullptr) return absl::OkStatus();
  return server_->Configure(prepared_);
}

void RuntimeSockets::Commit() { settings_ = prepared_; }

void RuntimeSockets::Abort() {
  if (server_ == nullptr) return;
  if (absl::Status status = server_->Configure(settings_); !status.ok()) {
    LB_LOG(kError) << status.message();
  }
}

void RuntimeSockets::RunCommand(const std::string& line, const v1::Origin& origin,
                                std::function<void(std::string)> done) {
  CommandContext context;
  context.level = AccessLevel::kAdmin;
  context.origin = {origin.user(), origin.host(), origin.program()};
  std::shared_ptr<Dialogue> dialogue = Dialogue::Make(&commands_, std::move(context));
  // The dialogue is held by its own answer, and goes with it.
  dialogue->TakeLine(
      line, [dialogue, done = std::move(done)](std::string reply) { done(std::move(reply)); });
}

}  // namespace lb::service
