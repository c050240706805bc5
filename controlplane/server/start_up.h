// The first steps of lbcontrold and lbd, up to where they differ: the command line, the options
// that answer and exit, the background, the signals. No thread runs yet.
#ifndef LB_CONTROLPLANE_SERVER_START_UP_H_
#define LB_CONTROLPLANE_SERVER_START_UP_H_

#include <optional>
#include <string>
#include <vector>

#include "controlplane/server/daemon.h"
#include "controlplane/server/options.h"

namespace lb::control {

struct StartUp {
  std::optional<int> exit_status;  // everything asked for has been done
  ControlOptions options;
  Daemon daemon;
};

// `arguments` without the program's name. Does what "-c", "-cc", "-v" and the like ask for; else
// goes into the background when that is asked for (the parent never returns), and blocks signals.
StartUp PrepareStart(const ProgramFacts& program, const std::vector<std::string>& arguments);

// "-c": prints what is wrong, or that nothing is; returns the status to exit with.
int RunCheck(const ProgramFacts& program, const ControlOptions& options);
// "-cc": 0 when the condition holds, else 1.
int RunCondition(const ProgramFacts& program, const std::string& condition);

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_START_UP_H_
