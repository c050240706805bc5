// ExpiryWatch: tells the history of certificates that have expired or soon will, once when each
// comes near and once when it is past. Looks when a configuration or a certificate comes to serve,
// and once a day; after a restart it tells again.
// Lives on the controller's loop thread; certificates are read on the worker's.
#ifndef LB_CONTROLPLANE_SERVICE_EXPIRY_WATCH_H_
#define LB_CONTROLPLANE_SERVICE_EXPIRY_WATCH_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/event/event_loop.h"
#include "controlplane/service/history.h"
#include "controlplane/service/worker.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::service {

class ExpiryWatch {
 public:
  static constexpr Millis kPeriod{24 * 3'600'000};

  // All are borrowed.
  ExpiryWatch(event::EventLoop* loop, Worker* worker, History* history)
      : loop_(loop), worker_(worker), history_(history) {}

  // Looks at the certificates of `snapshot` from now on.
  void Watch(std::shared_ptr<const v1::Snapshot> snapshot);

 private:
  struct Finding {
    std::string file;
    std::string text;  // for people
    std::string key;   // the same for as long as there is nothing new to tell
  };
  class DailyTimer final : public event::Timer {
   public:
    explicit DailyTimer(ExpiryWatch* watch) : watch_(watch) {}

   private:
    void OnExpired() override { watch_->Look(); }
    ExpiryWatch* const watch_;
  };

  static std::vector<Finding> Find(const v1::Snapshot& snapshot, WallTime now);
  void Look();
  void Tell(const std::vector<Finding>& findings);

  event::EventLoop* const loop_;
  Worker* const worker_;
  History* const history_;
  std::shared_ptr<const v1::Snapshot> snapshot_;
  std::set<std::string> told_;  // Finding::key
  DailyTimer timer_{this};
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_EXPIRY_WATCH_H_
