// The life of a request, top to bottom: rules → backend → queue and server → send → response head →
// response rules → relay → log. docs/life-of-a-request.md walks through it.
#include <algorithm>
#include <utility>

#include "dataplane/proxy/access_log.h"
#include "dataplane/proxy/bad_messages.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/exchange_body.h"
#include "dataplane/proxy/exchange_end.h"
#include "dataplane/proxy/exchange_relay.h"
#include "dataplane/proxy/exchange_request.h"
#include "dataplane/proxy/millis.h"
#include "dataplane/proxy/tunnel.h"
#include "dataplane/proxy/upstream_side.h"

namespace lb::proxy {
namespace {

using event::Wait;
using event::WakeReason;
using event::Yield;
using HeadStatus = ServerSide::HeadStatus;

// What became of the attempt to get a response from one server connection.
enum class Outcome : uint8_t {
  kRelayed,  // the response went to the client, whole or not
  kReply,    // exchange->has_reply: answer with it
  kStale,    // an idle connection had been closed by the server: try a new one
  kTunnel,   // 101 or CONNECT: the head went out
};

// The end of a request whose own bytes ended badly before a response had begun.
void RefuseBrokenBody(Exchange* x, PumpStatus up) {
  if (up == PumpStatus::kSourceCut) {
    x->is_silent_close = true;
    x->SetEnd('C', 'D');
    return;
  }
  x->frontend->runtime->counters[x->worker->index].request_errors.Add();
  KeepBadMessage(x->worker, *x->session, MessageKind::kRequest, x->client->request_body()->fault());
  ReplyWithError(x, 400, 'P', 'H');
}

void RefuseBrokenResponse(Exchange* x, UpstreamLease* lease, HeadStatus status) {
  lease->server_block()->response_errors.Add();
  lease->backend_block()->response_errors.Add();
  lease->place()->runtime->bad_responses.fetch_add(1, std::memory_order_relaxed);
  ReplyWithError(x, 502, status == HeadStatus::kInvalid ? 'P' : 'S', 'H');
}

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE" || method == "TRACE";
}

// A reused connection that ends before a byte of the response was most likely closed by the server
// while it lay idle (RFC 9112 section 9.3.1).
// `is_unprocessed`: the server has said that it did not act on the request, whatever its method.
Outcome HandleStale(Exchange* x, UpstreamLease* lease, bool is_unprocessed) {
  const bool is_intact = x->request.framing == http::Framing::kNone;
  if (is_intact && (is_unprocessed || IsIdempotent(x->request.method))) return Outcome::kStale;
  if (x->txn.is_first_request) {
    RefuseBrokenResponse(x, lease, HeadStatus::kClosed);
    return Outcome::kReply;
  }
  // The client used its connection before and knows how to repeat on a new one; we must not.
  x->is_silent_close = true;
  x->SetEnd('S', 'H');
  return Outcome::kReply;
}

// What a client is told when its exchange has ended, as cause and stage say, before a response was
// passed on.
void ReplyToEndedWait(Exchange* x, UpstreamLease* lease) {
  if (x->cause == 's') {
    lease->server_block()->response_errors.Add();
    lease->backend_block()->response_errors.Add();
    ReplyWithError(x, 504, 's', 'H');
  } else if (x->cause == 'c') {
    ReplyWithError(x, 408, 'c', 'D');
  } else if (x->cause == 'C') {
    ReplyWithError(x, 400, 'C', 'H');
  } else {
    x->is_silent_close = true;
  }
}

// Sends the request and receives the head of the final response. kRelayed: the head is there.
event::Task<Outcome> AwaitResponseHead(Exchange* x, UpstreamLease* lease, ServerSide* server,
                                       Relay* relay) {
  x->session->state = SessionState::kResponse;
  for (;;) {
    PumpRequest(x, server, relay);
    if (relay->up == PumpStatus::kSourceCut || relay->up == PumpStatus::kSourceInvalid) {
      RefuseBrokenBody(x, relay->up);
      co_return Outcome::kReply;
    }
    HeadStatus status = server->ReceiveHead(x->config->http_limits, x->sent_request, &x->response);
    if (status == HeadStatus::kDone && x->response.framing == http::Framing::kTunnel &&
        !relay->request_done) {
      status = HeadStatus::kInvalid;  // what is left of the request cannot become raw bytes
    }
    if (status == HeadStatus::kDone) {
      x->last_server_activity = x->worker->loop->now();
      if (!x->response.is_informational() || x->response.status == 101) {
        co_return Outcome::kRelayed;
      }
      if (x->client->takes_informational()) {
        http::RemoveHopByHop(&x->response.headers, http::UpgradeField::kRemove);
        x->client->SendInformational(x->response);
        x->client->response_sink()->Flush();
      }
      continue;
    }
    const bool is_refused = status == HeadStatus::kRefused;
    if ((status == HeadStatus::kClosed || is_refused) && lease->is_reused &&
        !server->has_received()) {
      co_return HandleStale(x, lease, is_refused);
    }
    if (status == HeadStatus::kInvalid || status == HeadStatus::kClosed) {
      KeepBadMessage(x->worker, *x->session, MessageKind::kResponse, server->fault());
    }
    if (status == HeadStatus::kClosed || status == HeadStatus::kInvalid || is_refused) {
      RefuseBrokenResponse(x, lease, status);
      co_return Outcome::kReply;
    }
    if (relay->IsShareUsed()) {
      co_await Yield(x->worker->loop);
      continue;
    }
    const EitherWait wait = PlanWait(*x, server, *relay, 'H');
    WakeReason why = co_await Wait(x->worker->loop, wait.client, wait.upstream, wait.deadline());
    if (GoesOnAfter(x, wait, why, *relay, 'H')) continue;
    ReplyToEndedWait(x, lease);
    co_return Outcome::kReply;
  }
}

// Source: HAProxy configuration manual, "http-after-response": for every response, also those made
// by the proxy; the backend's rules come first.
void ApplyAfterResponse(Exchange* x) {
  if (x->backend != nullptr && !IsSameSection(*x->frontend, *x->backend) &&
      !x->backend->http_after_response.empty()) {
    x->backend->http_after_response.Apply(x->txn);
  }
  if (!x->frontend->http_after_response.empty()) x->frontend->http_after_response.Apply(x->txn);
}

enum class HeadPass : uint8_t { kPassed, kReply, kWait };

// Runs the response rules and queues the head for the client. kReply: a reply replaces it. kWait:
// for `x->pause.wait`, and then again.
HeadPass PassResponseHead(Exchange* x, Relay* relay) {
  RulePause& pause = x->pause;
  if (!std::exchange(pause.has_begun, true)) {
    const bool is_upgrade = x->response.status == 101;
    http::RemoveHopByHop(&x->response.headers,
                         is_upgrade ? http::UpgradeField::kKeep : http::UpgradeField::kRemove);
    x->txn.response = &x->response;
  }
  const ProxyConfig* const sections[] = {x->backend.get(), x->frontend.get()};
  for (; pause.section < std::size(sections); ++pause.section, pause.rule = 0) {
    const ProxyConfig* proxy = sections[pause.section];
    if (proxy->http_response.empty()) continue;
    if (proxy == x->frontend.get() && IsSameSection(*x->frontend, *x->backend)) continue;
    rules::HttpVerdict verdict = proxy->http_response.Apply(x->txn, pause.rule);
    if (verdict.kind == rules::HttpVerdict::Kind::kContinue) continue;
    if (verdict.kind == rules::HttpVerdict::Kind::kWait) {
      pause.rule = verdict.resume_at;
      pause.wait = verdict.wait;
      return HeadPass::kWait;
    }
    x->frontend->runtime->counters[x->worker->index].denied_responses.Add();
    x->backend->runtime->counters[x->worker->index].denied_responses.Add();
    ReplyWith(x, verdict.reply, 'P', 'H');
    return HeadPass::kReply;
  }
  ApplyAfterResponse(x);
  x->txn.response = nullptr;
  const bool may_stay_open =
      !x->session->is_draining() && x->frontend->connection_mode != ConnectionMode::kClose &&
      x->backend->connection_mode != ConnectionMode::kClose && relay->request_done;
  if (x->client->SendHead(x->response, x->sent_request, may_stay_open)) return HeadPass::kPassed;
  ReplyWithError(x, 502, 'P', 'H');
  return HeadPass::kReply;
}

// Passes the head on once the rules are through, of which some wait for the body.
event::Task<HeadPass> PassHeadAfterBody(Exchange* x, UpstreamLease* lease, ServerSide* server,
                                        Relay* relay) {
  HeadPass passed = HeadPass::kWait;
  while (passed == HeadPass::kWait) {
    const ResponseBodyWait waited = co_await AwaitResponseBody(x, server, relay);
    if (waited == ResponseBodyWait::kEnough) {
      passed = PassResponseHead(x, relay);
      continue;
    }
    x->log.response_ms = -1;
    passed = HeadPass::kReply;
    if (waited == ResponseBodyWait::kInvalid) {
      KeepBadMessage(x->worker, *x->session, MessageKind::kResponse,
                     server->response_body()->fault());
      RefuseBrokenResponse(x, lease, HeadStatus::kInvalid);
    } else if (waited == ResponseBodyWait::kBrokenUp) {
      RefuseBrokenBody(x, relay->up);
    } else {
      if (waited == ResponseBodyWait::kLate) x->SetEnd('s', 'H');
      ReplyToEndedWait(x, lease);
    }
  }
  co_return passed;
}

// Moves what can be moved of both bodies. False: the response is done, or one side failed.
bool RelayOnce(Exchange* x, ServerSide* server, Relay* relay) {
  PumpRequest(x, server, relay);
  if (relay->up == PumpStatus::kSourceCut || relay->up == PumpStatus::kSourceInvalid) {
    // Half a request: neither side can make sense of the rest of this exchange.
    KeepBadMessage(x->worker, *x->session, MessageKind::kRequest,
                   x->client->request_body()->fault());
    x->client->response_sink()->Flush();
    x->SetEnd(relay->up == PumpStatus::kSourceCut ? 'C' : 'P', 'D');
    return false;
  }
  PumpResult down = Pump(x->response_body(), x->client->response_sink(), &relay->downward);
  relay->down = down.status;
  if (down.moved > 0) {
    x->last_server_activity = x->last_client_activity = x->worker->loop->now();
  }
  switch (down.status) {
    case PumpStatus::kDone:
      x->keeps_client = relay->request_done && x->client->is_request_done();
      return false;
    case PumpStatus::kSourceCut:
      x->client->response_sink()->Flush();
      x->SetEnd('S', 'D');
      return false;
    case PumpStatus::kSourceInvalid:
      KeepBadMessage(x->worker, *x->session, MessageKind::kResponse,
                     server->response_body()->fault());
      x->client->response_sink()->Flush();
      x->SetEnd('P', 'D');
      return false;
    case PumpStatus::kAborted:
      x->SetEnd(static_cast<char>(x->session->kill_reason()), 'D');
      return false;
    case PumpStatus::kSinkClosed:
      x->SetEnd('C', 'D');
      return false;
    case PumpStatus::kSourceAgain:
    case PumpStatus::kSinkAgain:
    case PumpStatus::kShareUsed:
      break;
  }
  return true;
}

// Relays what did not go at once. Most responses have gone whole by then: no coroutine for those.
event::Task<void> RelayRest(Exchange* x, ServerSide* server, Relay* relay) {
  do {
    if (relay->IsShareUsed()) {
      co_await Yield(x->worker->loop);
      continue;
    }
    const EitherWait wait = PlanWait(*x, server, *relay, 'D');
    WakeReason why = co_await Wait(x->worker->loop, wait.client, wait.upstream, wait.deadline());
    if (!GoesOnAfter(x, wait, why, *relay, 'D')) co_return;
  } while (RelayOnce(x, server, relay));
}

// The request's head has been written to the server. Where a body follows, the buffer that holds
// its texts is used again: keep what later rules may ask for, forget the rest.
void ForgetRequestTexts(Exchange* x) {
  if (x->request.framing == http::Framing::kNone) return;
  x->request.method = x->arena.Copy(x->request.method);
  x->request.target = x->arena.Copy(x->request.target);
  x->request.headers.Clear();
}

// Whether a rule of the section may ask about the connection to the server.
bool HasResponseRules(const ProxyConfig& proxy) {
  return !proxy.http_response.empty() || !proxy.http_after_response.empty();
}

// One exchange over the lease's connection.
event::Task<Outcome> TryServer(Exchange* x, UpstreamLease* lease) {
  if (x->request.has_violations && lease->h2 != nullptr) {
    // HTTP/2 has no way to say it, and others share the connection that it would break.
    ReplyWithError(x, 400, 'P', 'R');
    co_return Outcome::kReply;
  }
  UpstreamSide server(x, lease);
  x->server = server.get();
  Relay relay(&x->worker->pipes);
  const SteadyTime sent_at = x->worker->loop->now();
  x->last_server_activity = x->last_client_activity = sent_at;
  x->txn.server_address = &lease->server_address();
  x->txn.server_tls = server->connection().stream.ssl();
  if (IsLogged(*x->frontend) || HasResponseRules(*x->frontend) || HasResponseRules(*x->backend)) {
    x->upstream_local = server->connection().Local();
    x->txn.upstream_local = &x->upstream_local;
  }
  x->sent_request = http::RequestContext::Of(x->request);

  http::ConnectionField connection = http::ConnectionField::kAbsent;
  if (x->request.wants_upgrade) {
    connection = http::ConnectionField::kUpgrade;
  } else if (ClosesServer(*x) && !x->backend->pretend_keepalive) {
    connection = http::ConnectionField::kClose;
  }
  Outcome outcome = Outcome::kReply;
  if (!server->SendHead(x->request, connection)) {
    ReplyWithError(x, 431, 'P', 'R');
  } else {
    ForgetRequestTexts(x);
    outcome = co_await AwaitResponseHead(x, lease, server.get(), &relay);
  }
  if (outcome == Outcome::kRelayed) {
    x->log.response_ms = MillisBetween(sent_at, x->worker->loop->now());
    x->pause = RulePause();
    HeadPass passed = PassResponseHead(x, &relay);
    if (passed == HeadPass::kWait) {
      passed = co_await PassHeadAfterBody(x, lease, server.get(), &relay);
    }
    if (passed == HeadPass::kPassed && x->frontend->log_asap) LogEarly(x, *lease);
    if (passed == HeadPass::kReply) {
      outcome = Outcome::kReply;
    } else if (x->response.framing == http::Framing::kTunnel) {
      outcome = Outcome::kTunnel;
      x->last_client_activity = x->worker->loop->now();
      co_await RunTunnel(x, server.get());
    } else {
      x->session->state = SessionState::kRelay;
      x->last_client_activity = x->worker->loop->now();
      if (RelayOnce(x, server.get(), &relay)) co_await RelayRest(x, server.get(), &relay);
    }
  }
  x->txn.server_tls = nullptr;
  x->held_response.reset();
  x->server = nullptr;
  server.GiveBack(x, lease,
                  /*is_request_sent=*/relay.request_done && relay.up == PumpStatus::kDone);
  co_return outcome;
}

Reuse AllowedReuse(const Exchange& x) {
  switch (x.backend->http_reuse) {
    case HttpReuse::kNever:
      return Reuse::kNone;
    case HttpReuse::kSafe:
      return x.txn.is_first_request ? Reuse::kShared : Reuse::kAny;
    case HttpReuse::kAggressive:
      return x.txn.is_first_request ? Reuse::kProven : Reuse::kAny;
    case HttpReuse::kAlways:
      return Reuse::kAny;
  }
  return Reuse::kNone;
}

void ReplyToFailedConnect(Exchange* x, ConnectResult result) {
  switch (result) {
    case ConnectResult::kConnected:
      return;
    case ConnectResult::kNoServer:
    case ConnectResult::kRefused:
      ReplyWithError(x, 503, 'S', 'C');
      return;
    case ConnectResult::kQueueTimeout:
      ReplyWithError(x, 503, 's', 'Q');
      return;
    case ConnectResult::kTimeout:
      ReplyWithError(x, 503, 's', 'C');
      return;
    case ConnectResult::kNoResources:
      ReplyWithError(x, 503, 'R', 'C');
      return;
    case ConnectResult::kClientGone:
      ReplyWithError(x, 503, 'C', x->session->state == SessionState::kQueue ? 'Q' : 'C');
      return;
    case ConnectResult::kAborted:
      x->is_silent_close = true;
      x->SetEnd(static_cast<char>(x->session->kill_reason()),
                x->session->state == SessionState::kQueue ? 'Q' : 'C');
      return;
  }
}

void CountServed(const Exchange& x, UpstreamLease* lease) {
  const auto wall =
      std::chrono::duration_cast<Millis>(x.worker->loop->wall_now().time_since_epoch());
  for (upstream::UpstreamBlock* block : {lease->server_block(), lease->backend_block()}) {
    block->last_session_unix_ms.Set(static_cast<uint64_t>(wall.count()));
  }
  lease->server_block()->sessions.Add();
  lease->server_block()->requests.Add();
}

// From the chosen backend to the last byte of the response.
event::Task<void> Forward(Exchange* x, UpstreamLease* lease) {
  Reuse reuse = AllowedReuse(*x);
  for (bool is_repeated = false;; is_repeated = true) {
    ConnectResult connected = ConnectResult::kConnected;
    if (!TryReuse(lease, reuse)) connected = co_await ConnectUpstream(lease, reuse);
    // By the runtime, which the lease keeps until the line is written; the place goes before.
    if (lease->place().has_value()) {
      x->txn.server = {lease->last_server()->name, lease->place()->config->number};
    }
    if (connected != ConnectResult::kConnected) {
      ReplyToFailedConnect(x, connected);
      break;
    }
    if (!is_repeated) CountServed(*x, lease);
    Outcome outcome = co_await TryServer(x, lease);
    if (outcome != Outcome::kStale) break;
    reuse = Reuse::kNone;
  }
  x->counts_as_retry_or_redispatch = lease->retries > 0;
  lease->ReleasePlace();
}

// Sends the reply of the proxy's own.
event::Task<void> SendReply(Exchange* x) {
  const bool body_is_gone = x->client->DropBufferedBody();
  if (x->response.headers.Find(http::HeaderId::kConnection) != nullptr) {
    x->session->Drain();  // a page that says "close" means it
  }
  x->txn.response = &x->response;
  ApplyAfterResponse(x);
  x->txn.response = nullptr;
  const bool may_stay_open = body_is_gone && !x->session->is_draining() &&
                             x->frontend->connection_mode != ConnectionMode::kClose;
  const http::RequestContext request = http::RequestContext::Of(x->request);
  http::RemoveHopByHop(&x->response.headers, http::UpgradeField::kRemove);
  if (!x->client->SendHead(x->response, request, may_stay_open)) co_return;
  MessageSink* sink = x->client->response_sink();
  const bool has_body = !request.is_head && x->response.status != 204 && x->response.status != 304;
  std::string_view body = has_body ? x->reply_body : std::string_view();
  x->last_client_activity = x->worker->loop->now();
  const http::HeaderList no_trailers;
  for (;;) {
    MessageSink::Status status = MessageSink::Status::kOk;
    size_t taken = 0;
    if (body.empty()) {
      status = sink->Finish(no_trailers);
    } else {
      status = sink->Write({BodyPiece::kData, body, /*is_last=*/true}, &taken);
      body.remove_prefix(taken);
    }
    if (status == MessageSink::Status::kOk && body.empty() && taken == 0) break;
    if (status == MessageSink::Status::kClosed) {
      x->SetEnd('C', 'D');
      co_return;
    }
    if (taken > 0) x->last_client_activity = x->worker->loop->now();
    if (status == MessageSink::Status::kOk) continue;
    WakeReason why =
        co_await Wait(x->worker->loop, sink->interest(),
                      DeadlineAfter(x->last_client_activity, x->frontend->client_timeout));
    if (why == WakeReason::kTimeout || x->session->is_killed()) {
      x->SetEnd('c', 'D');
      co_return;
    }
  }
  x->keeps_client = may_stay_open;
}

// What the bodies and replies of the exchange came to.
void CountBytes(Exchange* x) {
  x->bytes_from_client += x->client->received_body_bytes();
  x->bytes_to_client += x->client->TakeSentBytes();
}

}  // namespace

