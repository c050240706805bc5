#include "dataplane/server/control_client.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/client_callback.h"

#include "common/base/logger.h"
#include "lb/v1/dataplane.grpc.pb.h"

namespace lb::server {
namespace {

constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{5000};
// From here on the pause grows no more.
constexpr uint32_t kManyFailures = 6;
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kMaxMessageBytes = 256 << 20;

}  // namespace

std::shared_ptr<grpc::Channel> DialControlPlane(
    const std::string& address, const std::optional<tls::ChannelIdentity>& identity) {
  grpc::ChannelArguments arguments;
  // A connection of its own, whatever other channels the process has to the same address.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The client paces the attempts; the channel must not hold them back for longer.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, static_cast<int>(kFirstPause.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(kLongestPause.count()));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(kLongestPause.count()));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  const bool is_tls = identity.has_value() && !address.starts_with("unix:");
  return grpc::CreateCustomChannel(
      address,
      is_tls ? grpc::SslCredentials({identity->authority, identity->key, identity->certificate})
             : grpc::InsecureChannelCredentials(),
      arguments);
}

Millis RedialPause(uint32_t failures, uint64_t random) {
  const uint32_t doublings = std::min(failures, kManyFailures);
  const Millis whole = std::min(kFirstPause * (1 << doublings), kLongestPause);
  const auto half = static_cast<uint64_t>(whole.count() / 2);
  return Millis(whole.count() - static_cast<int64_t>(random % (half + 1)));
}

// One call of Join. gRPC's threads run the On...() functions; Send() comes from the loop. The owner
// destroys it, on the loop's thread, after WaitDone(): it holds references to the channel, and the
// last one dropped by a gRPC thread would have that thread wait for itself.
class ControlClient::Stream : public grpc::ClientBidiReactor<v1::FromDataPlane, v1::ToDataPlane>,
                              public ControlLink {
 public:
  Stream(event::EventLoop* loop, std::weak_ptr<ControlClient*> owner)
      : loop_(loop), owner_(std::move(owner)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel) {
    stub_ = v1::DataPlaneSession::NewStub(channel);
    stub_->async()->Join(&context_, this);
    StartRead(&incoming_);
    // For writes, which come from outside of gRPC's callbacks.
    AddHold();
    StartCall();
  }

  void Send(v1::FromDataPlane message) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return;
    outgoing_.push_back(std::move(message));
    if (outgoing_.size() == 1) StartWrite(&outgoing_.front());
  }

  void Cancel() { context_.TryCancel(); }

  // After it, gRPC touches the stream no more.
  void WaitDone() {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return is_done_; });
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return CloseWrites();
    auto message = std::make_shared<v1::ToDataPlane>(std::move(incoming_));
    incoming_.Clear();
    Post([message](ControlClient* client) { client->OnRead(*message); });
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      outgoing_.pop_front();
      if (ok && !is_closed_) {
        if (!outgoing_.empty()) StartWrite(&outgoing_.front());
        return;
      }
    }
    CloseWrites();
  }

  void OnDone(const grpc::Status& status) override {
    const std::string reason = status.ok() ? "it ended the session" : status.error_message();
    Post([reason](ControlClient* client) { client->OnEnd(reason); });
    std::lock_guard<std::mutex> lock(mutex_);
    is_done_ = true;
    done_.notify_all();
  }

  // No more writes come from outside: lets OnDone() happen.
  void CloseWrites() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (std::exchange(is_closed_, true)) return;
    }
    RemoveHold();
  }

  void Post(std::function<void(ControlClient*)> fn) {
    loop_->Post([owner = owner_, fn = std::move(fn)] {
      if (std::shared_ptr<ControlClient*> client = owner.lock()) fn(*client);
    });
  }

  event::EventLoop* const loop_;
  const std::weak_ptr<ControlClient*> owner_;
  std::unique_ptr<v1::DataPlaneSession::Stub> stub_;
  grpc::ClientContext context_;
  v1::ToDataPlane incoming_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<v1::FromDataPlane> outgoing_;  // guarded by mutex_; the first is being written
  bool is_closed_ = false;                  // guarded by mutex_
  bool is_done_ = false;                    // guarded by mutex_
};

ControlClient::ControlClient(event::EventLoop* loop, std::shared_ptr<grpc::Channel> channel,
                             ControlObserver* observer)
    : loop_(loop),
      channel_(std::move(channel)),
      observer_(observer),
      self_(std::make_shared<ControlClient*>(this)) {}

ControlClient::~ControlClient() {
  self_.reset();
  if (stream_ == nullptr) return;
  stream_->Cancel();
  stream_->WaitDone();
}

void ControlClient::Start() { Dial(); }

void ControlClient::Dial() {
  stream_ = std::make_unique<Stream>(loop_, self_);
  stream_->Start(channel_);
  observer_->OnConnected(stream_.get());
}

void ControlClient::OnRead(const v1::ToDataPlane& message) {
  if (message.has_refused()) {
    failures_ = kManyFailures;  // asking again at once will not change its mind
  } else {
    failures_ = 0;
    if (std::exchange(has_logged_failure_, false)) {
      LB_LOG(kInfo) << "the control plane is back";
    }
  }
  observer_->OnMessage(message);
}

void ControlClient::OnEnd(const std::string& reason) {
  stream_->WaitDone();
  stream_.reset();
  if (!std::exchange(has_logged_failure_, true)) {
    LB_LOG(kWarning) << "no session with the control plane: " << reason;
  }
  const Millis pause = RedialPause(failures_++, random_());
  observer_->OnDisconnected(reason);
  loop_->RunAfter(pause, [weak = std::weak_ptr<ControlClient*>(self_)] {
    if (std::shared_ptr<ControlClient*> client = weak.lock()) (*client)->Dial();
  });
}

}  // namespace lb::server
