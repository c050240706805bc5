// MinuteLog: writes what each minute brought into the store, and reads it back.
// Lives on the controller's loop thread.
//
// A minute is one of the wall clock's. The one that runs when the control plane ends is written as
// far as it went. What data planes do while no control plane runs is in no minute.
#ifndef LB_CONTROLPLANE_SERVICE_MINUTE_LOG_H_
#define LB_CONTROLPLANE_SERVICE_MINUTE_LOG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

#include "common/event/event_loop.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/service/minute_sums.h"
#include "controlplane/service/server_book.h"
#include "controlplane/service/store_thread.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

class MinuteLog : private event::Timer {
 public:
  struct Parts {
    event::EventLoop* loop;
    ServerBook* book;
    StoreThread* store;
  };

  // Counts from now on.
  explicit MinuteLog(const Parts& parts);

  // The book has its configuration: the minutes begin.
  void Begin();

  // A data plane has reported.
  void OnReport(const std::string& name, const fleet::Node& node);

  // Writes what the minute that runs has brought so far.
  void Write();

  // NOT_FOUND: "No such backend.", "No such server." and the like, of what neither the
  // configuration nor the store knows.
  void History(const v1::GetHistoryRequest& request,
               std::function<void(absl::StatusOr<v1::GetHistoryReply>)> done);

 private:
  void OnExpired() override;
  void Arm();
  int64_t NowUnixMs() const;

  const Parts parts_;
  MinuteSums sums_;
  int64_t minute_unix_ms_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_MINUTE_LOG_H_
