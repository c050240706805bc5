#include "dataplane/proxy/message_tunnel.h"

#include <algorithm>

namespace lb::proxy {

// One direction. Has a name for the linker, since a coroutine's frame holds it.
struct MessageTunnelDirection {
  MessageSource* source;
  MessageSink* sink;
  SpliceState splice = {};  // never used: no pool
  PumpStatus status = PumpStatus::kSourceAgain;
  uint64_t moved = 0;

  bool is_done() const { return status == PumpStatus::kDone; }
  // Returns whether anything happened.
  bool Move() {
    if (is_done()) return false;
    const PumpResult result = Pump(source, sink, &splice);
    status = result.status;
    moved += result.moved;
    return result.moved > 0 || is_done();
  }
  bool is_source_failed() const {
    return status == PumpStatus::kSourceCut || status == PumpStatus::kSourceInvalid ||
           status == PumpStatus::kAborted;
  }
  bool is_sink_failed() const { return status == PumpStatus::kSinkClosed; }
};

namespace {

// What `reads` and `writes` wait for of the side that the one reads from and the other writes to.
uint8_t MaskOf(const MessageTunnelDirection& reads, const MessageTunnelDirection& writes) {
  uint8_t mask = 0;
  if (reads.status == PumpStatus::kSourceAgain) mask |= event::kReadable | event::kHungUp;
  if (writes.status == PumpStatus::kSinkAgain) mask |= event::kWritable;
  return mask;
}

}  // namespace

event::Task<void> RelayTunnel(Exchange* x, ServerSide* server, TunnelEnd client,
                              TunnelEnd upstream) {
  event::EventLoop* loop = x->worker->loop;
  x->client->BeginTunnel();
  server->BeginTunnel();
  MessageTunnelDirection up{x->client->request_body(), server->request_sink()};
  MessageTunnelDirection down{server->response_body(), x->client->response_sink()};
  SteadyTime active = loop->now();
  for (;;) {
    const bool up_moved = up.Move();
    const bool down_moved = down.Move();
    if (up_moved || down_moved) active = x->session->last_activity = loop->now();
    if (x->session->is_killed()) {
      x->SetEnd(static_cast<char>(x->session->kill_reason()), 'D');
      co_return;
    }
    if (up.is_source_failed() || down.is_sink_failed() || x->session->has_left()) {
      x->SetEnd('C', 'D');
      co_return;
    }
    if (down.is_source_failed() || up.is_sink_failed()) {
      x->SetEnd('S', 'D');
      co_return;
    }
    if (up.is_done() && down.is_done()) co_return;
    if (up.status == PumpStatus::kShareUsed || down.status == PumpStatus::kShareUsed) {
      co_await event::Yield(loop);
      continue;
    }
    const SteadyTime client_deadline =
        DeadlineAfter(active, down.is_done() ? client.fin_timeout : client.timeout);
    const SteadyTime server_deadline =
        DeadlineAfter(active, up.is_done() ? upstream.fin_timeout : upstream.timeout);
    const event::Interest from_client{x->session->source(),
                                      static_cast<uint8_t>(MaskOf(up, down) | event::kSignalled)};
    const event::Interest from_server{server->source(), MaskOf(down, up)};
    event::WakeReason why = co_await event::Wait(loop, from_client, from_server,
                                                 std::min(client_deadline, server_deadline));
    if (x->session->is_killed() || x->session->has_left()) continue;
    if (x->session->source()->is_ready(event::kSignalled)) x->session->AcknowledgeDrain();
    if (why == event::WakeReason::kTimeout) {
      x->SetEnd(client_deadline <= server_deadline ? 'c' : 's', 'D');
      co_return;
    }
  }
}

}  // namespace lb::proxy
