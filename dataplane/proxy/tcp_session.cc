// TcpSession: one client connection in TCP mode: rules → backend → queue and server → connect →
// tunnel → log.
#include <memory>
#include <utility>

#include "common/event/task.h"
#include "dataplane/proxy/accepted.h"
#include "dataplane/proxy/access_log.h"
#include "dataplane/proxy/arrival.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/exchange_request.h"
#include "dataplane/proxy/millis.h"
#include "dataplane/proxy/tcp_inspection.h"
#include "dataplane/proxy/tunnel.h"
#include "dataplane/proxy/upstream_connect.h"

namespace lb::proxy {
namespace {

class TcpSession final : public Session {
 public:
  explicit TcpSession(Accepted accepted)
      : Session(&accepted.worker->sessions,
                accepted.worker->load->next_session_id.fetch_add(1, std::memory_order_relaxed),
                &stream_),
        worker_(accepted.worker),
        config_(accepted.worker->config),
        count_(accepted),
        stream_(accepted.worker->loop, std::move(accepted.fd), /*is_connected=*/true),
        in_(&accepted.worker->buffers),
        reaper_(this) {
    InitSession(this, accepted);
  }

  ~TcpSession() override {
    if (frontend->no_linger) EndWithoutWait(&stream_);
  }

  void Start() {
    root_.Start(Run(this), [this] { worker_->loop->Queue(&reaper_); });
  }

 private:
  class Reaper final : public event::Runnable {
   public:
    explicit Reaper(TcpSession* session) : session_(session) {}
    void Run() override { session_->worker_->sessions.Destroy(session_); }

   private:
    TcpSession* const session_;
  };

  static event::Task<void> Run(TcpSession* self);
  static event::Task<bool> Route(TcpSession* self, Exchange* x);
  static event::Task<void> Serve(TcpSession* self, Exchange* x, UpstreamLease* lease);

  bool ChooseBackend(Exchange* x);
  void NoteFailure(Exchange* x, ConnectResult result);
  void End(Exchange* x, const UpstreamLease* lease);
  void Log(Exchange* x, const UpstreamLease* lease);
  void Count(const Exchange& x, const UpstreamLease* lease);

