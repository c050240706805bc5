// Health: carries what happens to servers to everyone who must know: the data planes, the log
// targets, the history, the store and the check engine.
// Lives on the controller's loop thread.
//
//   check result, operator's order, new configuration, a pending server's time
//        -> the server's machine (ServerBook) -> StateChange -> Publish()
//
// A status goes to the data planes in the same loop turn. What is only shown (the text of the last
// check, ...) follows at most once a second, so that checks alone do not keep the wire busy.
#ifndef LB_CONTROLPLANE_SERVICE_HEALTH_H_
#define LB_CONTROLPLANE_SERVICE_HEALTH_H_

#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/event/event_loop.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/service/checker.h"
#include "controlplane/service/history.h"
#include "controlplane/service/server_book.h"
#include "controlplane/service/state_log.h"
#include "controlplane/service/store_thread.h"

namespace lb::service {

class Health : private event::Timer {
 public:
  struct Parts {
    event::EventLoop* loop;
    ServerBook* book;
    fleet::Fleet* fleet;
    Checker* checker;
    LineSink* log;
    History* history;
    StoreThread* store;
  };

  explicit Health(const Parts& parts);

  // The book has adopted a new configuration: checks, times and log targets follow it.
  // The fleet's states are the caller's to replace.
  void OnAdopted(const std::vector<std::pair<ServerId, checks::StateChange>>& changes);

  // A server's machine has changed; `cause` is for the history ("" for a check's verdict).
  void Publish(const ServerEntry& entry, const checks::StateChange& change,
               const std::string& cause);

  // An operator has moved a server to another address.
  void OnAddressChanged();

  // Writes what is not yet in the store; `done` may be null.
  void Save(StoreThread::Done done);

 private:
  void OnExpired() override;
  void OnCheckResult(ServerId id, const checks::CheckResult& result);
  void Log(const ServerEntry& entry, const checks::StateChange& change, const std::string& cause);
  void Retarget();
  void Follow(const ServerEntry& entry);
  void Rearm();
  checks::LineFacts FactsOf(const ServerEntry& entry) const;

  const Parts parts_;
  std::set<std::pair<SteadyTime, ServerId>> ticks_;
  std::unordered_map<ServerId, SteadyTime> tick_of_;
  std::unordered_set<ServerId> shown_;    // changed in what is shown, not yet sent
  std::unordered_set<ServerId> unsaved_;  // changed in what the store keeps
  SteadyTime refresh_at_ = SteadyTime::max();
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_HEALTH_H_
