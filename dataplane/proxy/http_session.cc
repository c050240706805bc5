// HttpSession: one client connection in HTTP mode: receives one request after another and runs an
// exchange for each. An idle session holds neither a buffer nor an exchange.
#include <algorithm>
#include <memory>
#include <utility>

#include "common/event/task.h"
#include "common/event/waiter.h"
#include "common/tls/facts.h"
#include "dataplane/proxy/accepted.h"
#include "dataplane/proxy/access_log.h"
#include "dataplane/proxy/arrival.h"
#include "dataplane/proxy/bad_messages.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/exchange_request.h"
#include "dataplane/proxy/h2_connection.h"
#include "dataplane/proxy/http_sides.h"
#include "dataplane/proxy/millis.h"

namespace lb::proxy {
namespace {

using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::Wait;
using event::WakeReason;
using net::IoResult;
using net::IoStatus;

class HttpSession final : public Session {
 public:
  explicit HttpSession(Accepted accepted)
      : Session(&accepted.worker->sessions,
                accepted.worker->load->next_session_id.fetch_add(1, std::memory_order_relaxed),
                &stream_),
        worker_(accepted.worker),
        count_(accepted),
        stream_(accepted.worker->loop, std::move(accepted.fd), /*is_connected=*/true),
        in_(&accepted.worker->buffers),
        reaper_(this) {
    InitSession(this, accepted);
  }

  ~HttpSession() override {
    if (frontend->no_linger) EndWithoutWait(&stream_);
  }

  void Start() {
    root_.Start(Run(this), [this] { worker_->loop->Queue(&reaper_); });
  }

 private:
  // Destroys the session once its coroutine has returned.
  class Reaper final : public event::Runnable {
   public:
    explicit Reaper(HttpSession* session) : session_(session) {}
    void Run() override { session_->worker_->sessions.Destroy(session_); }

   private:
    HttpSession* const session_;
  };

  enum class HeadStep : uint8_t { kReceived, kMore, kInvalid, kEnd, kHttp2 };

  static event::Task<void> Run(HttpSession* self);
  static event::Task<HeadStep> ReceiveRest(HttpSession* self, Exchange* x, HeadStep step);
  static event::Task<void> RefuseAfterWait(HttpSession* self, Exchange* x, WakeReason why);
  static event::Task<void> Linger(HttpSession* self);
  static event::Task<void> ServeHttp2(HttpSession* self);

  bool PassesRules(ConnectionRules which);
  void BeginExchange(Exchange* x);
  HeadStep AdvanceHead(Exchange* x);
  void KeepBad(const http::Fault& fault, std::string_view bytes);
  bool SpeaksHttp2() const;
  bool MayBePreface() const;
  void NoteHead(Exchange* x);
  SteadyTime IdleDeadline() const;
  void BecomeIdle();
  // Whether it ends rather than take another request.
  bool MustEnd() const { return is_killed() || is_draining(); }

