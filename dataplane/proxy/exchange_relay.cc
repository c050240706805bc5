#include "dataplane/proxy/exchange_relay.h"

namespace lb::proxy {
namespace {

using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::kWritable;
using event::WakeReason;

// Whether the client has gone and the configuration says not to go on without it.
bool IsAbandoned(const Exchange& x) {
  return x.session->has_left() ||
         (x.backend->abort_on_close && x.session->source()->is_ready(kHungUp));
}

}  // namespace

void PumpRequest(Exchange* x, ServerSide* server, Relay* relay) {
  if (relay->request_done) return;
  PumpResult result = Pump(x->request_body(), server->request_sink(), &relay->upward);
  relay->up = result.status;
  if (result.moved > 0) {
    x->last_client_activity = x->last_server_activity = x->worker->loop->now();
  }
  if (result.status == PumpStatus::kDone) {
    relay->request_done = true;
    x->last_server_activity = x->worker->loop->now();
  }
  // A server that takes no more of the request may have answered it already: the response decides.
  if (result.status == PumpStatus::kSinkClosed) relay->request_done = true;
}

EitherWait PlanWait(const Exchange& x, ServerSide* server, const Relay& relay, char stage) {
  EitherWait wait{{x.session->source(), kSignalled}, {server->source(), kReadable | kHungUp}};
  if (x.backend->abort_on_close && relay.request_done && stage == 'H') wait.client.mask |= kHungUp;
  wait.server_deadline = DeadlineAfter(x.last_server_activity, x.backend->server_timeout);
  const Millis client_timeout = x.frontend->client_timeout;
  if (!relay.request_done) {
    if (relay.up == PumpStatus::kSourceAgain) {
      wait.client.mask |= kReadable | kHungUp;
      wait.client_deadline = DeadlineAfter(x.last_client_activity, client_timeout);
      // Until the request is whole the server owes nothing.
      wait.server_deadline = SteadyTime::max();
    } else {
      wait.upstream.mask |= kWritable;
    }
  }
  if (relay.down == PumpStatus::kSinkAgain) {
    wait.upstream.mask &= static_cast<uint8_t>(~(kReadable | kHungUp));
    wait.client.mask |= kWritable;
    wait.client_deadline =
        std::min(wait.client_deadline, DeadlineAfter(x.last_client_activity, client_timeout));
    wait.server_deadline = SteadyTime::max();
  }
  return wait;
}

bool GoesOnAfter(Exchange* x, const EitherWait& wait, WakeReason why, const Relay& relay,
                 char stage) {
  if (x->session->is_killed()) {
    x->SetEnd(static_cast<char>(x->session->kill_reason()), stage);
    return false;
  }
  if (wait.client.source->is_ready(kSignalled)) x->session->AcknowledgeDrain();
  if (x->session->has_left()) {
    x->SetEnd('C', stage);
    return false;
  }
  if (stage == 'H' && relay.request_done && IsAbandoned(*x)) {
    x->SetEnd('C', 'H');
    return false;
  }
  if (why == WakeReason::kTimeout) {
    // A client that stalls does so in its request, whatever the server is at.
    const bool is_client = wait.client_deadline <= wait.server_deadline;
    x->SetEnd(is_client ? 'c' : 's', is_client ? 'D' : stage);
    return false;
  }
  return true;
}

}  // namespace lb::proxy
