// Revisions: how a new configuration comes to serve, and what came before it.
// Lives on the controller's loop thread. One change at a time; others wait their turn.
//
//   files -> compile (worker thread) -> same as now? -> store it -> prepare the stats sockets
//         -> fleet: all nodes validate -> store "serving" (the decision) -> adopt -> commit
//         -> all nodes serve -> reply
//
// A TLS file that is replaced while serving goes the same way, without a revision of its own: it is
// not stored, and a restart reads the configuration's files.
//
// Anything that fails before the decision is stored changes nothing anywhere; the revision stays in
// the history as refused. A crash after the decision comes back with the new revision.
#ifndef LB_CONTROLPLANE_SERVICE_REVISIONS_H_
#define LB_CONTROLPLANE_SERVICE_REVISIONS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "controlplane/fleet/fleet.h"
#include "controlplane/service/health.h"
#include "controlplane/service/history.h"
#include "controlplane/service/serving_config.h"
#include "controlplane/service/store_thread.h"
#include "controlplane/service/worker.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

// The sockets on which the runtime language is spoken ("stats socket"), as a change sees them.
class StatsSockets {
 public:
  virtual ~StatsSockets() = default;
  // Takes what `control` needs beyond what is open. On an error nothing has changed.
  virtual absl::Status Prepare(const config::ControlSettings& control) = 0;
  // Uses what was prepared, and closes what is no longer wanted.
  virtual void Commit() = 0;
  // Gives back what was prepared.
  virtual void Abort() = 0;
};

class Revisions {
 public:
  struct Parts {
    ServerBook* book;
    fleet::Fleet* fleet;
    Health* health;
    History* history;
    StoreThread* store;
    Worker* worker;
    StatsSockets* sockets;
    CompileFunction compile;
    // Told of everything that comes to serve; may be empty.
    std::function<void(const ServingConfigPtr&)> on_serving;
  };
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  explicit Revisions(Parts parts) : parts_(std::move(parts)) {}

  // Takes up the configuration of the start. Errors: a stats socket that cannot be bound.
  absl::Status Begin(ServingConfigPtr config, bool is_new_revision);
  // The start's configuration has turned out not to be servable: when its revision was new, the
  // history says so.
  void RefuseStart(const std::string& reason);

  const ServingConfigPtr& serving() const { return serving_; }

  void Check(const v1::CheckRequest& request, Done<v1::CheckReply> done);
  // A refusal is a reply (applied: false, with the reason), not an error.
  void Apply(const v1::ApplyRequest& request, Done<v1::ApplyReply> done);
  // Applies the files of an earlier revision again, as a new one. NOT_FOUND: no such revision.
  void Rollback(const v1::RollbackRequest& request, Done<v1::ApplyReply> done);
  // Serves `file` in the place of the configuration's of its name and kind, under the present
  // revision, until the next configuration is applied. `text` is for the history. NOT_FOUND: the
  // configuration names it no longer. A refusal is a reply, as Apply()'s.
  void ReplaceFile(v1::TlsFile file, std::string text, const v1::Origin& origin,
                   Done<v1::ApplyReply> done);
  void List(const v1::ListRevisionsRequest& request, Done<v1::ListRevisionsReply> done);
  void GetConfig(const v1::GetConfigRequest& request, Done<v1::GetConfigReply> done);

 private:
  // One change on its way.
  struct Change {
    std::vector<config::SourceFile> files;
    std::optional<v1::TlsFile> file;  // instead: only this one is replaced
    std::string message;
    std::string origin;
    Done<v1::ApplyReply> done;
    v1::ApplyReply reply;
    ServingConfigPtr next;
  };
  struct Compilation {
    std::optional<config::Compiled> compiled;
    Diagnostics diagnostics;
  };

  void Enqueue(std::shared_ptr<Change> change);
  void StartNext();
  void OnCompiled(Compilation compilation);
  void StartReplacement();
  void OnReplaced(absl::StatusOr<ServingConfigPtr> next);
  void Publish();
  void OnStored(config::Compiled compiled, absl::StatusOr<uint64_t> number);
  void Decide(fleet::PublishHooks::Verdict verdict);
  void OnPublished(fleet::PublishResult result);
  void Adopt();
  void Refuse(const std::string& reason);
  void FinishUnchanged();
  void StoreOutcome(uint64_t number, const std::string& outcome, const std::string& origin,
                    StoreThread::Done done);
  void Finish(absl::Status status);

  const Parts parts_;
  ServingConfigPtr serving_;
  bool began_new_ = false;
  std::deque<std::shared_ptr<Change>> waiting_;
  std::shared_ptr<Change> change_;  // null: nothing under way
};

v1::NodeResult ToProto(const fleet::NodeOutcome& outcome);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_REVISIONS_H_
