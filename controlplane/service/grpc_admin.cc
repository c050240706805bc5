#include "controlplane/service/grpc_admin.h"

#include <grpcpp/grpcpp.h>

#include <set>
#include <utility>

#include "controlplane/service/grpc_session.h"
#include "controlplane/service/grpc_write_queue.h"
#include "lb/v1/admin.grpc.pb.h"

namespace lb::service {
namespace {

grpc::Status ToGrpc(const absl::Status& status) {
  // Both count their codes as google.rpc.Code does.
  return {static_cast<grpc::StatusCode>(status.raw_code()), std::string(status.message())};
}

// A data plane that was broken into must not command the fleet.
grpc::Status NotForNodes() {
  return {grpc::StatusCode::PERMISSION_DENIED, "a data plane's certificate cannot administer"};
}

const grpc::Status& ShuttingDown() {
  static const auto* const kStatus =
      new grpc::Status(grpc::StatusCode::UNAVAILABLE, "the control plane is shutting down");
  return *kStatus;
}

// A call that must be answered exactly once. The loop's.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  virtual void Refuse(const grpc::Status& status) = 0;
};

using OpenCalls = std::set<std::shared_ptr<OpenCall>>;

template <typename Reply>
class UnaryCall : public OpenCall, public std::enable_shared_from_this<UnaryCall<Reply>> {
 public:
  UnaryCall(OpenCalls* open, grpc::ServerUnaryReactor* reactor, Reply* reply)
      : open_(open), reactor_(reactor), reply_(reply) {}

  void Answer(absl::StatusOr<Reply> answer) {
    if (is_answered_) return;
    if (answer.ok()) *reply_ = *std::move(answer);
    Finish(ToGrpc(answer.status()));
  }
  void Refuse(const grpc::Status& status) override {
    if (!is_answered_) Finish(status);
  }

 private:
  void Finish(const grpc::Status& status) {
    is_answered_ = true;
    auto self = this->shared_from_this();
    open_->erase(self);
    reactor_->Finish(status);
  }

  OpenCalls* const open_;
  grpc::ServerUnaryReactor* const reactor_;
  Reply* const reply_;  // gRPC's; valid until Finish()
  bool is_answered_ = false;
};

// One WatchEvents call. Lives until gRPC is done with it and the loop has forgotten it.
class WatchStream : public grpc::ServerWriteReactor<v1::Event>,
                    public OpenCall,
                    public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(event::EventLoop* loop, History* history, OpenCalls* open)
      : loop_(loop), history_(history), open_(open), queue_(this) {}

  void HoldUntilDone() { self_ = shared_from_this(); }

  // On the loop.
  void Begin() {
    queue_.RunUnlessFinished([this] { StartSendInitialMetadata(); });
    open_->insert(shared_from_this());
    id_ = history_->Watch([this](const v1::Event& event) {
      if (!queue_.Push(std::make_shared<const v1::Event>(event))) {
        queue_.Abandon({grpc::StatusCode::RESOURCE_EXHAUSTED, "the watcher does not read"});
      }
    });
  }
  void Refuse(const grpc::Status& status) override {
    queue_.Abandon(status);
    End();
  }

  // On gRPC's threads.
  void OnWriteDone(bool is_ok) override { queue_.OnWriteDone(is_ok); }
  void OnCancel() override {
    queue_.Abandon({grpc::StatusCode::CANCELLED, "the watcher has left"});
    loop_->Post([stream = shared_from_this()] { stream->End(); });
  }
  void OnDone() override {
    loop_->Post([stream = shared_from_this()] { stream->End(); });
    self_.reset();
  }

 private:
  void End() {
    if (id_ != 0) history_->Unwatch(std::exchange(id_, 0));
    open_->erase(shared_from_this());
  }

  event::EventLoop* const loop_;
  History* const history_;
  OpenCalls* const open_;
  uint64_t id_ = 0;
  std::shared_ptr<WatchStream> self_;  // until OnDone()
  WriteQueue<WatchStream, v1::Event> queue_;
};

// Fills in what the server knows of a caller.
template <typename Request>
Request WithPeer(const Request& request, const std::string& peer) {
  Request complete = request;
  v1::Origin* origin = complete.mutable_origin();
  if (origin->host().empty()) {
    origin->set_host(peer);
  } else if (peer != "local" && peer != "in-process") {
    origin->set_host(origin->host() + " (" + peer + ")");
  }
  return complete;
}

class AdminCalls : public v1::Admin::CallbackService, public AdminService {
 public:
  AdminCalls(Controller* controller, RunCommandFunction run_command)
      : controller_(controller), run_command_(std::move(run_command)) {}

  grpc::Service* service() override { return this; }

