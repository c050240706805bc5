// RuntimeAdapter: the controller as the runtime-socket language sees it.
// Lives on the controller's loop thread.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_ADAPTER_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_ADAPTER_H_

#include <string>
#include <vector>

#include "controlplane/service/controller.h"
#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

class RuntimeAdapter : public RuntimeBackend {
 public:
  // `controller` is borrowed.
  explicit RuntimeAdapter(Controller* controller) : controller_(controller) {}

  void GetView(Needs needs, Done<RuntimeView> done) override;
  std::vector<std::string> DescribeCertificates(const v1::TlsFile& file) override;
  void ListSessions(Done<std::vector<v1::SessionEntry>> done) override;
  void ListBadMessages(Done<BadMessages> done) override;
  absl::StatusOr<bool> SetTlsFile(v1::TlsFile::Kind kind, const std::string& name,
                                  const std::string& payload) override;
  const v1::TlsFile* PendingTlsFile(v1::TlsFile::Kind kind) override;
  void CommitTlsFile(v1::TlsFile::Kind kind, const CommandOrigin& origin,
                     Done<absl::StatusOr<std::string>> done) override;
  void AbortTlsFile(v1::TlsFile::Kind kind) override;
  std::string WhoReplacedTlsFile(v1::TlsFile::Kind kind, const std::string& name) override;
  void SetServer(const std::string& backend, const std::string& server, const ServerChange& change,
                 const CommandOrigin& origin, Done<absl::Status> done) override;
  void ShutdownServerSessions(const std::string& backend, const std::string& server,
                              const CommandOrigin& origin,
                              Done<absl::StatusOr<uint64_t>> done) override;
  void ClearCounters(bool all, const CommandOrigin& origin, Done<absl::Status> done) override;

 private:
  Controller* const controller_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_ADAPTER_H_
