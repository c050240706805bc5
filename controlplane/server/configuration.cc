#include "controlplane/server/configuration.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"

#include "common/base/ids.h"
#include "common/base/state_dir.h"

namespace lb::control {

absl::StatusOr<std::vector<config::SourceFile>> ReadConfiguration(const ControlOptions& options) {
  if (options.files.empty()) return std::vector<config::SourceFile>();
  return config::ReadSources(options.files);
}

service::CompileFunction RealCompiler() {
  return [environment = config::Environment::Real()](const std::vector<config::SourceFile>& files,
                                                     Diagnostics* diagnostics) {
    return config::Compile(files, environment, diagnostics);
  };
}

bool HasWarnings(const Diagnostics& diagnostics) {
  const auto& entries = diagnostics.entries();
  return std::any_of(entries.begin(), entries.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::kWarning; });
}

void Print(const std::string& text) { std::fputs(text.c_str(), stderr); }

std::string DefaultStateDir(const std::string& first_file) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::weakly_canonical(first_file, error);
  if (error) path = first_file;
  std::string name = path.stem().string();
  for (char& c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!is_plain) c = '_';
  }
  // The name alone would be shared by files of different directories.
  const auto hash = static_cast<uint32_t>(BackendIdOf(path.string()));
  return absl::StrFormat("%s/%s-%08x", DefaultStateRoot(), name, hash);
}

}  // namespace lb::control
