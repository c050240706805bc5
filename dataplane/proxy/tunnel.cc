#include "dataplane/proxy/tunnel.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dataplane/proxy/message_tunnel.h"

namespace lb::proxy {
namespace {

using event::Interest;
using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::kWritable;
using event::Wait;
using event::WakeReason;
using event::Yield;
using net::IoResult;
using net::IoStatus;

}  // namespace

// One direction: from `from` to `to`. Has a name for the linker, since a coroutine's frame holds
// it.
struct TunnelDirection {
  net::Stream* from;
  net::Buffer* in;
  net::Stream* to;
  PipePool* pipes;
  std::optional<Pipe> pipe;
  uint64_t moved = 0;
  uint32_t full_reads = 0;    // in a row
  bool source_ended = false;  // FIN was read
  bool is_closed = false;     // FIN was passed on
  bool from_failed = false;
  bool to_failed = false;
  bool waits_for_sink = false;
  bool is_share_used = false;  // there may be more to move, after others had their turn

  ~TunnelDirection() {
    if (pipe.has_value()) pipes->Give(std::move(*pipe));
  }
  bool is_failed() const { return from_failed || to_failed; }
};

namespace {

// How many buffers a read must fill in a row before splicing pays.
constexpr uint32_t kFullReadsToSplice = 2;
// What one call moves at most, so that others get their turn.
constexpr uint64_t kFairShare = 4 << 20;

enum class Step : uint8_t { kMoved, kWait, kEnd };

Step WriteOut(TunnelDirection* d) {
  while (!d->in->is_empty()) {
    IoResult out = d->to->Write(d->in->read_position(), d->in->size());
    if (out.status == IoStatus::kAgain) {
      d->waits_for_sink = true;
      return Step::kWait;
    }
    if (!out.ok()) {
      d->to_failed = true;
      return Step::kEnd;
    }
    d->in->Consume(out.bytes);
    d->moved += out.bytes;
  }
  return Step::kMoved;
}

Step SpliceOut(TunnelDirection* d) {
  while (d->pipe->held > 0) {
    IoResult out = d->to->SpliceOut(d->pipe->read_end.get(), d->pipe->held, /*more=*/false);
    if (out.status == IoStatus::kAgain) {
      d->waits_for_sink = true;
      return Step::kWait;
    }
    if (!out.ok()) {
      d->to_failed = true;
      return Step::kEnd;
    }
    d->pipe->held -= out.bytes;
    d->moved += out.bytes;
  }
  return Step::kMoved;
}

Step NoteReadEnd(TunnelDirection* d, const IoResult& got) {
  if (got.status == IoStatus::kAgain) return Step::kWait;
  if (got.status == IoStatus::kEof) {
    d->source_ended = true;
  } else {
    d->from_failed = true;
  }
  return Step::kEnd;
}

Step CopyOnce(TunnelDirection* d) {
  if (!d->from->is_ready(kReadable)) return Step::kWait;  // without taking a buffer for nothing
  d->in->Reserve();
  if (d->in->is_empty()) d->in->Clear();  // what was consumed in place counts as taken otherwise
  const size_t room = d->in->free_bytes();
  IoResult got = d->from->Read(d->in->free_space(), room);
  if (!got.ok()) {
    if (d->in->is_empty()) d->in->Release();
    return NoteReadEnd(d, got);
  }
  d->full_reads = got.bytes == room ? d->full_reads + 1 : 0;
  d->in->Commit(got.bytes);
  return WriteOut(d);
}

Step SpliceOnce(TunnelDirection* d) {
  IoResult got = d->from->SpliceIn(d->pipe->write_end.get(), d->pipe->capacity);
  if (!got.ok()) return NoteReadEnd(d, got);
  d->pipe->held += got.bytes;
  // A trickle is cheaper to copy.
  if (got.bytes < d->in->capacity() / 4) d->full_reads = 0;
  return SpliceOut(d);
}

// Moves as much as goes, and passes the end on when everything before it has gone.
// Returns whether anything happened.
bool Move(TunnelDirection* d) {
  d->is_share_used = false;
  if (d->is_closed || d->is_failed()) return false;
  const uint64_t before = d->moved;
  d->waits_for_sink = false;
  Step step = WriteOut(d);
  if (step == Step::kMoved && d->pipe.has_value()) step = SpliceOut(d);
  while (step == Step::kMoved && !d->source_ended && d->moved - before < kFairShare) {
    const bool may_splice =
        d->full_reads >= kFullReadsToSplice && !d->from->is_tls() && !d->to->is_tls();
    if (may_splice && !d->pipe.has_value()) d->pipe = d->pipes->Take();
    const bool splices = may_splice && d->pipe.has_value();
    step = splices ? SpliceOnce(d) : CopyOnce(d);
  }
  d->is_share_used = step == Step::kMoved && !d->source_ended;
  const bool is_drained = d->in->is_empty() && (!d->pipe.has_value() || d->pipe->held == 0);
  if (is_drained && step != Step::kMoved) d->in->Release();
  if (d->source_ended && is_drained && !d->to_failed) {
    d->to->ShutdownWrite();
    d->is_closed = true;
    return true;
  }
  return d->moved != before;
}

Interest InterestOf(net::Stream* stream, const TunnelDirection& reads,
                    const TunnelDirection& writes) {
  Interest interest{stream, 0};
  if (!reads.source_ended && !reads.waits_for_sink) interest.mask |= kReadable | kHungUp;
  if (writes.waits_for_sink) interest.mask |= kWritable;
  return interest;
}

}  // namespace

event::Task<TunnelEndResult> Tunnel(WorkerContext* worker, Session* session, TunnelEnd client,
                                    TunnelEnd server) {
  event::EventLoop* loop = worker->loop;
  TunnelDirection up{client.stream, client.in, server.stream, &worker->pipes};
  TunnelDirection down{server.stream, server.in, client.stream, &worker->pipes};
  SteadyTime client_active = loop->now();
  SteadyTime server_active = loop->now();
  TunnelEndResult result;
  for (;;) {
    const bool up_moved = Move(&up);
    const bool down_moved = Move(&down);
    session->bytes_in += up_moved ? up.moved - std::exchange(result.client_bytes, up.moved) : 0;
    session->bytes_out +=
        down_moved ? down.moved - std::exchange(result.server_bytes, down.moved) : 0;
    if (up_moved || down_moved) {
      client_active = server_active = loop->now();
      session->last_activity = loop->now();
    }
    if (session->is_killed()) {
      result.cause = static_cast<char>(session->kill_reason());
      break;
    }
    if (up.is_failed() || down.is_failed()) {
      result.cause = up.from_failed || down.to_failed ? 'C' : 'S';
      break;
    }
    if (up.is_closed && down.is_closed) break;
    if (up.is_share_used || down.is_share_used) {
      co_await Yield(loop);
      continue;
    }
    const SteadyTime client_deadline =
        DeadlineAfter(client_active, down.is_closed ? client.fin_timeout : client.timeout);
    const SteadyTime server_deadline =
        DeadlineAfter(server_active, up.is_closed ? server.fin_timeout : server.timeout);
    Interest client_interest = InterestOf(client.stream, up, down);
    client_interest.mask |= kSignalled;
    const Interest server_interest = InterestOf(server.stream, down, up);
    WakeReason why = co_await Wait(loop, client_interest, server_interest,
                                   std::min(client_deadline, server_deadline));
    if (session->is_killed()) continue;
    if (client.stream->is_ready(kSignalled)) session->AcknowledgeDrain();
    if (why == WakeReason::kTimeout) {
      result.cause = client_deadline <= server_deadline ? 'c' : 's';
      break;
    }
  }
  co_return result;
}

void SetTunnelTimeouts(const FrontendConfig& frontend, const BackendConfig& backend,
                       TunnelEnd* client, TunnelEnd* server) {
  client->timeout = frontend.client_timeout;
  server->timeout = backend.server_timeout;
  const Millis tunnel =
      backend.tunnel_timeout != kForever ? backend.tunnel_timeout : frontend.tunnel_timeout;
  if (tunnel != kForever) client->timeout = server->timeout = tunnel;
  client->fin_timeout =
      frontend.client_fin_timeout != kForever ? frontend.client_fin_timeout : client->timeout;
  server->fin_timeout =
      backend.server_fin_timeout != kForever ? backend.server_fin_timeout : server->timeout;
}

event::Task<void> RunTunnel(Exchange* x, ServerSide* server) {
  MessageSink::Status flushed = x->client->response_sink()->Flush();
  while (flushed == MessageSink::Status::kAgain) {
    WakeReason why =
        co_await Wait(x->worker->loop, x->client->response_sink()->interest(),
                      DeadlineAfter(x->last_client_activity, x->frontend->client_timeout));
    if (x->session->is_killed()) co_return;
    if (why == WakeReason::kTimeout) {
      x->SetEnd('c', 'D');
      co_return;
    }
    flushed = x->client->response_sink()->Flush();
  }
  x->session->state = SessionState::kTunnel;
  const RawEnd raw_client = x->client->raw();
  const RawEnd raw_server = server->raw();
  TunnelEnd client{raw_client.stream, raw_client.in};
  TunnelEnd upstream{raw_server.stream, raw_server.in};
  SetTunnelTimeouts(*x->frontend, *x->backend, &client, &upstream);
  if (raw_client.stream == nullptr || raw_server.stream == nullptr) {
    x->keeps_client = false;
    co_await RelayTunnel(x, server, client, upstream);
    co_return;
  }
  TunnelEndResult ended = co_await Tunnel(x->worker, x->session, client, upstream);
  x->bytes_from_client += ended.client_bytes;
  x->bytes_to_client += ended.server_bytes;
  if (ended.cause != '-') x->SetEnd(ended.cause, 'D');
  x->keeps_client = false;
}

}  // namespace lb::proxy
