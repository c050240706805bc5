#include "dataplane/proxy/exchange_body.h"

#include <algorithm>

#include "dataplane/http/h1_serializer.h"
#include "dataplane/proxy/bad_messages.h"
#include "dataplane/proxy/exchange_request.h"
#include "dataplane/proxy/millis.h"

namespace lb::proxy {
namespace {

using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::WakeReason;

// The texts of a head in HTTP/1.x lie in the buffer that its body is going to use.
void KeepFields(http::HeaderList* headers, http::Arena* arena) {
  for (http::Header& field : *headers) {
    field.name = arena->Copy(field.name);
    field.value = arena->Copy(field.value);
  }
}

void KeepRequestHead(Exchange* x) {
  x->request.method = x->arena.Copy(x->request.method);
  x->request.target = x->arena.Copy(x->request.target);
  KeepFields(&x->request.headers, &x->arena);
}

// What a buffer has room for behind a head. There is always some, so that a wait has an end.
size_t RoomBehind(const Exchange& x, size_t head_bytes) {
  const size_t all = x.config->http_limits.max_head_bytes;
  return std::max<size_t>(all - std::min(all, head_bytes), 1);
}

bool IsEnough(const BodyHold& body, const rules::BodyWait& wait) {
  return body.state() != BodyPiece::kAgain || body.is_full() ||
         (wait.at_least != 0 && body.size() >= wait.at_least);
}

// The client waits for leave to send what we wait for. The server is not asked any more.
void AllowBody(Exchange* x) {
  x->request.expects_continue = false;
  x->request.headers.Remove(http::HeaderId::kExpect);
  http::ResponseHead leave;
  leave.status = 100;
  leave.reason = http::ReasonPhrase(leave.status);
  x->client->SendInformational(leave);
  x->client->response_sink()->Flush();
}

void EndSilently(Exchange* x, char cause) {
  x->is_silent_close = true;
  x->SetEnd(cause, 'R');
}

void RefuseBody(Exchange* x, uint32_t status, char cause) {
  x->frontend->runtime->counters[x->worker->index].request_errors.Add();
  x->log.request_ms = -1;  // the request never was complete
  ReplyWithError(x, status, cause, 'R');
}

// What a body that ended, for good or ill, means for the request.
bool IsBodyGood(Exchange* x, BodyPiece::Status state) {
  switch (state) {
    case BodyPiece::kCut:
      EndSilently(x, 'C');
      return false;
    case BodyPiece::kInvalid:
      KeepBadMessage(x->worker, *x->session, MessageKind::kRequest,
                     x->client->request_body()->fault());
      RefuseBody(x, 400, 'P');
      return false;
    case BodyPiece::kAborted:
      EndSilently(x, static_cast<char>(x->session->kill_reason()));
      return false;
    default:
      return true;
  }
}

}  // namespace

event::Task<bool> AwaitRequestBody(Exchange* x) {
  if (x->request.framing == http::Framing::kNone) co_return true;
  event::EventLoop* loop = x->worker->loop;
  if (!x->held_request.has_value()) {
    const size_t room = RoomBehind(*x, http::RequestHeadBytes(x->request));
    KeepRequestHead(x);
    x->held_request.emplace(x->client->request_body(), room);
  }
  BodyHold& body = *x->held_request;
  const rules::BodyWait wait = x->pause.wait;
  x->last_client_activity = loop->now();
  const SteadyTime deadline = DeadlineAfter(loop->now(), wait.time);
  for (;;) {
    const size_t before = body.size();
    body.Fill();
    if (body.size() > before) x->last_client_activity = loop->now();
    if (IsEnough(body, wait)) break;
    if (x->request.expects_continue) {
      AllowBody(x);
      x->last_client_activity = loop->now();
    }
    const SteadyTime silent_until =
        DeadlineAfter(x->last_client_activity, x->frontend->client_timeout);
    WakeReason why = co_await Wait(loop, {x->session->source(), kReadable | kHungUp | kSignalled},
                                   std::min(deadline, silent_until));
    if (x->session->is_killed()) {
      EndSilently(x, static_cast<char>(x->session->kill_reason()));
      co_return false;
    }
    if (x->session->has_left()) {
      EndSilently(x, 'C');
      co_return false;
    }
    x->session->AcknowledgeDrain();
    if (why == WakeReason::kTimeout) {
      if (x->pause.may_be_late && loop->now() >= deadline) break;
      RefuseBody(x, 408, 'c');
      co_return false;
    }
  }
  if (!IsBodyGood(x, body.state())) co_return false;
  x->log.request_ms = MillisBetween(x->first_byte_at, loop->now());
  co_return true;
}

event::Task<ResponseBodyWait> AwaitResponseBody(Exchange* x, ServerSide* server, Relay* relay) {
  if (x->response.framing == http::Framing::kNone ||
      x->response.framing == http::Framing::kTunnel) {
    co_return ResponseBodyWait::kEnough;
  }
  event::EventLoop* loop = x->worker->loop;
  if (!x->held_response.has_value()) {
    const size_t room = RoomBehind(*x, http::ResponseHeadBytes(x->response));
    x->response.reason = x->arena.Copy(x->response.reason);
    KeepFields(&x->response.headers, &x->arena);
    x->held_response.emplace(server->response_body(), room);
  }
  BodyHold& body = *x->held_response;
  const rules::BodyWait wanted = x->pause.wait;
  const SteadyTime deadline = DeadlineAfter(loop->now(), wanted.time);
  for (;;) {
    PumpRequest(x, server, relay);
    if (relay->up == PumpStatus::kSourceCut || relay->up == PumpStatus::kSourceInvalid) {
      co_return ResponseBodyWait::kBrokenUp;
    }
    const size_t before = body.size();
    body.Fill();
    if (body.size() > before) x->last_server_activity = loop->now();
    if (body.state() == BodyPiece::kInvalid) co_return ResponseBodyWait::kInvalid;
    if (IsEnough(body, wanted)) co_return ResponseBodyWait::kEnough;
    if (relay->IsShareUsed()) {
      co_await event::Yield(loop);
      continue;
    }
    const EitherWait wait = PlanWait(*x, server, *relay, 'H');
    WakeReason why =
        co_await Wait(loop, wait.client, wait.upstream, std::min(deadline, wait.deadline()));
    if (why == WakeReason::kTimeout && loop->now() >= deadline && !x->session->is_killed()) {
      co_return ResponseBodyWait::kLate;
    }
    if (!GoesOnAfter(x, wait, why, *relay, 'H')) co_return ResponseBodyWait::kEnded;
  }
}

}  // namespace lb::proxy
