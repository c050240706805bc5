// Start: what the control plane begins with: the configuration of its files or of its last run,
// and everything the store remembers. Synchronous; before any thread is started.
#ifndef LB_CONTROLPLANE_SERVICE_START_H_
#define LB_CONTROLPLANE_SERVICE_START_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "controlplane/service/serving_config.h"
#include "controlplane/store/state_store.h"

namespace lb::service {

struct Starting {
  ServingConfigPtr config;
  bool is_new_revision = false;
  std::vector<store::Override> overrides;
  std::vector<store::ServerRecord> servers;
  std::vector<store::NodeRecord> nodes;
};

// With `files`: their configuration, under the number of the store's current revision when that
// has the same texts and the same meaning, else as a new revision. Without: the store's current
// revision. `diagnostics` gets what the compiler says.
// Errors: INVALID_ARGUMENT when the compiler found errors; FAILED_PRECONDITION without files and
// without a revision; what the store says.
absl::StatusOr<Starting> LoadStart(store::StateStore* store, std::vector<config::SourceFile> files,
                                   const CompileFunction& compile, const Clock& clock,
                                   Diagnostics* diagnostics);

store::Revision RevisionOf(const ServingConfig& config, std::string author, std::string message,
                           int64_t now_unix_ms);
std::vector<config::SourceFile> FilesOf(const store::Revision& revision);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_START_H_