event::Task<void> RunExchange(Exchange* x) {
  x->frontend->runtime->counters[x->worker->index].requests.Add();
  x->log.request_counter =
      x->worker->load->total_requests.fetch_add(1, std::memory_order_relaxed) + 1;
  Route route = RouteRequest(x);
  while (route == Route::kWait) {
    const bool goes_on = co_await AwaitRequestBody(x);
    route = goes_on ? RouteRequest(x) : Route::kReply;
  }
  if (route == Route::kReply) {
    if (x->has_reply && !x->is_silent_close) co_await SendReply(x);
    CountBytes(x);
    EndExchange(x, nullptr);
    co_return;
  }
  UpstreamLease lease(x->worker, x->session, x->backend, &x->txn);
  co_await Forward(x, &lease);
  if (x->has_reply && !x->is_silent_close) co_await SendReply(x);
  CountBytes(x);
  EndExchange(x, &lease);
}

event::Task<void> RefuseRequest(Exchange* x, uint32_t status, char cause, char stage) {
  upstream::FrontendBlock& counters = x->frontend->runtime->counters[x->worker->index];
  counters.request_errors.Add();
  x->SetEnd(cause, stage);
  if (status != 0) {
    counters.requests.Add();
    ReplyWithError(x, status, cause, stage);
    x->session->Drain();
    co_await SendReply(x);
  }
  x->keeps_client = false;
  CountBytes(x);
  EndExchange(x, nullptr);
}

void NoteBadRequest(WorkerContext* worker, Exchange* x) {
  x->worker = worker;
  x->config = worker->config;
  x->frontend = x->session->frontend;
  x->ready_at = x->first_byte_at = worker->loop->now();
  PrepareTxn(x);
  x->txn.http_major = 2;
  x->frontend->runtime->counters[worker->index].request_errors.Add();
  // A frame's head at least: "option dontlognull" is not about this.
  x->bytes_from_client = 9;
  x->SetEnd('P', 'R');
  EndExchange(x, nullptr);
}

}  // namespace lb::proxy
