// The commands of lbctl. Each group adds its own to the command line and, when one of them is
// chosen, leaves an Action that is run after the whole line has been understood.
#ifndef LB_CLI_COMMAND_H_
#define LB_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <utility>

#include "cli/client.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include <CLI/CLI.hpp>

namespace lb::cli {

// What an action works with. `client` is null for commands that need no control plane.
struct Session {
  Client* client = nullptr;
  const Output* output = nullptr;

  // Calls, and tells a failure: the exit code.
  template <typename Method, typename Request, typename Reply>
  int Call(Method method, const Request& request, Reply* reply) const {
    const grpc::Status status = client->Call(method, request, reply);
    return status.ok() ? kExitOk : Fail(status);
  }
  int Fail(const grpc::Status& status) const {
    output->err() << "lbctl: " << MessageOf(status) << "\n";
    return ExitCodeOf(status);
  }
  int Fail(const std::string& message, int exit_code) const {
    output->err() << "lbctl: " << message << "\n";
    return exit_code;
  }
};

using Action = std::function<int(const Session&)>;

// The command that the line names.
struct Choice {
  Action action;
  bool needs_client = true;
};

void AddConfigCommands(CLI::App* app, Choice* choice);  // check, apply, revisions, rollback
void AddShowCommands(CLI::App* app, Choice* choice);    // show ...
void AddServerCommands(CLI::App* app,
                       Choice* choice);                // set, enable, disable, shutdown, clear, why
void AddTlsCommands(CLI::App* app, Choice* choice);    // set ssl ...; after AddServerCommands()
void AddPkiCommands(CLI::App* app, Choice* choice);    // pki init, pki issue
void AddEventCommands(CLI::App* app, Choice* choice);  // watch, run
Action ShowEvents(std::string server, uint32_t limit);  // show events
Action RunRuntimeCommand(std::string line);             // as the runtime socket would

// The rows "node, stage, reason", for changes that data planes acknowledge.
Table NodeTable(const google::protobuf::RepeatedPtrField<v1::NodeResult>& nodes);
// kExitLagging when a data plane does not have the change yet, otherwise kExitOk.
int ExitCodeOf(const google::protobuf::RepeatedPtrField<v1::NodeResult>& nodes);

// Splits "backend/server"; false when it is not that.
bool SplitServerName(const std::string& name, std::string* backend, std::string* server);

}  // namespace lb::cli

#endif  // LB_CLI_COMMAND_H_
