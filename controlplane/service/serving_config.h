// ServingConfig: one configuration in every form the control plane needs, at one revision.
// Immutable once made; shared.
#ifndef LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_
#define LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/diagnostics.h"
#include "controlplane/config/compile.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::service {

// config::Compile with the environment it is to see. Any thread.
using CompileFunction = std::function<std::optional<config::Compiled>(
    const std::vector<config::SourceFile>& files, Diagnostics* diagnostics)>;

struct ServingConfig {
  uint64_t revision = 0;
  std::vector<config::SourceFile> files;
  config::ControlSettings control;
  std::shared_ptr<const v1::Snapshot> snapshot;  // health checks included
  std::shared_ptr<const v1::Snapshot> stripped;  // as data planes get it
  // Files that an operator has replaced since the configuration was applied: by whom and when.
  std::map<std::pair<v1::TlsFile::Kind, std::string>, std::string> replaced;

  const std::string& hash() const { return snapshot->hash(); }
};

using ServingConfigPtr = std::shared_ptr<const ServingConfig>;

// `compiled` with its hash, and `revision` as its number.
ServingConfigPtr MakeServingConfig(config::Compiled compiled, std::vector<config::SourceFile> files,
                                   uint64_t revision);

// `config` under its revision with `file` in the place of the one of its name and kind; `who`
// replaced it. Makes what data planes will make of it: a line with thousands of certificates takes
// seconds. Errors: NOT_FOUND: there is none in it; INVALID_ARGUMENT: what OpenSSL refuses it for.
absl::StatusOr<ServingConfigPtr> WithFile(const ServingConfig& config, const v1::TlsFile& file,
                                          const std::string& who);

// Whether both mean the same to every plane; texts and revisions do not count.
bool IsSameConfig(const config::Compiled& a, const ServingConfig& b);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_