  WorkerContext* const worker_;
  const std::shared_ptr<const Config> config_;
  ConnectionCount count_;
  net::Stream stream_;
  net::Buffer in_;
  rules::VariableSet session_vars_;
  event::Root root_;
  Reaper reaper_;
};

bool TcpSession::ChooseBackend(Exchange* x) {
  const auto& by_name = config_->backend_by_name;
  std::string_view name = frontend->use_backend.Choose(
      x->txn, [&](std::string_view candidate) { return by_name.count(candidate) > 0; });
  if (name.empty()) name = frontend->default_backend;
  auto it = by_name.find(name);
  if (it == by_name.end()) {
    x->SetEnd('S', 'C');
    return false;
  }
  backend = x->backend = it->second;
  x->txn.backend = {backend->name, backend->number};
  upstream::RaiseMaximum(&backend->runtime->max_sessions,
                         backend->runtime->sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  backend->runtime->counters[worker_->index].sessions.Add();
  return true;
}

void TcpSession::NoteFailure(Exchange* x, ConnectResult result) {
  switch (result) {
    case ConnectResult::kConnected:
      return;
    case ConnectResult::kNoServer:
    case ConnectResult::kRefused:
      return x->SetEnd('S', 'C');
    case ConnectResult::kQueueTimeout:
      return x->SetEnd('s', 'Q');
    case ConnectResult::kTimeout:
      return x->SetEnd('s', 'C');
    case ConnectResult::kNoResources:
      return x->SetEnd('R', 'C');
    case ConnectResult::kClientGone:
      return x->SetEnd('C', state == SessionState::kQueue ? 'Q' : 'C');
    case ConnectResult::kAborted:
      return x->SetEnd(static_cast<char>(kill_reason()), state == SessionState::kQueue ? 'Q' : 'C');
  }
}

// Looks at what the client sends as far as rules ask for it, and chooses the backend.
event::Task<bool> TcpSession::Route(TcpSession* self, Exchange* x) {
  const FrontendConfig& frontend = *self->frontend;
  bool goes_on = co_await InspectContent(x, &self->stream_, &self->in_, frontend);
  goes_on = goes_on && self->ChooseBackend(x);
  if (goes_on && !IsSameSection(frontend, *self->backend)) {
    goes_on = co_await InspectContent(x, &self->stream_, &self->in_, *self->backend);
  }
  ForgetContent(x);
  co_return goes_on;
}

event::Task<void> TcpSession::Serve(TcpSession* self, Exchange* x, UpstreamLease* lease) {
  ConnectResult connected = co_await ConnectUpstream(lease, Reuse::kNone);
  if (lease->place().has_value()) {
    x->txn.server = {lease->last_server()->name, lease->place()->config->number};
    x->txn.server_address = &lease->server_address();
  }
  if (connected != ConnectResult::kConnected) {
    self->NoteFailure(x, connected);
    co_return;
  }
  lease->server_block()->sessions.Add();
  const auto wall =
      std::chrono::duration_cast<Millis>(self->worker_->loop->wall_now().time_since_epoch());
  for (upstream::UpstreamBlock* block : {lease->server_block(), lease->backend_block()}) {
    block->last_session_unix_ms.Set(static_cast<uint64_t>(wall.count()));
  }
  std::unique_ptr<upstream::UpstreamConnection> connection = std::move(lease->connection);
  x->txn.server_tls = connection->stream.ssl();
  if (IsLogged(*self->frontend)) {
    x->upstream_local = connection->Local();
    x->txn.upstream_local = &x->upstream_local;
  }
  if (self->frontend->log_asap) {
    x->log.is_log_asap = true;
    self->Log(x, lease);
    x->is_logged = true;
  }
  self->set_upstream(&connection->stream);
  self->state = SessionState::kTunnel;
  TunnelEnd client{&self->stream_, &self->in_};
  TunnelEnd server{&connection->stream, &connection->in};
  SetTunnelTimeouts(*self->frontend, *self->backend, &client, &server);
  TunnelEndResult ended = co_await Tunnel(self->worker_, self, client, server);
  self->set_upstream(nullptr);
  x->txn.server_tls = nullptr;
  x->bytes_from_client = ended.client_bytes;
  x->bytes_to_client = ended.server_bytes;
  if (ended.cause != '-') x->SetEnd(ended.cause, 'D');
}

void TcpSession::Count(const Exchange& x, const UpstreamLease* lease) {
  upstream::FrontendBlock& front = frontend->runtime->counters[worker_->index];
  front.bytes_in.Add(x.bytes_from_client);
  front.bytes_out.Add(x.bytes_to_client);
  if (backend == nullptr) return;
  upstream::UpstreamBlock* blocks[2] = {&backend->runtime->counters[worker_->index],
                                        lease != nullptr ? lease->last_server_block() : nullptr};
  for (upstream::UpstreamBlock* block : blocks) {
    if (block == nullptr) continue;
    block->bytes_in.Add(x.bytes_from_client);
    block->bytes_out.Add(x.bytes_to_client);
    if (x.cause == 'C' || x.cause == 'c') block->client_aborts.Add();
    if ((x.cause == 'S' || x.cause == 's') && x.stage == 'D') block->server_aborts.Add();
    if (lease != nullptr && lease->connect_ms >= 0) {
      block->queue_time.Add(static_cast<uint64_t>(lease->queue_ms));
      block->connect_time.Add(static_cast<uint64_t>(lease->connect_ms));
      block->total_time.Add(static_cast<uint64_t>(x.log.total_ms));
    }
  }
}

void TcpSession::End(Exchange* x, const UpstreamLease* lease) {
  x->log.total_ms = MillisBetween(accepted_at, worker_->loop->now());
  if (lease != nullptr) {
    x->log.queue_ms = lease->queue_ms;
    x->log.connect_ms = lease->connect_ms;
  }
  Count(*x, lease);
  if (backend != nullptr) backend->runtime->sessions.fetch_sub(1, std::memory_order_relaxed);
  if (!x->is_logged) Log(x, lease);
}

void TcpSession::Log(Exchange* x, const UpstreamLease* lease) {
  if (!IsLogged(*frontend)) return;
  const SteadyTime now = worker_->loop->now();
  rules::LogFacts& log = x->log;
  log.total_ms = MillisBetween(accepted_at, now);
  if (lease != nullptr) {
    log.queue_ms = lease->queue_ms;
    log.connect_ms = lease->connect_ms;
    log.retries = lease->retries;
    log.was_redispatched = lease->was_redispatched;
    log.backend_queue = lease->queue_position;
    if (const upstream::ServerRuntime* tried = lease->last_server()) {
      log.server_connections = tried->sessions.load(std::memory_order_relaxed);
    }
  }
  log.bytes_read = x->bytes_to_client;
  log.bytes_uploaded = x->bytes_from_client;
  log.termination = {x->cause, x->stage, '-', '-'};
  log.process_connections = worker_->load->connections.load(std::memory_order_relaxed);
  log.frontend_connections = frontend->runtime->sessions.load(std::memory_order_relaxed);
  if (backend != nullptr) {
    log.backend_connections = backend->runtime->sessions.load(std::memory_order_relaxed);
  }
  log.accepted_at = worker_->loop->wall_now() - (now - accepted_at);
  x->txn.log = &log;
  const bool is_error = x->cause != '-' || log.retries > 0;
  WriteAccessLog(worker_, *frontend, &x->txn, is_error);
  x->txn.log = nullptr;
}

event::Task<void> TcpSession::Run(TcpSession* self) {
  std::unique_ptr<Exchange> x = self->worker_->exchanges->Take();
  x->worker = self->worker_;
  x->session = self;
  x->config = self->config_;
  x->frontend = self->frontend;
  x->ready_at = x->first_byte_at = self->accepted_at;
  PrepareTxn(x.get());
  x->txn.request = nullptr;
  x->txn.sess_vars = &self->session_vars_;
  bool goes_on = PassesConnectionRules(x.get(), ConnectionRules::kConnection);
  if (goes_on && NeedsArrival(*self)) {
    goes_on = co_await Arrive(self->worker_, self, &self->count_);
    x->log.handshake_ms = self->handshake_ms;
    PrepareProxyHeader(x.get());
    PrepareTls(x.get());
  }
  if (!goes_on || !PassesConnectionRules(x.get(), ConnectionRules::kSession)) {
    self->worker_->exchanges->Give(std::move(x));
    co_return;
  }
  self->count_.NoteSession();
  x->log.request_counter = self->id();
  MakeUniqueId(x.get());
  const bool is_routed = co_await Route(self, x.get());
  if (is_routed) {
    UpstreamLease lease(self->worker_, self, self->backend, &x->txn);
    co_await Serve(self, x.get(), &lease);
    lease.ReleasePlace();
    self->End(x.get(), &lease);
  } else {
    self->End(x.get(), nullptr);
  }
  self->worker_->exchanges->Give(std::move(x));
}

}  // namespace

void StartTcpSession(Accepted accepted) {
  WorkerContext* worker = accepted.worker;
  auto session = std::make_unique<TcpSession>(std::move(accepted));
  TcpSession* started = session.get();
  worker->sessions.Add(std::move(session));
  started->Start();
}

}  // namespace lb::proxy
