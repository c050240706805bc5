// RuntimeSockets: the "stats socket" lines of the configuration that serves, spoken to by the
// runtime language; and that language for everyone else (the Admin service's RunCommand).
// Lives on the controller's loop thread.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_SOCKETS_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_SOCKETS_H_

#include <functional>
#include <memory>
#include <string>

#include "controlplane/service/revisions.h"
#include "controlplane/service/runtime/commands.h"
#include "controlplane/service/runtime/runtime_server.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

class RuntimeSockets : public StatsSockets {
 public:
  // Both pointers are borrowed. `version` is this program's.
  RuntimeSockets(event::EventLoop* loop, RuntimeBackend* backend, std::string version);

  // Sockets that stay are not touched. What is prepared answers at once, and those to be closed
  // close at once: an abort opens them again.
  absl::Status Prepare(const config::ControlSettings& control) override;
  void Commit() override;
  void Abort() override;

  // Runs one line (";" separates commands) with every right.
  void RunCommand(const std::string& line, const v1::Origin& origin,
                  std::function<void(std::string)> done);

  // Closes every socket.
  void Close() { server_.reset(); }

 private:
  RuntimeCommands commands_;
  std::unique_ptr<RuntimeServer> server_;
  RuntimeServerSettings settings_;  // in use
  RuntimeServerSettings prepared_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_SOCKETS_H_
