// Relay: both directions of one exchange with one server: how far each has come, and what to wait
// for when neither can go on. Private to the exchange. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_EXCHANGE_RELAY_H_
#define LB_DATAPLANE_PROXY_EXCHANGE_RELAY_H_

#include <algorithm>

#include "common/event/waiter.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/http_sides.h"

namespace lb::proxy {

struct Relay {
  explicit Relay(PipePool* pipes) {
    upward.pool = pipes;
    downward.pool = pipes;
  }
  SpliceState upward;    // client to server
  SpliceState downward;  // server to client
  PumpStatus up = PumpStatus::kSourceAgain;
  PumpStatus down = PumpStatus::kSourceAgain;
  bool request_done = false;
  // A share was moved and more is there: others come first, then this goes on without waiting.
  bool IsShareUsed() const {
    return (!request_done && up == PumpStatus::kShareUsed) || down == PumpStatus::kShareUsed;
  }
};

// Moves request bytes to the server as far as they go.
void PumpRequest(Exchange* exchange, ServerSide* server, Relay* relay);

// A wait until either side can go on.
struct EitherWait {
  event::Interest client;
  event::Interest upstream;
  SteadyTime client_deadline = SteadyTime::max();
  SteadyTime server_deadline = SteadyTime::max();
  SteadyTime deadline() const { return std::min(client_deadline, server_deadline); }
};

// `stage`: 'H' while the server owes the head, 'D' behind it.
EitherWait PlanWait(const Exchange& exchange, ServerSide* server, const Relay& relay, char stage);

// Whether the exchange goes on after the wait. False: a timeout or an abort, and cause and stage
// are set.
bool GoesOnAfter(Exchange* exchange, const EitherWait& wait, event::WakeReason why,
                 const Relay& relay, char stage);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_EXCHANGE_RELAY_H_