  WorkerContext* const worker_;
  ConnectionCount count_;
  net::Stream stream_;
  net::Buffer in_;
  rules::VariableSet session_vars_;
  SteadyTime ready_at_{};     // accepted, or ready for another request
  SteadyTime waits_since_{};  // as ready_at_, but after what comes before the first byte
  SteadyTime first_byte_at_{};
  uint64_t requests_ = 0;
  uint32_t refusal_ = 0;  // with HeadStep::kInvalid: the status to answer
  event::Root root_;
  Reaper reaper_;
};

SteadyTime HttpSession::IdleDeadline() const {
  const Millis wait =
      requests_ == 0 ? frontend->http_request_timeout : frontend->http_keep_alive_timeout;
  return DeadlineAfter(waits_since_, wait);
}

// Begins to wait for a request. What the socket holds counts, not what the last read left of it:
// that may have ended where its request did.
void HttpSession::BecomeIdle() {
  in_.Release();
  state = SessionState::kIdle;
  if (stream_.is_ready(kReadable) && !stream_.is_ready(kHungUp)) {
    stream_.Clear(kReadable);
    if (!stream_.IsQuiet()) stream_.Raise(kReadable);
  }
}

void HttpSession::BeginExchange(Exchange* x) {
  x->worker = worker_;
  x->session = this;
  x->client = &x->h1_client.emplace(&stream_, &in_, &worker_->buffers);
  x->config = worker_->config;
  x->frontend = frontend;
  x->h1_client->parser().set_lenient(frontend->accept_violations);
  if (frontend->adjust_case) x->h1_client->set_case_map(&x->config->case_map);
  x->ready_at = ready_at_;
  x->first_byte_at = first_byte_at_;
  PrepareTxn(x);
  x->txn.sess_vars = &session_vars_;
  x->txn.is_first_request = requests_ == 0;
}

// The rules for connections, which see no request.
bool HttpSession::PassesRules(ConnectionRules which) {
  if (RulesOf(*frontend, which).empty()) return true;
  std::unique_ptr<Exchange> x = worker_->exchanges->Take();
  BeginExchange(x.get());
  x->txn.request = nullptr;
  const bool passes = PassesConnectionRules(x.get(), which);
  worker_->exchanges->Give(std::move(x));
  return passes;
}

// The answer to a request that did not come in time, or whose client is gone.
event::Task<void> HttpSession::RefuseAfterWait(HttpSession* self, Exchange* x, WakeReason why) {
  x->h1_client->StartWithoutRequest(x->config->http_limits);
  if (self->is_killed()) {
    co_await RefuseRequest(x, 0, static_cast<char>(self->kill_reason()), 'R');
  } else if (why == WakeReason::kTimeout) {
    co_await RefuseRequest(x, 408, 'c', 'R');
  } else {
    // Nobody is left to answer when nothing was asked; the log says 400 all the same.
    x->log.status = 400;
    co_await RefuseRequest(x, x->bytes_from_client > 0 ? 400 : 0, 'C', 'R');
  }
}

void HttpSession::KeepBad(const http::Fault& fault, std::string_view bytes) {
  KeepBadMessage(worker_, *this, MessageKind::kRequest,
                 {http::Describe(fault.error), fault.position, bytes});
}

// Reads and parses as much of a request's head as there is.
HttpSession::HeadStep HttpSession::AdvanceHead(Exchange* x) {
  H1Client& client = *x->h1_client;
  const http::Limits& limits = x->config->http_limits;
  for (;;) {
    if (requests_ == 0 && MayBePreface()) {
      if (in_.size() >= http::kH2Preface.size()) return HeadStep::kHttp2;
    } else if (!in_.is_empty()) {
      http::ParseResult parsed = client.parser().ParseRequest(in_.readable(), limits, &x->request);
      if (parsed.outcome == http::ParseResult::kError) {
        x->bytes_from_client = in_.size();
        refusal_ = http::StatusOf(parsed.error);
        KeepBad({parsed.error, parsed.position}, in_.readable());
        return HeadStep::kInvalid;
      }
      if (parsed.outcome == http::ParseResult::kDone) {
        in_.ConsumeInPlace(parsed.consumed);
        x->bytes_from_client = parsed.consumed;
        client.Start(x->request, limits);
        const http::Fault fault = client.source().FindFault();
        if (fault.error == http::ParseError::kNone) return HeadStep::kReceived;
        // With the head, whose bytes are still in front of those of the body.
        KeepBad({fault.error, parsed.consumed + fault.position},
                {in_.read_position() - parsed.consumed, parsed.consumed + in_.size()});
        x->bytes_from_client += in_.size();
        refusal_ = 400;
        return HeadStep::kInvalid;
      }
    }
    in_.Reserve();
    if (in_.free_bytes() == 0) in_.Compact();
    IoResult got = stream_.Read(in_.free_space(), in_.free_bytes());
    if (!got.ok()) return got.status == IoStatus::kAgain ? HeadStep::kMore : HeadStep::kEnd;
    in_.Commit(got.bytes);
  }
}

// Goes on until a head was received; what else it ends with has been answered as it deserves.
event::Task<HttpSession::HeadStep> HttpSession::ReceiveRest(HttpSession* self, Exchange* x,
                                                            HeadStep step) {
  const bool is_first = self->requests_ == 0;
  event::EventLoop* loop = self->worker_->loop;
  const SteadyTime deadline = DeadlineAfter(is_first ? self->waits_since_ : loop->now(),
                                            self->frontend->http_request_timeout);
  WakeReason why = WakeReason::kReady;
  while (step == HeadStep::kMore && why == WakeReason::kReady && !self->is_killed()) {
    why = co_await Wait(loop, {&self->stream_, kReadable | kHungUp | kSignalled}, deadline);
    if (self->is_draining() && !self->is_killed()) self->AcknowledgeDrain();
    if (why == WakeReason::kReady && !self->is_killed()) step = self->AdvanceHead(x);
  }
  if (step == HeadStep::kReceived || step == HeadStep::kHttp2) co_return step;
  if (step == HeadStep::kInvalid) {
    x->h1_client->StartWithoutRequest(x->config->http_limits);
    co_await RefuseRequest(x, self->refusal_, 'P', 'R');
    co_return HeadStep::kEnd;
  }
  x->bytes_from_client = self->in_.size();
  // A connection that was kept open and brings nothing more simply ends.
  if (is_first || x->h1_client->parser().in_message()) co_await RefuseAfterWait(self, x, why);
  co_return HeadStep::kEnd;
}

// What is known once the head is there.
void HttpSession::NoteHead(Exchange* x) {
  const SteadyTime now = worker_->loop->now();
  if (requests_ == 0) x->log.handshake_ms = handshake_ms;
  x->log.idle_ms = MillisBetween(waits_since_, first_byte_at_);
  x->log.request_ms = MillisBetween(first_byte_at_, now);
  // A copy, since the buffer may be used again before the line is written; cheap next to a request.
  const http::RequestHead& head = x->request;
  x->txn.request_line = x->arena.Concat(
      {head.method, " ", head.target, head.version_minor == 0 ? " HTTP/1.0" : " HTTP/1.1"});
  last_activity = now;
}

// Closes without resetting the connection under a reply that the client has not read yet: what it
// still sends is read and dropped, for a while (RFC 9112 section 9.6).
event::Task<void> HttpSession::Linger(HttpSession* self) {
  constexpr size_t kMaxDropped = 1 << 20;
  self->stream_.ShutdownWrite();
  const SteadyTime deadline = self->worker_->loop->now() + Millis(1000);
  size_t dropped = 0;
  self->in_.Reserve();
  while (dropped < kMaxDropped && !self->is_killed()) {
    self->in_.Clear();
    IoResult got = self->stream_.Read(self->in_.free_space(), self->in_.free_bytes());
    if (got.is_end()) break;
    dropped += got.bytes;
    if (got.ok()) continue;
    WakeReason why =
        co_await Wait(self->worker_->loop, {&self->stream_, kReadable | kHungUp}, deadline);
    if (why == WakeReason::kTimeout) break;
  }
}

// By what the bind line says and TLS has negotiated.
bool HttpSession::SpeaksHttp2() const {
  if (bind->protocol != http::ConnectionProtocol::kAny) {
    return bind->protocol == http::ConnectionProtocol::kHttp2;
  }
  return client_tls != nullptr && tls::AlpnOf(client_tls) == "h2";
}

// Whether what has come is the preface of HTTP/2 or its beginning (RFC 9113 section 3.3).
bool HttpSession::MayBePreface() const {
  const std::string_view bytes = in_.readable().substr(0, http::kH2Preface.size());
  return !bytes.empty() && bytes == http::kH2Preface.substr(0, bytes.size()) &&
         bind->protocol == http::ConnectionProtocol::kAny && client_tls == nullptr;
}

event::Task<void> HttpSession::ServeHttp2(HttpSession* self) {
  H2Connection connection(self->worker_, self, &self->in_, &self->session_vars_);
  const bool lingers = co_await H2Connection::Run(&connection);
  if (lingers) co_await Linger(self);
}

event::Task<void> HttpSession::Run(HttpSession* self) {
  event::EventLoop* loop = self->worker_->loop;
  self->ready_at_ = self->accepted_at;
  bool goes_on = self->PassesRules(ConnectionRules::kConnection);
  if (goes_on && NeedsArrival(*self)) {
    goes_on = co_await Arrive(self->worker_, self, &self->count_);
  }
  self->waits_since_ = loop->now();
  goes_on = goes_on && self->PassesRules(ConnectionRules::kSession);
  if (goes_on) self->count_.NoteSession();
  if (goes_on && self->SpeaksHttp2()) {
    co_await ServeHttp2(self);
    co_return;
  }
  while (goes_on) {
    if (self->in_.is_empty()) {
      self->BecomeIdle();
      WakeReason why = WakeReason::kReady;
      while (why == WakeReason::kReady && !self->MustEnd() &&
             !self->stream_.is_ready(kReadable | kHungUp)) {
        why = co_await Wait(loop, {&self->stream_, kReadable | kHungUp | kSignalled},
                            self->IdleDeadline());
      }
      // A first request that does not come is answered (408), a further one is not missed.
      if (self->MustEnd() || (why == WakeReason::kTimeout && self->requests_ > 0)) co_return;
    } else {
      self->in_.Compact();  // a pipelined request
    }
    self->first_byte_at_ = loop->now();
    std::unique_ptr<Exchange> x = self->worker_->exchanges->Take();
    self->BeginExchange(x.get());
    self->state = SessionState::kHead;
    HeadStep step = self->AdvanceHead(x.get());
    if (step != HeadStep::kReceived && step != HeadStep::kHttp2) {
      step = co_await ReceiveRest(self, x.get(), step);
    }
    if (step == HeadStep::kHttp2) {
      self->worker_->exchanges->Give(std::move(x));
      self->state = SessionState::kIdle;
      co_await ServeHttp2(self);
      co_return;
    }
    const bool has_request = step == HeadStep::kReceived;
    goes_on = false;
    bool lingers = !has_request && x->has_reply;
    if (has_request) {
      self->NoteHead(x.get());
      co_await RunExchange(x.get());
      ++self->requests_;
      goes_on = x->keeps_client && x->h1_client->stays_open() && !self->is_killed();
      // Closing with bytes unread resets the connection, and the client may lose the response.
      const bool has_unread = !x->h1_client->is_request_done() || !self->in_.is_empty();
      lingers = !goes_on && !x->is_silent_close && (x->has_reply || has_unread);
    }
    self->worker_->exchanges->Give(std::move(x));
    self->backend = nullptr;
    self->ready_at_ = self->waits_since_ = loop->now();
    if (lingers) co_await Linger(self);
  }
}

}  // namespace

void InitSession(Session* session, const Accepted& accepted) {
  const BindConfig& bind = accepted.frontend->binds[accepted.bind];
  session->frontend = accepted.frontend;
  session->client_address = accepted.peer;
  session->local_address = accepted.local;
  session->bind = &bind;
  session->expects_proxy_header = bind.accepts_proxy;
  session->listener_number = bind.number;
  session->listener_name = bind.name;
  session->accepted_at = session->last_activity = accepted.worker->loop->now();
}

void StartHttpSession(Accepted accepted) {
  WorkerContext* worker = accepted.worker;
  auto session = std::make_unique<HttpSession>(std::move(accepted));
  HttpSession* started = session.get();
  worker->sessions.Add(std::move(session));
  started->Start();
}

}  // namespace lb::proxy