  void Stop() override {
    is_stopping_ = true;
    const OpenCalls open = open_;
    for (const std::shared_ptr<OpenCall>& call : open) call->Refuse(ShuttingDown());
  }

  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetVersion(Context* context, const v1::GetVersionRequest*,
                    v1::GetVersionReply* reply) override {
    return Run(context, reply, [this](auto done) { done(controller_->Version()); });
  }
  Unary* Check(Context* context, const v1::CheckRequest* request, v1::CheckReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->revisions().Check(*request, done); });
  }
  Unary* Apply(Context* context, const v1::ApplyRequest* request, v1::ApplyReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->revisions().Apply(WithPeer(*request, peer), done);
    });
  }
  Unary* Rollback(Context* context, const v1::RollbackRequest* request,
                  v1::ApplyReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->revisions().Rollback(WithPeer(*request, peer), done);
    });
  }
  Unary* ListRevisions(Context* context, const v1::ListRevisionsRequest* request,
                       v1::ListRevisionsReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->revisions().List(*request, done); });
  }
  Unary* GetConfig(Context* context, const v1::GetConfigRequest* request,
                   v1::GetConfigReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->revisions().GetConfig(*request, done); });
  }
  Unary* SetServer(Context* context, const v1::SetServerRequest* request,
                   v1::SetServerReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->servers().SetServer(WithPeer(*request, peer), done);
    });
  }
  Unary* SetTlsFile(Context* context, const v1::SetTlsFileRequest* request,
                    v1::SetTlsFileReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->tls_changes().Replace(WithPeer(*request, peer), done);
    });
  }
  Unary* ListServers(Context* context, const v1::ListServersRequest* request,
                     v1::ListServersReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->view().Servers(*request, done); });
  }
  Unary* ListNodes(Context* context, const v1::ListNodesRequest*,
                   v1::ListNodesReply* reply) override {
    return Run(context, reply, [this](auto done) { done(controller_->view().Nodes()); });
  }
  Unary* ListSessions(Context* context, const v1::ListSessionsRequest*,
                      v1::ListSessionsReply* reply) override {
    return Run(context, reply, [this](auto done) { controller_->servers().ListSessions(done); });
  }
  Unary* ShutdownServerSessions(Context* context, const v1::ShutdownServerSessionsRequest* request,
                                v1::ShutdownServerSessionsReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->servers().ShutdownSessions(WithPeer(*request, peer), done);
    });
  }
  Unary* ClearCounters(Context* context, const v1::ClearCountersRequest* request,
                       v1::ClearCountersReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      controller_->servers().ClearCounters(WithPeer(*request, peer), done);
    });
  }
  Unary* GetStat(Context* context, const v1::GetStatRequest* request,
                 v1::GetStatReply* reply) override {
    return Run(context, reply, [=, this](auto done) { controller_->view().Stat(*request, done); });
  }
  Unary* GetInfo(Context* context, const v1::GetInfoRequest* request,
                 v1::GetInfoReply* reply) override {
    return Run(context, reply, [=, this](auto done) { controller_->view().Info(*request, done); });
  }
  Unary* ListEvents(Context* context, const v1::ListEventsRequest* request,
                    v1::ListEventsReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->view().Events(*request, done); });
  }
  Unary* GetHistory(Context* context, const v1::GetHistoryRequest* request,
                    v1::GetHistoryReply* reply) override {
    return Run(context, reply,
               [=, this](auto done) { controller_->minutes().History(*request, done); });
  }
  Unary* RunCommand(Context* context, const v1::RunCommandRequest* request,
                    v1::RunCommandReply* reply) override {
    return Run(context, reply, [=, this, peer = PeerText(context->peer())](auto done) {
      const v1::RunCommandRequest complete = WithPeer(*request, peer);
      run_command_(complete.line(), complete.origin(), [done](std::string output) {
        v1::RunCommandReply answer;
        answer.set_output(std::move(output));
        done(std::move(answer));
      });
    });
  }
  grpc::ServerWriteReactor<v1::Event>* WatchEvents(Context* context,
                                                   const v1::WatchEventsRequest*) override {
    const bool is_node = CertificateOf(*context).is_node;
    auto stream =
        std::make_shared<WatchStream>(controller_->loop(), &controller_->history(), &open_);
    stream->HoldUntilDone();
    controller_->loop()->Post([this, stream, is_node] {
      if (is_node) {
        stream->Refuse(NotForNodes());
      } else if (is_stopping_) {
        stream->Refuse(ShuttingDown());
      } else {
        stream->Begin();
      }
    });
    return stream.get();
  }

 private:
  // Runs `operation` on the loop with the function that takes its answer.
  template <typename Reply, typename Operation>
  Unary* Run(Context* context, Reply* reply, Operation operation) {
    Unary* reactor = context->DefaultReactor();
    if (CertificateOf(*context).is_node) {
      reactor->Finish(NotForNodes());
      return reactor;
    }
    controller_->loop()->Post([this, reactor, reply, operation = std::move(operation)] {
      auto call = std::make_shared<UnaryCall<Reply>>(&open_, reactor, reply);
      open_.insert(call);
      if (is_stopping_) {
        call->Refuse(ShuttingDown());
        return;
      }
      operation([call](absl::StatusOr<Reply> answer) { call->Answer(std::move(answer)); });
    });
    return reactor;
  }

  Controller* const controller_;
  const RunCommandFunction run_command_;
  OpenCalls open_;            // the loop's
  bool is_stopping_ = false;  // the loop's
};

}  // namespace

std::unique_ptr<AdminService> MakeAdminService(Controller* controller,
                                               RunCommandFunction run_command) {
  return std::make_unique<AdminCalls>(controller, std::move(run_command));
}

}  // namespace lb::service
