// ServingConfig: one configuration in every form the control plane needs, at one revision.
// Immutable once made; shared.
#ifndef LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_
#define LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

  const std::string& hash() const { return snapshot->hash(); }
};

using ServingConfigPtr = std::shared_ptr<const ServingConfig>;

// `compiled` with its hash, and `revision` as its number.
ServingConfigPtr MakeServingConfig(config::Compiled compiled, std::vector<config::SourceFile> files,
                                   uint64_t revision);

// Whether both mean the same to every plane; texts and revisions do not count.
bool IsSameConfig(const config::Compiled& a, const ServingConfig& b);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_SERVING_CONFIG_H_
