#include "dataplane/proxy/upstream_connect.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/net/socket.h"
#include "common/net/tls_channel.h"
#include "common/tls/client_context.h"
#include "common/tls/facts.h"
#include "dataplane/proxy/millis.h"
#include "dataplane/proxy/random.h"
#include "dataplane/proxy/upstream_identity.h"

namespace lb::proxy {

using event::Wait;
using event::WakeReason;
using upstream::BackendView;
using upstream::Candidate;
using upstream::ServerRuntime;

namespace {

// The wait before a server that has just refused is tried again.
// Source: HAProxy configuration manual, "retries".
constexpr Millis kTurnAround{1000};

Address TargetAddress(const Candidate& place, const Session& session) {
  Address address = place.address;
  const upstream::ServerConfig& config = *place.config;
  if (config.port_from_client) {
    address.set_port(static_cast<uint16_t>(session.local_address.port() + config.port_offset));
  }
  return address;
}

// Whether the client has hung up, and that is to end its wait.
// Source: HAProxy configuration manual, "option abortonclose".
bool IsAbandoned(const BackendConfig& backend, Session* session) {
  return session->has_left() ||
         (backend.abort_on_close && session->source()->is_ready(event::kHungUp));
}

// The same in a queue, where a TCP client that hung up without a word is not served either.
bool IsAbandonedInQueue(const BackendConfig& backend, Session* session) {
  if (IsAbandoned(backend, session)) return true;
  if (session->frontend->is_http || session->has_content) return false;
  if (!session->client()->is_ready(event::kHungUp)) return false;
  char byte;
  return ::recv(session->client()->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// What tells of the client while it is not read from. A hang-up that does not end the session would
// wake every wait, and is left out once it was seen.
event::Interest ClientInterest(Session* session) {
  const bool hung_up = session->source()->is_ready(event::kHungUp);
  return {session->source(),
          static_cast<uint8_t>(event::kSignalled | (hung_up ? 0 : event::kHungUp))};
}

// By what the server line says and TLS has negotiated.
bool SpeaksHttp2(const upstream::ServerConfig& config,
                 const upstream::UpstreamConnection& connection) {
  if (config.protocol != http::ConnectionProtocol::kAny) {
    return config.protocol == http::ConnectionProtocol::kHttp2;
  }
  const ssl_st* tls = connection.stream.ssl();
  return tls != nullptr && tls::AlpnOf(tls) == "h2";
}

// Whether the next attempt goes to another server. Source: manual, "option redispatch"; with round
// robin, random draws too, and several servers it does so at every retry.
bool ShouldRedispatch(const BackendConfig& backend, const BackendView& view,
                      const ServerRuntime& failed, uint32_t retry) {
  if (!backend.has_redispatch) return false;
  if (failed.status.load(std::memory_order_relaxed) != upstream::ServerStatus::kUp) return true;
  const upstream::Algorithm algorithm = backend.balance.algorithm;
  if (view.candidates.size() > 1 && (algorithm == upstream::Algorithm::kRoundRobin ||
                                     algorithm == upstream::Algorithm::kStaticRoundRobin ||
                                     algorithm == upstream::Algorithm::kRandom)) {
    return true;
  }
  if (backend.redispatch_interval > 0) {
    return retry % static_cast<uint32_t>(backend.redispatch_interval) == 0;
  }
  const uint32_t from_last = static_cast<uint32_t>(-backend.redispatch_interval);
  return from_last != 0 && (backend.retries + 1 - retry) % from_last == 0 &&
         retry + from_last > backend.retries;
}

}  // namespace

// One wait in a backend's queue. Leaves the queue when destroyed, and gives back a place that was
// granted but not taken. Has a name for the linker, since a coroutine's frame holds it.
class QueueMembership {
 public:
  QueueMembership(WorkerContext* worker, const BackendConfig* backend)
      : worker_(worker), backend_(backend), granted_(worker->loop) {
    request_ = runtime().Join(&granted_, view(), backend->balance);
  }
  QueueMembership(const QueueMembership&) = delete;
  QueueMembership& operator=(const QueueMembership&) = delete;
  ~QueueMembership() {
    std::optional<Candidate> unused = runtime().queue.Leave(request_.get());
    if (!unused.has_value()) unused = std::move(place_);
    if (unused.has_value()) {
      runtime().Release(unused->runtime.get(), view(), backend_->balance);
    }
  }

  // kConnected: a place was granted. `for_verdict`: no server has had its first verdict yet, so
  // the wait also ends when the last verdict is against it.
  event::Task<ConnectResult> WaitForPlace(Session* session, bool for_verdict, SteadyTime began) {
    const SteadyTime deadline = DeadlineAfter(began, backend_->queue_timeout);
    for (;;) {
      if (IsAbandonedInQueue(*backend_, session)) co_return ConnectResult::kClientGone;
      WakeReason why = co_await Wait(worker_->loop, {&granted_, event::kSignalled},
                                     ClientInterest(session), deadline);
      if (session->is_killed()) co_return ConnectResult::kAborted;
      place_ = runtime().queue.TakeGrant(request_.get());
      if (place_.has_value()) co_return ConnectResult::kConnected;
      if (why == WakeReason::kTimeout) co_return ConnectResult::kQueueTimeout;
      if (for_verdict && view().candidates.empty() && !view().has_pending) {
        co_return ConnectResult::kNoServer;
      }
      granted_.Clear(event::kSignalled);
      session->AcknowledgeDrain();
    }
  }

  Candidate TakePlace() { return *std::exchange(place_, std::nullopt); }

 private:
  upstream::BackendRuntime& runtime() const { return *backend_->runtime; }
  const BackendView& view() const { return *runtime().view(worker_->index); }

  WorkerContext* const worker_;
  const BackendConfig* const backend_;
  event::Source granted_;
  std::shared_ptr<upstream::QueuedRequest> request_;
  std::optional<Candidate> place_;
};

UpstreamLease::UpstreamLease(WorkerContext* worker, Session* session,
                             std::shared_ptr<const BackendConfig> backend, rules::TxnContext* txn)
    : worker_(worker), session_(session), backend_(std::move(backend)), txn_(txn) {}

UpstreamLease::~UpstreamLease() { ReleasePlace(); }

upstream::UpstreamBlock* UpstreamLease::server_block() const {
  return place_.has_value() ? &place_->runtime->counters[worker_->index] : nullptr;
}

upstream::UpstreamBlock* UpstreamLease::backend_block() const {
  return &backend_->runtime->counters[worker_->index];
}

void UpstreamLease::HoldPlace(Candidate place, SteadyTime since) {
  place_ = std::move(place);
  last_server_ = place_->runtime;
  server_address_ = TargetAddress(*place_, *session_);
  session_->server = place_->runtime.get();
  session_->server_is_backup = place_->config->is_backup;
  queue_ms = std::max(queue_ms, 0) + MillisBetween(since, worker_->loop->now());
  server_block()->chosen.Add();
  backend_block()->chosen.Add();
  server_name_.clear();
  if (const std::optional<rules::Expr>& sni = tls().sni; sni.has_value()) {
    server_name_ =
        rules::CastTo(sni->Evaluate(*txn_), catalog::ValueType::kString, *txn_->arena).text();
  }
}

bool UpstreamLease::ChoosePlace(const ServerRuntime* avoid) {
  upstream::BackendRuntime& runtime = *backend_->runtime;
  const BackendView& view = *runtime.view(worker_->index);
  std::optional<Candidate> place =
      runtime.Choose(view, backend_->balance, NextRandom(&worker_->random_state), avoid);
  if (!place.has_value() && avoid != nullptr) {
    place = runtime.Choose(view, backend_->balance, NextRandom(&worker_->random_state),
                           /*avoid=*/nullptr);
  }
  if (!place.has_value()) return false;
  HoldPlace(std::move(*place), worker_->loop->now());
  return true;
}

std::string UpstreamLease::MakePurpose() const {
  const upstream::ServerConfig& server = *place_->config;
  std::string purpose;
  if (server.manner != 0) {
    purpose.assign(reinterpret_cast<const char*>(&server.manner), sizeof(server.manner));
  }
  purpose += server_name_;
  if (!SpeaksForOneClient(server)) return purpose;
  return absl::StrCat(purpose, "\n", MakeProxyHeader(server, *session_, *txn_),
                      MakeSource(server, server_address_, *session_, *txn_).ToString());
}

bool UpstreamLease::TakeIdleConnection(Reuse reuse) {
  if (reuse == Reuse::kNone) return false;
  if (!worker_->h2_upstreams->is_empty() && TakeSharedConnection(reuse)) return true;
  if (reuse == Reuse::kShared) return false;
  ServerRuntime& server = *place_->runtime;
  connection = server.idle[worker_->index].Take(reuse == Reuse::kProven ? 2 : 0, MakePurpose());
  if (connection == nullptr) return false;
  server.idle_connections.fetch_sub(1, std::memory_order_relaxed);
  CountReuse();
  return true;
}

void UpstreamLease::CountReuse() {
  server_block()->reused_connections.Add();
  backend_block()->reused_connections.Add();
  is_reused = true;
  connect_ms = 0;
}

bool UpstreamLease::TakeSharedConnection(Reuse reuse) {
  if (!backend_->is_http) return false;
  h2 = worker_->h2_upstreams->Take(*place_->runtime, /*proven_only=*/reuse != Reuse::kAny,
                                   MakePurpose());
  if (h2 == nullptr) return false;
  CountReuse();
  return true;
}

void UpstreamLease::ShareConnection() {
  const upstream::ServerConfig& config = *place_->config;
  h2 =
      std::make_shared<H2Upstream>(worker_, std::move(connection), place_->config, place_->runtime);
  h2->Start();
  const bool is_shared = backend_->http_reuse != HttpReuse::kNever && config.keeps_idle &&
                         backend_->connection_mode == ConnectionMode::kKeepAlive;
  if (is_shared) worker_->h2_upstreams->Add(h2);
}

bool TryReuse(UpstreamLease* lease, Reuse reuse) {
  const bool may_find = reuse != Reuse::kNone &&
                        (reuse != Reuse::kShared || !lease->worker_->h2_upstreams->is_empty());
  if (!may_find) return false;
  if (!lease->place_.has_value() && !lease->ChoosePlace(/*avoid=*/nullptr)) return false;
  return lease->TakeIdleConnection(reuse);
}

void UpstreamLease::ReleasePlace() {
  if (!place_.has_value()) return;
  session_->server = nullptr;
  session_->server_is_backup = false;
  backend_->runtime->Release(place_->runtime.get(), *backend_->runtime->view(worker_->index),
                             backend_->balance);
  place_.reset();
}

// Waits in the backend's queue until a server has a free place.
event::Task<ConnectResult> WaitForPlace(UpstreamLease* lease) {
  WorkerContext& worker = *lease->worker_;
  Session& session = *lease->session_;
  const BackendConfig& backend = *lease->backend_;
  upstream::BackendRuntime& runtime = *backend.runtime;
  const SteadyTime began = worker.loop->now();
  const BackendView& view = *runtime.view(worker.index);
  if (view.candidates.empty() && !view.has_pending) co_return ConnectResult::kNoServer;
  const bool waits_for_verdict = view.candidates.empty();
  session.state = SessionState::kQueue;
  lease->queue_position = runtime.queue.size();
  QueueMembership membership(&worker, &backend);
  ConnectResult waited = co_await membership.WaitForPlace(&session, waits_for_verdict, began);
  if (waited != ConnectResult::kConnected) {
    lease->queue_ms = std::max(lease->queue_ms, 0) + MillisBetween(began, worker.loop->now());
    co_return waited;
  }
  lease->HoldPlace(membership.TakePlace(), began);
  co_return ConnectResult::kConnected;
}

// Sends the PROXY header over the lease's new connection. It fits into an empty socket buffer, so a
// wait is rare.
event::Task<ConnectResult> SendProxyHeader(UpstreamLease* lease, SteadyTime deadline) {
  net::Stream* stream = &lease->connection->stream;
  Session& session = *lease->session_;
  const std::string header = MakeProxyHeader(*lease->place_->config, session, *lease->txn_);
  std::string_view rest = header;
  session.set_upstream(stream);
  ConnectResult result = ConnectResult::kConnected;
  while (!rest.empty()) {
    const net::IoResult put = stream->Write(rest.data(), rest.size());
    if (put.ok()) {
      rest.remove_prefix(put.bytes);
      continue;
    }
    if (put.is_end()) {
      result = session.is_killed() ? ConnectResult::kAborted : ConnectResult::kRefused;
      break;
    }
    WakeReason why = co_await Wait(lease->worker_->loop,
                                   {stream, event::kWritable | event::kSignalled}, deadline);
    if (why == WakeReason::kTimeout) {
      result = ConnectResult::kTimeout;
      break;
    }
  }
  session.set_upstream(nullptr);
  if (result != ConnectResult::kConnected) lease->connection.reset();
  co_return result;
}

// The TLS handshake on the lease's connection, if the server's line asks for one.
event::Task<ConnectResult> ShakeHands(UpstreamLease* lease, SteadyTime deadline) {
  const std::shared_ptr<tls::ClientContext>& context = lease->tls().context;
  if (context == nullptr) co_return ConnectResult::kConnected;
  net::Stream* stream = &lease->connection->stream;
  tls::SslPtr connection = context->NewConnection(lease->server_name_);
  if (connection == nullptr) co_return ConnectResult::kNoResources;
  net::StartTls(stream, std::move(connection), context);
  lease->session_->set_upstream(stream);
  absl::Status status = co_await net::Handshake(stream, deadline);
  lease->session_->set_upstream(nullptr);
  if (status.ok()) {
    if (SSL_session_reused(stream->ssl()) == 0) {
      lease->worker_->load->server_tls_keys.fetch_add(1, std::memory_order_relaxed);
    }
    co_return ConnectResult::kConnected;
  }
  lease->txn_->server_tls_error = stream->tls()->error_code();
  lease->connection.reset();
  if (lease->session_->is_killed()) co_return ConnectResult::kAborted;
  co_return absl::IsDeadlineExceeded(status) ? ConnectResult::kTimeout : ConnectResult::kRefused;
}

// One attempt at the server whose place the lease holds.
event::Task<ConnectResult> ConnectOnce(UpstreamLease* lease) {
  WorkerContext& worker = *lease->worker_;
  Session& session = *lease->session_;
  const BackendConfig& backend = *lease->backend_;
  const Candidate& place = *lease->place_;
  session.state = SessionState::kConnect;
  if (IsAbandoned(backend, &session)) co_return ConnectResult::kClientGone;
  lease->server_block()->connect_attempts.Add();
  lease->backend_block()->connect_attempts.Add();

  net::ConnectOptions options;
  options.source = MakeSource(*place.config, lease->server_address_, session, *lease->txn_);
  options.transparent = place.config->source_use != upstream::SourceUse::kOwn;
  options.interface = place.config->source_interface;
  options.tcp_keepalive = backend.tcp_keepalive;
  options.delay_ack = backend.delay_ack;
  absl::StatusOr<UniqueFd> fd = net::StartConnect(lease->server_address_, options);
  if (!fd.ok()) {
    co_return absl::IsResourceExhausted(fd.status()) ? ConnectResult::kNoResources
                                                     : ConnectResult::kRefused;
  }
  auto connection =
      std::make_unique<upstream::UpstreamConnection>(worker.loop, std::move(*fd), &worker.buffers);
  session.set_upstream(&connection->stream);
  const SteadyTime deadline = DeadlineAfter(worker.loop->now(), backend.connect_timeout);
  WakeReason why = WakeReason::kReady;
  const std::optional<int> outcome = net::ConnectOutcome(connection->stream.fd());
  if (outcome.has_value() && *outcome != 0) {
    session.set_upstream(nullptr);
    co_return ConnectResult::kRefused;
  }
  if (outcome.has_value()) connection->stream.Raise(event::kWritable);
  while (!connection->stream.is_ready(event::kWritable | event::kHungUp)) {
    why = co_await Wait(worker.loop, {&connection->stream, event::kWritable | event::kHungUp},
                        ClientInterest(&session), deadline);
    if (session.is_killed()) {
      session.set_upstream(nullptr);
      co_return ConnectResult::kAborted;
    }
    if (why == WakeReason::kTimeout ||
        connection->stream.is_ready(event::kWritable | event::kHungUp)) {
      break;
    }
    if (IsAbandoned(backend, &session)) {
      session.set_upstream(nullptr);
      co_return ConnectResult::kClientGone;
    }
    session.AcknowledgeDrain();
  }
  session.set_upstream(nullptr);
  if (why == WakeReason::kTimeout) co_return ConnectResult::kTimeout;
  // A connection that was made shows a plain writable event; only a failed one needs a question.
  if (connection->stream.is_ready(event::kHungUp)) {
    const int error = net::ConnectError(connection->stream.fd());
    if (error != 0) co_return ConnectResult::kRefused;
  }
  connection->purpose = lease->MakePurpose();
  lease->connection = std::move(connection);
  ConnectResult shook = ConnectResult::kConnected;
  if (place.config->send_proxy != 0) shook = co_await SendProxyHeader(lease, deadline);
  if (shook != ConnectResult::kConnected) co_return shook;
  if (lease->tls().context != nullptr) shook = co_await ShakeHands(lease, deadline);
  co_return shook;
}

bool UpstreamLease::MayShareAttempt(Reuse reuse) const {
  const upstream::ServerConfig& server = *place_->config;
  return reuse == Reuse::kAny && backend_->is_http && server.keeps_idle &&
         server.protocol == http::ConnectionProtocol::kHttp2 && !SpeaksForOneClient(server) &&
         !tls().sni.has_value() && backend_->connection_mode == ConnectionMode::kKeepAlive;
}

// Waits for the attempts of others, which bring a connection with room for many: without this, all
// that come before the first one is there would make one each. kRefused: none came of it, or within
// the time of an attempt; this exchange makes its own.
event::Task<ConnectResult> AwaitAttempt(UpstreamLease* lease, H2Attempt* attempt, Reuse reuse) {
  event::EventLoop* loop = lease->worker_->loop;
  Session* session = lease->session_;
  session->state = SessionState::kConnect;
  const SteadyTime deadline = DeadlineAfter(loop->now(), lease->backend_->connect_timeout);
  while (attempt->MustWait()) {
    WakeReason why = co_await Wait(loop, {attempt->source(), event::kSignalled},
                                   ClientInterest(session), deadline);
    if (session->is_killed()) co_return ConnectResult::kAborted;
    if (IsAbandoned(*lease->backend_, session)) co_return ConnectResult::kClientGone;
    if (lease->TakeIdleConnection(reuse)) co_return ConnectResult::kConnected;
    if (why == WakeReason::kTimeout) break;
    session->AcknowledgeDrain();
  }
  co_return ConnectResult::kRefused;
}

event::Task<ConnectResult> ConnectUpstream(UpstreamLease* lease, Reuse reuse) {
  WorkerContext& worker = *lease->worker_;
  const BackendConfig& backend = *lease->backend_;
  const ServerRuntime* avoid = nullptr;
  for (uint32_t attempt = 0;; ++attempt) {
    if (!lease->place_.has_value() && !lease->ChoosePlace(avoid)) {
      ConnectResult taken = co_await WaitForPlace(lease);
      if (taken != ConnectResult::kConnected) co_return taken;
    }
    if (lease->TakeIdleConnection(reuse)) co_return ConnectResult::kConnected;
    ServerRuntime& server = *lease->place_->runtime;
    const SteadyTime began = worker.loop->now();
    std::optional<H2Attempt> shared;
    if (lease->MayShareAttempt(reuse)) {
      shared.emplace(worker.h2_upstreams.get(), &server, worker.loop);
      if (shared->MustWait()) {
        ConnectResult awaited = co_await AwaitAttempt(lease, &*shared, reuse);
        if (awaited != ConnectResult::kRefused) co_return awaited;
      }
      shared->Begin();
    }
    ConnectResult result = co_await ConnectOnce(lease);
    if (result == ConnectResult::kConnected) {
      server.connect_successes.fetch_add(1, std::memory_order_relaxed);
      lease->is_reused = false;
      lease->connect_ms = MillisBetween(began, worker.loop->now());
      if (backend.is_http && SpeaksHttp2(*lease->place_->config, *lease->connection)) {
        lease->ShareConnection();
      }
      co_return result;
    }
    shared.reset();  // who waited for this attempt makes one of their own
    if (result == ConnectResult::kAborted || result == ConnectResult::kClientGone) {
      co_return result;
    }
    server.connect_failures.fetch_add(1, std::memory_order_relaxed);
    if (attempt >= backend.retries) {
      lease->server_block()->connect_errors.Add();
      lease->backend_block()->connect_errors.Add();
      co_return result;
    }
    ++lease->retries;
    const BackendView& view = *backend.runtime->view(worker.index);
    if (ShouldRedispatch(backend, view, server, attempt + 1)) {
      lease->server_block()->redispatches.Add();
      lease->backend_block()->redispatches.Add();
      lease->was_redispatched = true;
      avoid = &server;
      lease->ReleasePlace();
      continue;
    }
    lease->server_block()->retries.Add();
    lease->backend_block()->retries.Add();
    if (result != ConnectResult::kTimeout) {
      Millis pause = kTurnAround;
      if (backend.connect_timeout != kForever) pause = std::min(pause, backend.connect_timeout);
      const SteadyTime until = worker.loop->now() + pause;
      for (;;) {
        WakeReason why = co_await Wait(worker.loop, ClientInterest(lease->session_), until);
        if (lease->session_->is_killed()) co_return ConnectResult::kAborted;
        if (IsAbandoned(backend, lease->session_)) co_return ConnectResult::kClientGone;
        if (why == WakeReason::kTimeout) break;
        lease->session_->AcknowledgeDrain();
      }
    }
  }
}

}  // namespace lb::proxy
