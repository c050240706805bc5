#include "controlplane/service/serving_config.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/snapshot/hash.h"
#include "controlplane/config/tls/trial.h"

namespace lb::service {
namespace {

bool IsSameSocket(const config::StatsSocket& a, const config::StatsSocket& b) {
  return a.address == b.address && a.mode == b.mode && a.user == b.user && a.group == b.group &&
         a.level == b.level && a.expose_fd == b.expose_fd;
}

// What the control plane goes by while it runs; the rest only matters at the start.
bool IsSameControl(const config::ControlSettings& a, const config::ControlSettings& b) {
  return std::equal(a.stats_sockets.begin(), a.stats_sockets.end(), b.stats_sockets.begin(),
                    b.stats_sockets.end(), IsSameSocket) &&
         a.stats_timeout == b.stats_timeout && a.stats_maxconn == b.stats_maxconn &&
         a.external_check_allowed == b.external_check_allowed &&
         a.max_spread_checks == b.max_spread_checks;
}

}  // namespace

ServingConfigPtr MakeServingConfig(config::Compiled compiled, std::vector<config::SourceFile> files,
                                   uint64_t revision) {
  auto made = std::make_shared<ServingConfig>();
  made->revision = revision;
  made->files = std::move(files);
  made->control = std::move(compiled.control);
  compiled.snapshot.set_revision(revision);
  compiled.snapshot.set_hash(SnapshotHash(compiled.snapshot));
  made->stripped = std::make_shared<v1::Snapshot>(StripForDataPlane(compiled.snapshot));
  made->snapshot = std::make_shared<v1::Snapshot>(std::move(compiled.snapshot));
  return made;
}

absl::StatusOr<ServingConfigPtr> WithFile(const ServingConfig& config, const v1::TlsFile& file,
                                          const std::string& who) {
  auto made = std::make_shared<ServingConfig>(config);
  auto snapshot = std::make_shared<v1::Snapshot>(*config.snapshot);
  const auto place = std::ranges::find_if(*snapshot->mutable_tls_files(), [&](const auto& have) {
    return have.kind() == file.kind() && have.name() == file.name();
  });
  if (place == snapshot->mutable_tls_files()->end()) {
    return absl::NotFoundError(
        absl::StrCat("the configuration names '", file.name(), "' no longer"));
  }
  *place = file;
  LB_RETURN_IF_ERROR(config::TryTlsFile(*snapshot, file.kind(), file.name()));
  snapshot->set_hash(SnapshotHash(*snapshot));
  made->stripped = std::make_shared<v1::Snapshot>(StripForDataPlane(*snapshot));
  made->snapshot = std::move(snapshot);
  made->replaced[{file.kind(), file.name()}] = who;
  return made;
}

bool IsSameConfig(const config::Compiled& a, const ServingConfig& b) {
  if (!IsSameControl(a.control, b.control)) return false;
  v1::Snapshot other = *b.snapshot;
  other.set_revision(a.snapshot.revision());
  other.set_hash(a.snapshot.hash());
  return google::protobuf::util::MessageDifferencer::Equals(a.snapshot, other);
}

}  // namespace lb::service
