#include "controlplane/service/expiry_watch.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/logger.h"
#include "controlplane/config/tls/certificates.h"

namespace lb::service {

void ExpiryWatch::Watch(std::shared_ptr<const v1::Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  Look();
}

std::vector<ExpiryWatch::Finding> ExpiryWatch::Find(const v1::Snapshot& snapshot, WallTime now) {
  const int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::vector<Finding> findings;
  for (const v1::TlsFile& file : snapshot.tls_files()) {
    if (file.kind() != v1::TlsFile::CERTIFICATE && file.kind() != v1::TlsFile::AUTHORITIES) {
      continue;
    }
    for (const config::CertificateInfo& info : config::DescribeCertificates(file.pem())) {
      const auto warning = config::ExpiryWarning(info.not_after, now);
      if (!warning.has_value()) continue;
      findings.push_back(
          {file.name(), absl::StrCat("the certificate '", info.subject, "' ", *warning),
           absl::StrCat(file.name(), "\n", info.sha1, info.not_after <= seconds ? " past" : "")});
    }
  }
  return findings;
}

void ExpiryWatch::Look() {
  loop_->SetTimer(&timer_, loop_->now() + kPeriod);
  if (snapshot_ == nullptr || snapshot_->tls_files().empty()) return;
  worker_->Run(
      [snapshot = snapshot_, now = loop_->clock().WallNow()] { return Find(*snapshot, now); },
      [this](const std::vector<Finding>& findings) { Tell(findings); });
}

void ExpiryWatch::Tell(const std::vector<Finding>& findings) {
  std::set<std::string> still;
  for (const Finding& finding : findings) {
    const bool is_new = still.insert(finding.key).second && !told_.contains(finding.key);
    if (!is_new) continue;
    LB_LOG(kWarning) << "'" << finding.file << "': " << finding.text;
    history_->Record(store::EventKind::kCertificate, finding.file, finding.text);
  }
  told_ = std::move(still);
}

}  // namespace lb::service
