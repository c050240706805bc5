// ControlPlane: a whole control plane: what lbcontrold is, and the half of lbd that decides.
//
//   ControlPlane control(program, options);
//   if (absl::Status s = control.Start(); !s.ok()) ...   // bad file, state in use, cannot listen
//   control.loop()->Run();
//
// The thread that calls Start() runs the loop. Signals and SIGPIPE are the program's to block
// before Start(): the threads started here inherit the mask.
#ifndef LB_CONTROLPLANE_SERVER_CONTROL_PLANE_H_
#define LB_CONTROLPLANE_SERVER_CONTROL_PLANE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "common/base/state_dir.h"
#include "common/event/event_loop.h"
#include "controlplane/server/options.h"
#include "controlplane/service/controller.h"
#include "controlplane/service/grpc_server.h"
#include "controlplane/service/runtime_adapter.h"
#include "controlplane/service/runtime_sockets.h"

namespace lb::control {

class ControlPlane {
 public:
  ControlPlane(ProgramFacts program, ControlOptions options);
  // Requires that ShutDown() has finished, when Start() was ok.
  ~ControlPlane();

  // Prints what the compiler has to say. Errors: for the operator, as they are.
  absl::Status Start();

  // Reads the files again and applies them; prints what came of it. Loop thread.
  void Reload();
  // Ends every connection, then runs `done` on the loop, which must run until then. Loop thread.
  void ShutDown(std::function<void()> done);

  event::EventLoop* loop() { return &loop_; }
  service::Controller& controller() { return *controller_; }
  std::shared_ptr<grpc::Channel> InProcessChannel() { return grpc_->InProcessChannel(); }
  // What the configuration of the start says of the process itself.
  const config::ControlSettings& settings() const { return settings_; }

 private:
  absl::StatusOr<service::Starting> Load(store::StateStore* store);
  std::vector<std::string> Listens() const;

  const ProgramFacts program_;
  const ControlOptions options_;
  event::EventLoop loop_;
  std::optional<StateDir> state_dir_;
  config::ControlSettings settings_;
  std::unique_ptr<service::Controller> controller_;
  std::unique_ptr<service::RuntimeAdapter> runtime_;
  std::unique_ptr<service::RuntimeSockets> sockets_;
  std::unique_ptr<service::GrpcServer> grpc_;
};

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_CONTROL_PLANE_H_
