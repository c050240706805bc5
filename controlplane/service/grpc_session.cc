#include "controlplane/service/grpc_session.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "common/tls/pki.h"
#include "controlplane/service/grpc_write_queue.h"
#include "lb/v1/dataplane.grpc.pb.h"

namespace lb::service {
namespace {

// One Join call. Lives until gRPC is done with it and nobody on the loop holds it.
class JoinStream : public grpc::ServerBidiReactor<v1::FromDataPlane, v1::ToDataPlane>,
                   public std::enable_shared_from_this<JoinStream> {
 public:
  static JoinStream* Start(event::EventLoop* loop, fleet::Fleet* fleet,
                           grpc::CallbackServerContext* context) {
    auto stream = std::make_shared<JoinStream>(loop, fleet, context);
    stream->self_ = stream;
    loop->Post([stream] { stream->Connect(); });
    return stream.get();
  }

  JoinStream(event::EventLoop* loop, fleet::Fleet* fleet, grpc::CallbackServerContext* context)
      : loop_(loop),
        fleet_(fleet),
        peer_(PeerText(context->peer())),
        certificate_(CertificateOf(*context)),
        is_protected_(certificate_.is_tls || IsOfThisHost(peer_)),
        queue_(this) {}

  // From the fleet, on the loop.
  void Send(fleet::Outgoing message) {
    if (!queue_.Push(std::move(message))) {
      queue_.Abandon({grpc::StatusCode::RESOURCE_EXHAUSTED, "the data plane does not read"});
      loop_->Post([stream = shared_from_this()] { stream->Lose("does not read"); });
    }
  }
  void Close() { queue_.Close(grpc::Status::OK); }
  const std::string& peer() const { return peer_; }
  bool is_protected() const { return is_protected_; }
  const PeerCertificate& certificate() const { return certificate_; }

  // From gRPC, on its threads.
  void OnReadDone(bool is_ok) override {
    if (!is_ok) {
      OnEnd();
      return;
    }
    loop_->Post([stream = shared_from_this()] {
      stream->fleet_->Receive(stream->member_, stream->incoming_);
      stream->ReadNext();
    });
  }
  void OnWriteDone(bool is_ok) override { queue_.OnWriteDone(is_ok); }
  void OnCancel() override { OnEnd(); }
  void OnDone() override { self_.reset(); }

 private:
  class StreamLink : public fleet::Link {
   public:
    explicit StreamLink(std::shared_ptr<JoinStream> stream) : stream_(std::move(stream)) {}
    void Send(fleet::Outgoing message) override { stream_->Send(std::move(message)); }
    void Close() override { stream_->Close(); }
    std::string peer() const override { return stream_->peer(); }
    bool is_protected() const override { return stream_->is_protected(); }
    std::optional<std::string> certified_node() const override {
      const PeerCertificate& certificate = stream_->certificate();
      if (!certificate.is_tls) return std::nullopt;
      return certificate.is_node ? certificate.name : "";
    }

   private:
    std::shared_ptr<JoinStream> stream_;
  };

  void Connect() {
    member_ = fleet_->Connect(std::make_unique<StreamLink>(shared_from_this()));
    ReadNext();
  }
  void ReadNext() {
    queue_.RunUnlessFinished([this] { StartRead(&incoming_); });
  }
  void OnEnd() {
    loop_->Post([stream = shared_from_this()] { stream->Lose("connection lost"); });
    queue_.Abandon({grpc::StatusCode::CANCELLED, "the stream has ended"});
  }
  void Lose(const std::string& reason) { fleet_->Disconnect(member_, reason); }

  event::EventLoop* const loop_;
  fleet::Fleet* const fleet_;
  const std::string peer_;
  const PeerCertificate certificate_;
  const bool is_protected_;
  std::shared_ptr<JoinStream> self_;  // until OnDone()
  fleet::MemberId member_ = 0;        // the loop's
  v1::FromDataPlane incoming_;        // gRPC's while it reads, else the loop's
  WriteQueue<JoinStream, v1::ToDataPlane> queue_;
};

class SessionService : public v1::DataPlaneSession::CallbackService {
 public:
  SessionService(event::EventLoop* loop, fleet::Fleet* fleet) : loop_(loop), fleet_(fleet) {}

  grpc::ServerBidiReactor<v1::FromDataPlane, v1::ToDataPlane>* Join(
      grpc::CallbackServerContext* context) override {
    return JoinStream::Start(loop_, fleet_, context);
  }

 private:
  event::EventLoop* const loop_;
  fleet::Fleet* const fleet_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSessionService(event::EventLoop* loop, fleet::Fleet* fleet) {
  return std::make_unique<SessionService>(loop, fleet);
}

PeerCertificate CertificateOf(const grpc::ServerContextBase& context) {
  PeerCertificate certificate;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return certificate;
  for (const grpc::string_ref& pem : auth->FindPropertyValues("x509_pem_cert")) {
    const tls::ChannelPeer peer = tls::PeerOf({pem.data(), pem.size()});
    certificate.is_tls = true;
    certificate.is_node = peer.role == tls::NameOf(tls::ChannelRole::kNode);
    certificate.name = peer.name;
  }
  return certificate;
}

bool IsOfThisHost(const std::string& peer) {
  return peer == "local" || peer == "in-process" || peer.starts_with("127.") ||
         peer.starts_with("[::1]");
}

std::string PeerText(const std::string& grpc_peer) {
  std::string text;
  // gRPC writes brackets of IPv6 addresses as in a URI.
  for (size_t i = 0; i < grpc_peer.size(); ++i) {
    const std::string escape = grpc_peer.substr(i, 3);
    if (escape == "%5B" || escape == "%5D") {
      text += escape == "%5B" ? '[' : ']';
      i += 2;
    } else {
      text += grpc_peer[i];
    }
  }
  for (const char* prefix : {"ipv4:", "ipv6:"}) {
    if (text.starts_with(prefix)) return text.substr(5);
  }
  if (text.starts_with("unix")) return "local";
  if (text == "unknown" || text.starts_with("inproc")) return "in-process";  // gRPC 1.51's word
  return text;
}

}  // namespace lb::service
