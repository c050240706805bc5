// Waiting for a message's body before rules go on ("wait-for-body", "option http-buffer-request").
// Private to the exchange. One worker's thread.
// Source: HAProxy configuration manual; the endings are those of HAProxy 2.6.
#ifndef LB_DATAPLANE_PROXY_EXCHANGE_BODY_H_
#define LB_DATAPLANE_PROXY_EXCHANGE_BODY_H_

#include "common/event/task.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/exchange_relay.h"

namespace lb::proxy {

// Each holds the body until what `exchange->pause.wait` wants of it is there.

// True: rules go on. False: the body did not come in time (408), is broken (400), or its client has
// left (no reply); the end is set.
event::Task<bool> AwaitRequestBody(Exchange* exchange);

enum class ResponseBodyWait : uint8_t {
  kEnough,    // or cut off: what came of it is passed on
  kLate,      // the time given is over
  kInvalid,   // the response is broken
  kBrokenUp,  // the request's body is: see `relay->up`
  kEnded,     // a timeout or an abort while waiting: cause and stage are set
};
event::Task<ResponseBodyWait> AwaitResponseBody(Exchange* exchange, ServerSide* server,
                                                Relay* relay);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_EXCHANGE_BODY_H_
