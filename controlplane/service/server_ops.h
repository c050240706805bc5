// ServerOps: what operators do to servers and to running traffic.
// Lives on the controller's loop thread.
//
// A change is pushed to the data planes and written to the store at the same time; the reply comes
// when it is durable and every connected data plane uses it, or has been given up on (its stage is
// "lagging").
#ifndef LB_CONTROLPLANE_SERVICE_SERVER_OPS_H_
#define LB_CONTROLPLANE_SERVICE_SERVER_OPS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "controlplane/fleet/fleet.h"
#include "controlplane/service/health.h"
#include "controlplane/service/history.h"
#include "controlplane/service/server_book.h"
#include "controlplane/service/store_thread.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

class ServerOps {
 public:
  struct Parts {
    ServerBook* book;
    fleet::Fleet* fleet;
    Health* health;
    History* history;
    StoreThread* store;
  };
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  explicit ServerOps(const Parts& parts) : parts_(parts) {}

  // NOT_FOUND: "No such backend.", "No such server."; INVALID_ARGUMENT: a value that means nothing.
  void SetServer(const v1::SetServerRequest& request, Done<v1::SetServerReply> done);
  // The runtime socket's "set maxconn server"; 0: no limit.
  void SetMaxconn(const std::string& backend, const std::string& server, uint32_t maxconn,
                  const v1::Origin& origin, Done<v1::SetServerReply> done);
  void ShutdownSessions(const v1::ShutdownServerSessionsRequest& request,
                        Done<v1::ShutdownServerSessionsReply> done);
  void ClearCounters(const v1::ClearCountersRequest& request, Done<v1::ClearCountersReply> done);
  void ListSessions(Done<v1::ListSessionsReply> done);
  // The last bad messages that each data plane keeps, and how many there were in all.
  struct BadMessages {
    uint64_t total = 0;
    std::vector<v1::BadMessage> messages;  // with the node's name
  };
  void ListBadMessages(std::function<void(BadMessages)> done);

 private:
  // One pinned value, or the end of one.
  struct Order {
    store::Override value;
    bool is_lift = false;
    std::string text;  // for the history
  };

  absl::StatusOr<ServerEntry*> Find(const std::string& backend, const std::string& server);
  absl::StatusOr<Order> OrderOf(const ServerEntry& entry,
                                const v1::SetServerRequest& request) const;
  absl::StatusOr<Order> StateOrder(const ServerEntry& entry, const std::string& state) const;
  absl::StatusOr<Order> AddressOrder(const ServerEntry& entry, const v1::SetAddress& address) const;
  void Pin(ServerEntry* entry, Order order, const v1::Origin& origin,
           Done<v1::SetServerReply> done);
  void SetHealth(ServerEntry* entry, const v1::SetServerRequest& request,
                 Done<v1::SetServerReply> done);
  // Pushes what has changed; `done` runs when that is applied and `write` with the event is
  // durable.
  void PushAndStore(const ServerEntry& entry, StoreThread::Job write, const std::string& text,
                    const std::string& origin, Done<v1::SetServerReply> done);

  const Parts parts_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_SERVER_OPS_H_
