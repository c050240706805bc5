// Controller: the control plane's heart. Owns what the other files of this room are about and
// joins them on one event loop thread: configuration revisions, servers and their checks, the
// store, the fleet of data planes, the history.
//
// Everything here is called on the loop's thread; other threads (gRPC's) post to the loop.
//
//   Controller controller(&loop, std::move(parts));
//   LB_RETURN_IF_ERROR(controller.Begin(std::move(starting)));
//   loop.Run();
//
// The way of a change is described in docs/life-of-a-change.md.
#ifndef LB_CONTROLPLANE_SERVICE_CONTROLLER_H_
#define LB_CONTROLPLANE_SERVICE_CONTROLLER_H_

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"

#include "common/event/event_loop.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/service/checker.h"
#include "controlplane/service/expiry_watch.h"
#include "controlplane/service/health.h"
#include "controlplane/service/history.h"
#include "controlplane/service/minute_log.h"
#include "controlplane/service/revisions.h"
#include "controlplane/service/server_book.h"
#include "controlplane/service/server_ops.h"
#include "controlplane/service/start.h"
#include "controlplane/service/state_log.h"
#include "controlplane/service/store_thread.h"
#include "controlplane/service/ticket_ring.h"
#include "controlplane/service/tls_changes.h"
#include "controlplane/service/view.h"
#include "controlplane/service/worker.h"

namespace lb::service {

struct ControllerOptions {
  std::string version;  // of the program
  std::string program;  // "lbcontrold", "lbd"
  std::string state_dir;
  fleet::FleetLimits limits;
};

// What a controller is made of besides itself.
struct ControllerParts {
  std::unique_ptr<store::StateStore> store;
  CompileFunction compile;
  std::unique_ptr<LineSink> log;
  std::unique_ptr<Checker> checker;
};

class Controller : private fleet::FleetObserver {
 public:
  // `loop` is borrowed and outlives the controller.
  Controller(event::EventLoop* loop, ControllerOptions options, ControllerParts parts);
  ~Controller() override;

  // `sockets` serves the "stats socket" lines; borrowed. Before Begin().
  void SetStatsSockets(StatsSockets* sockets) { sockets_ = sockets; }

  // Takes up what the last run left and the configuration of the start.
  // Errors: a stats socket that cannot be bound.
  absl::Status Begin(Starting starting);

  Revisions& revisions() { return *revisions_; }
  ServerOps& servers() { return *servers_; }
  TlsChanges& tls_changes() { return *tls_changes_; }
  View& view() { return *view_; }
  History& history() { return history_; }
  MinuteLog& minutes() { return *minutes_; }
  ServerBook& book() { return book_; }
  fleet::Fleet& fleet() { return fleet_; }
  event::EventLoop* loop() { return loop_; }
  const ControllerOptions& options() const { return options_; }
  v1::GetVersionReply Version() const;

  // Told of every node that refuses the revision it is to serve, by name and reason. lbd ends
  // its start with it.
  void SetRefusalObserver(
      std::function<void(const std::string& node, const std::string& why)> observer) {
    on_refused_ = std::move(observer);
  }
  // The program is ending: nodes that leave from now on are no news.
  void ExpectLosses() { expects_losses_ = true; }
  // Told of every node that has begun to serve a revision.
  void SetServingObserver(std::function<void(const std::string& node)> observer) {
    on_serving_ = std::move(observer);
  }

 private:
  void OnNodeJoined(const std::string& name, const fleet::Node& node) override;
  void OnNodeLost(const std::string& name, const fleet::Node& node) override;
  void OnNodeServing(const std::string& name, const fleet::Node& node) override;
  void OnNodeRefused(const std::string& name, const fleet::Node& node) override;
  void OnReport(const std::string& name, const v1::Report& report) override;
  void SaveNode(const std::string& name, const fleet::Node& node, const std::string& event);
  void SchedulePrune();

  event::EventLoop* const loop_;
  const ControllerOptions options_;
  const CompileFunction compile_;
  const std::unique_ptr<LineSink> log_;
  const std::unique_ptr<Checker> checker_;
  StatsSockets* sockets_ = nullptr;
  std::function<void(const std::string&, const std::string&)> on_refused_;
  std::function<void(const std::string&)> on_serving_;
  bool expects_losses_ = false;
  // Servers whose failed connections have been told lately.
  std::unordered_map<ServerId, SteadyTime> told_failures_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);

  // In the order in which they may use each other; the threads end first.
  ServerBook book_;
  std::unique_ptr<Revisions> revisions_;
  std::unique_ptr<TlsChanges> tls_changes_;
  std::unique_ptr<ServerOps> servers_;
  std::unique_ptr<View> view_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<MinuteLog> minutes_;
  fleet::Fleet fleet_;
  TicketRing tickets_;
  StoreThread store_;
  History history_;
  Worker worker_;
  ExpiryWatch expiry_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_CONTROLLER_H_
