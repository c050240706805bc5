#include "dataplane/proxy/h2_connection.h"

#include <algorithm>
#include <utility>

#include "dataplane/proxy/arrival.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/h2_client.h"
#include "dataplane/proxy/random.h"

namespace lb::proxy {
namespace {

// How long a client has to see the notice that its connection is about to close.
constexpr Millis kNoticeTime{1000};

}  // namespace

H2Connection::H2Connection(WorkerContext* worker, Session* session, net::Buffer* in,
                           rules::VariableSet* session_vars)
    : worker_(worker),
      session_(session),
      session_vars_(session_vars),
      max_streams_(worker->config->h2_frontend.max_concurrent_streams),
      h2_(http::H2Session::Role::kServer, worker->config->h2_frontend, worker->config->http_limits,
          NextRandom(&worker->random_state), this),
      transport_(session->client(), in, &worker->buffers, &h2_),
      gone_(worker->loop),
      request_begun_at_(session->accepted_at),
      idle_since_(worker->loop->now()),
      head_since_(worker->loop->now()) {}

// Streams that the client has reset count until their exchanges have ended: a client cannot have
// more work done at a time than it may ask for.
http::H2StreamUser* H2Connection::OnStreamBegins(http::H2Channel* channel) {
  if (working_ >= max_streams_ || session_->is_killed()) return nullptr;
  ++live_;
  ++working_;
  head_since_ = worker_->loop->now();
  auto stream = std::make_unique<H2ClientStream>(this, channel);
  H2ClientStream* begun = stream.get();
  worker_->sessions.Add(std::move(stream));
  return begun;
}

void H2Connection::NoteGone(H2ClientStream* stream) {
  std::erase(received_, stream);
  if (--live_ > 0) return;
  idle_since_ = worker_->loop->now();
  gone_.Raise(event::kSignalled);
  // Otherwise the connection's coroutine finds out when it looks at its deadline again.
  if (leaving_ != Leaving::kNot) session_->source()->Raise(event::kSignalled);
}

void H2Connection::StartStreams() {
  while (!received_.empty()) {
    const std::vector<H2ClientStream*> batch = std::exchange(received_, {});
    for (H2ClientStream* stream : batch) stream->Start();
  }
}

void H2Connection::GoAway() {
  const SteadyTime now = worker_->loop->now();
  if (leaving_ == Leaving::kNot) {
    leaving_ = Leaving::kNoticed;
    noticed_at_ = now;
    is_notice_received_ = false;
    h2_.NoticeShutdown();
    h2_.SendPing();
    transport_.ScheduleFlush();
  }
  if (leaving_ == Leaving::kNoticed && (is_notice_received_ || now - noticed_at_ >= kNoticeTime)) {
    leaving_ = Leaving::kClosed;
    h2_.Shutdown();
    transport_.ScheduleFlush();
  }
}

// When to look again. With streams at work it is these that time out, and the wait is one for an
// idle connection that would begin now: whenever that begins, it is not over before.
SteadyTime H2Connection::Deadline() const {
  const SteadyTime now = worker_->loop->now();
  const FrontendConfig& frontend = *session_->frontend;
  SteadyTime deadline = SteadyTime::max();
  if (h2_.is_in_head()) deadline = DeadlineAfter(head_since_, frontend.http_request_timeout);
  if (leaving_ == Leaving::kNoticed) deadline = std::min(deadline, noticed_at_ + kNoticeTime);
  const Millis idle =
      requests_ == 0 ? frontend.http_request_timeout : frontend.http_keep_alive_timeout;
  if (live_ == 0 && transport_.has_pending()) {
    return std::min(deadline, DeadlineAfter(transport_.last_activity(), frontend.client_timeout));
  }
  return std::min(deadline, DeadlineAfter(live_ == 0 ? idle_since_ : now, idle));
}

void H2Connection::CountGlitches() {
  const http::H2Guard& guard = h2_.guard();
  if (guard.glitches() == counted_glitches_) return;
  upstream::FrontendBlock& counters = session_->frontend->runtime->counters[worker_->index];
  counters.h2_glitches.Add(guard.glitches() - std::exchange(counted_glitches_, guard.glitches()));
  counters.h2_stream_errors.Add(guard.bad_streams() -
                                std::exchange(counted_bad_streams_, guard.bad_streams()));
}

// The connection ended for what the client did.
void H2Connection::NoteFailure() {
  upstream::FrontendBlock& counters = session_->frontend->runtime->counters[worker_->index];
  counters.h2_connection_errors.Add();
  if (h2_.failure() == http::H2Error::kEnhanceYourCalm) {
    // The operator should know who sends more of what nobody needs than any client has reason to.
    counters.request_errors.Add();
    LogFailedArrival(worker_, session_, "HTTP/2 connection closed with ENHANCE_YOUR_CALM");
    return;
  }
  std::unique_ptr<Exchange> x = worker_->exchanges->Take();
  x->session = session_;
  NoteBadRequest(worker_, x.get());
  worker_->exchanges->Give(std::move(x));
}

bool H2Connection::IsDone() const {
  return leaving_ == Leaving::kClosed && live_ == 0 && !transport_.has_pending();
}

event::Task<bool> H2Connection::Run(H2Connection* self) {
  event::EventLoop* loop = self->worker_->loop;
  Session& session = *self->session_;
  H2Transport& transport = self->transport_;
  session.frontend->runtime->counters[self->worker_->index].h2_connections.Add();
  transport.ScheduleFlush();
  bool may_have_unread = false;
  for (;;) {
    const H2Transport::Outcome outcome = transport.Receive();
    if (outcome == H2Transport::Outcome::kEnd || session.is_killed()) break;
    self->CountGlitches();
    self->StartStreams();
    if (transport.is_failed()) break;
    if (outcome == H2Transport::Outcome::kShareUsed) {
      co_await event::Yield(loop);
      continue;
    }
    if (session.is_draining()) self->GoAway();
    if (self->IsDone()) break;
    session.AcknowledgeDrain();
    const SteadyTime deadline = self->Deadline();
    event::WakeReason why = co_await event::Wait(loop, transport.interest(), deadline);
    if (transport.interest().source->is_ready(event::kWritable) && transport.has_pending()) {
      transport.Flush();
    }
    if (why == event::WakeReason::kTimeout && self->Deadline() <= loop->now()) {
      if (self->leaving_ == Leaving::kNoticed) continue;
      self->h2_.Terminate(http::H2Error::kNoError);
      may_have_unread = true;
      break;
    }
  }
  transport.Flush();
  self->CountGlitches();
  if (self->h2_.failure() != http::H2Error::kNoError) {
    may_have_unread = true;
    self->NoteFailure();
  }
  self->h2_.AbandonAll();
  for (H2ClientStream* stream : self->received_) stream->Discard();
  while (self->live_ > 0) {
    self->gone_.Clear(event::kSignalled);
    co_await event::Wait(loop, {&self->gone_, event::kSignalled}, SteadyTime::max());
  }
  co_return may_have_unread && !session.is_killed();
}

}  // namespace lb::proxy
