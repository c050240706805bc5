// The configuration as the programs meet it: files named by "-f", the real environment, and
// standard error for what the compiler has to say.
#ifndef LB_CONTROLPLANE_SERVER_CONFIGURATION_H_
#define LB_CONTROLPLANE_SERVER_CONFIGURATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/diagnostics.h"
#include "controlplane/server/options.h"
#include "controlplane/service/serving_config.h"

namespace lb::control {

// The files that "-f" names, with directories read; none when there is no "-f". Errors: for the
// operator.
absl::StatusOr<std::vector<config::SourceFile>> ReadConfiguration(const ControlOptions& options);

// The compiler in this process's environment.
service::CompileFunction RealCompiler();

bool HasWarnings(const Diagnostics& diagnostics);

// To standard error, as it is.
void Print(const std::string& text);

// Where a configuration keeps its state unless told otherwise: below DefaultStateRoot(), a name
// from the absolute path of the first file.
std::string DefaultStateDir(const std::string& first_file);

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_CONFIGURATION_H_
