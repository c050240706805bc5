#include "dataplane/proxy/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "common/base/logger.h"
#include "common/event/task.h"
#include "common/event/waiter.h"
#include "common/net/socket.h"
#include "dataplane/proxy/accepted.h"

namespace lb::proxy {
namespace {

// How long a listener rests when a limit or a lack of descriptors holds it back.
constexpr Millis kRest{5};
constexpr Millis kRestWithoutDescriptors{50};
// Errors of one connection, or of the network at this moment, that accept(2) passes on: the next
// call has the next connection.
bool IsPassing(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
      return true;
    default:
      return false;
  }
}

// Connections accepted in a row before others get their turn.
constexpr int kMaxAcceptsInARow = 64;

}  // namespace

class Listener::Acceptor {
 public:
  Acceptor(WorkerContext* worker, std::shared_ptr<const FrontendConfig> frontend, size_t bind,
           int fd)
      : worker_(worker), frontend_(std::move(frontend)), bind_(bind), socket_(worker->loop) {
    net::SetNoDelay(fd);  // accepted connections inherit it; no effect on a unix socket
    if (frontend_->delay_ack) net::DelayAck(fd, true);
    socket_.Watch(fd);
    root_.Start(Run(this));
  }

  void Update(std::shared_ptr<const FrontendConfig> frontend, size_t bind) {
    const bool delayed_ack = frontend_->delay_ack;
    frontend_ = std::move(frontend);
    bind_ = bind;
    if (frontend_->delay_ack != delayed_ack) net::DelayAck(socket_.fd(), frontend_->delay_ack);
  }

  void Stop() {
    root_.Cancel();
    // Clients whose handshake the kernel has finished would be reset by the close.
    while (AcceptOne() == AcceptResult::kAccepted) {
    }
    socket_.Unwatch();
  }

 private:
  enum class AcceptResult : uint8_t { kAccepted, kNone, kNoDescriptors };

  static event::Task<void> Run(Acceptor* self) {
    event::EventLoop* loop = self->worker_->loop;
    for (int in_a_row = 0;; ++in_a_row) {
      if (self->IsFull()) {
        co_await event::WaitUntil(loop, loop->now() + kRest);
        continue;
      }
      if (in_a_row >= kMaxAcceptsInARow) {
        in_a_row = 0;
        co_await event::Yield(loop);
      }
      AcceptResult result = self->AcceptOne();
      if (result == AcceptResult::kNone) {
        self->socket_.Clear(event::kReadable);
        in_a_row = 0;
        co_await event::Wait(loop, {&self->socket_, event::kReadable}, SteadyTime::max());
      } else if (result == AcceptResult::kNoDescriptors) {
        co_await event::WaitUntil(loop, loop->now() + kRestWithoutDescriptors);
      }
    }
  }

  bool IsFull() const {
    const uint32_t process = worker_->load->connections.load(std::memory_order_relaxed);
    if (worker_->config != nullptr && process >= worker_->config->maxconn) return true;
    const uint32_t mine = frontend_->runtime->sessions.load(std::memory_order_relaxed);
    if (frontend_->maxconn != 0 && mine >= frontend_->maxconn) return true;
    const uint32_t rate = frontend_->max_session_rate;
    if (rate != 0 && !frontend_->runtime->session_rate.HasRoom(Now(), rate)) return true;
    const BindConfig& bind = frontend_->binds[bind_];
    return bind.maxconn != 0 && bind.runtime != nullptr &&
           bind.runtime->connections.load(std::memory_order_relaxed) >= bind.maxconn;
  }

  AcceptResult AcceptOne() {
    sockaddr_storage storage;
    for (;;) {
      socklen_t length = sizeof(storage);
      UniqueFd fd(::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&storage), &length,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.valid()) {
        if (const uint32_t rate = frontend_->max_session_rate; rate != 0) {
          frontend_->runtime->session_rate.Note(Now(), rate);
        }
        StartSession(std::move(fd),
                     Address::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length));
        return AcceptResult::kAccepted;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        LB_LOG(kWarning) << "cannot accept for frontend '" << frontend_->name
                         << "': out of descriptors or memory";
        return AcceptResult::kNoDescriptors;
      }
      if (!IsPassing(errno)) return AcceptResult::kNone;
    }
  }

  std::chrono::nanoseconds Now() const { return worker_->loop->now().time_since_epoch(); }

  // Our side of a connection: mostly known without asking the kernel.
  Address LocalOf(int fd) const {
    const BindConfig& bind = frontend_->binds[bind_];
    const bool is_known = bind.address.family() != AF_UNSPEC && !bind.address.is_any() &&
                          bind.address.port() != 0 && !bind.options.transparent;
    return is_known ? bind.address : Address::LocalOf(fd);
  }

  void StartSession(UniqueFd fd, Address peer) {
    if (peer.is_ip()) {
      if (frontend_->tcp_keepalive) net::SetTcpKeepalive(fd.get());
    }
    Address local = LocalOf(fd.get());
    Accepted accepted{worker_, frontend_, bind_, std::move(fd), std::move(peer), std::move(local)};
    if (frontend_->is_http) {
      StartHttpSession(std::move(accepted));
    } else {
      StartTcpSession(std::move(accepted));
    }
  }

  WorkerContext* const worker_;
  std::shared_ptr<const FrontendConfig> frontend_;
  size_t bind_;
  event::Pollable socket_;
  event::Root root_;
};

Listener::Listener(WorkerContext* worker, std::shared_ptr<const FrontendConfig> frontend,
                   size_t bind, int fd)
    : acceptor_(std::make_unique<Acceptor>(worker, std::move(frontend), bind, fd)) {}

Listener::~Listener() = default;

void Listener::Update(std::shared_ptr<const FrontendConfig> frontend, size_t bind) {
  acceptor_->Update(std::move(frontend), bind);
}

void Listener::Stop() { acceptor_->Stop(); }

}  // namespace lb::proxy
