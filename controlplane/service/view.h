// View: everything that can be read of the running system. Changes nothing.
// Lives on the controller's loop thread.
//
// Numbers are the fleet's sums of counters asked for now; a data plane that does not answer in
// 250 ms counts with its last report.
#ifndef LB_CONTROLPLANE_SERVICE_VIEW_H_
#define LB_CONTROLPLANE_SERVICE_VIEW_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/service/server_book.h"
#include "controlplane/service/store_thread.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

class View {
 public:
  struct Parts {
    const Clock* clock;
    ServerBook* book;
    fleet::Fleet* fleet;
    StoreThread* store;
    std::string version;  // of this program
  };
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  explicit View(Parts parts) : parts_(std::move(parts)) {}

  // Fresh counters: of the fleet, or of one node (NOT_FOUND when it is not connected).
  void Counters(const std::optional<std::string>& node, Done<v1::Counters> done);

  void Stat(const v1::GetStatRequest& request, Done<v1::GetStatReply> done);
  void Info(const v1::GetInfoRequest& request, Done<v1::GetInfoReply> done);
  // NOT_FOUND: "No such backend."
  void Servers(const v1::ListServersRequest& request, Done<v1::ListServersReply> done);
  v1::ListNodesReply Nodes() const;
  void Events(const v1::ListEventsRequest& request, Done<v1::ListEventsReply> done);

  // Sessions on a server now, as last reported: at most a second old.
  uint32_t CurrentSessions(ServerId id) const;

 private:
  int64_t NowUnixMs() const;
  v1::ListServersReply ServersWith(const std::string& backend, const v1::Counters& counters) const;

  const Parts parts_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_VIEW_H_
