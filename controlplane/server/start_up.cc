#include "controlplane/server/start_up.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

#include "common/base/logger.h"
#include "common/base/status.h"
#include "controlplane/config/condition.h"
#include "controlplane/server/configuration.h"
#include "controlplane/server/signals.h"

namespace lb::control {
namespace {

// Whether the files ask for the background ("daemon"). Their errors are found again later.
bool AsksForBackground(const ControlOptions& options) {
  absl::StatusOr<std::vector<config::SourceFile>> files = ReadConfiguration(options);
  if (!files.ok()) return false;
  Diagnostics diagnostics;
  const auto compiled = RealCompiler()(*files, &diagnostics);
  return compiled.has_value() && compiled->control.daemon;
}

}  // namespace

int RunCheck(const ProgramFacts& program, const ControlOptions& options) {
  absl::StatusOr<std::vector<config::SourceFile>> files = ReadConfiguration(options);
  if (!files.ok()) {
    Print(absl::StrCat(program.name, ": ", files.status().message(), "\n"));
    return 1;
  }
  Diagnostics diagnostics;
  const bool is_valid = RealCompiler()(*files, &diagnostics).has_value() &&
                        !(options.fails_on_warnings && HasWarnings(diagnostics));
  if (!is_valid || !options.is_quiet) Print(diagnostics.Render());
  if (!is_valid) {
    Print(absl::StrCat(program.name, ": fatal errors found in configuration\n"));
    return 1;
  }
  if (!options.is_quiet) std::puts("Configuration file is valid");
  return 0;
}

int RunCondition(const ProgramFacts& program, const std::string& condition) {
  absl::StatusOr<bool> holds =
      config::EvaluateCondition(condition, config::Environment::Real().getenv);
  if (!holds.ok()) {
    Print(absl::StrCat(program.name, ": -cc: ", holds.status().message(), "\n"));
    return 1;
  }
  return *holds ? 0 : 1;
}

StartUp PrepareStart(const ProgramFacts& program, const std::vector<std::string>& arguments) {
  StartUp start;
  ParsedOptions parsed = ParseOptions(program, arguments);
  if (!parsed.should_run) {
    std::fputs(parsed.text.c_str(), parsed.exit_status == 0 ? stdout : stderr);
    start.exit_status = parsed.exit_status;
    return start;
  }
  start.options = std::move(parsed.options);
  const ControlOptions& options = start.options;
  SetLogProgram(program.name);
  if (options.is_quiet) SetLogLevel(LogLevel::kWarning);
  if (options.is_debug) SetLogLevel(LogLevel::kDebug);
  if (options.condition.has_value()) {
    start.exit_status = RunCondition(program, *options.condition);
    return start;
  }
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) {
    LB_LOG(kError) << ErrnoStatus(errno, "cannot change to " + options.directory).message();
    start.exit_status = 1;
    return start;
  }
  if (options.is_check) {
    start.exit_status = RunCheck(program, options);
    return start;
  }
  if (!options.is_foreground && (options.is_daemon || AsksForBackground(options))) {
    start.daemon = Daemon::Fork();
  }
  BlockSignals();
  return start;
}

}  // namespace lb::control
