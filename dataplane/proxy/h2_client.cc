#include "dataplane/proxy/h2_client.h"

#include <algorithm>
#include <utility>

#include "dataplane/http/websocket.h"
#include "dataplane/proxy/bad_messages.h"
#include "dataplane/proxy/millis.h"

namespace lb::proxy {
namespace {

// What a head counts in logs and statistics: as much as it would be in HTTP/1.1, about.
size_t BytesOf(const http::HeaderList& headers) {
  size_t bytes = 0;
  for (const http::Header& field : headers) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

// Whether a server's 101 answers the key of the request. It was made here, and the client never
// sees either of them, so that nobody else would look (RFC 6455 section 4.1).
bool AnswersKey(const http::RequestHead& request, const http::ResponseHead& response) {
  const http::Header* key = request.headers.Find("sec-websocket-key");
  const http::Header* accept = response.headers.Find("sec-websocket-accept");
  return key != nullptr && accept != nullptr && accept->value == http::WebSocketAccept(key->value);
}

}  // namespace

H2ClientStream::H2ClientStream(H2Connection* connection, http::H2Channel* channel)
    : H2Stream(&connection->transport()),
      Session(&connection->worker()->sessions,
              connection->worker()->load->next_session_id.fetch_add(1, std::memory_order_relaxed),
              ready()),
      connection_(connection),
      exchange_(connection->worker()->exchanges->Take()),
      reaper_(this) {
  Attach(channel);
  const Session& parent = connection->session();
  frontend = parent.frontend;
  client_address = parent.client_address;
  local_address = parent.local_address;
  proxy_texts = parent.proxy_texts;
  bind = parent.bind;
  client_tls = parent.client_tls;
  expects_proxy_header = parent.expects_proxy_header;
  has_proxy_header = parent.has_proxy_header;
  listener_number = parent.listener_number;
  listener_name = parent.listener_name;
  accepted_at = last_activity = connection->worker()->loop->now();
  state = SessionState::kHead;
}

H2ClientStream::~H2ClientStream() {
  // The waits of the exchange go before what they wait for.
  root_.Cancel();
  if (exchange_ != nullptr) connection_->worker()->exchanges->Give(std::move(exchange_));
  LetGo();
  NoteDone();
  connection_->NoteGone(this);
}

void H2ClientStream::Reaper::Run() { stream_->connection_->worker()->sessions.Destroy(stream_); }

void H2ClientStream::OnHead(http::ParseError error) {
  head_error_ = error;
  const http::ParseError refusal = error;
  if (refusal != http::ParseError::kNone && http::StatusOf(refusal) != 431) return;
  has_head_ = true;
  connection_->NoteHead(this);
}

void H2ClientStream::OnMalformed(http::ParseError error, std::string_view field) {
  KeepBadMessage(connection_->worker(), *this, MessageKind::kRequest,
                 {ReasonOf(error, field), /*position=*/0, field, /*is_http2=*/true});
}

void H2ClientStream::OnClosed(http::H2Error error, bool is_unprocessed) {
  const bool is_answered = channel()->has_written_end;
  H2Stream::OnClosed(error, is_unprocessed);
  if (has_head_) {
    if (is_answered) {
      NoteDone();
    } else {
      Leave();
    }
    return;
  }
  // Otherwise it ended with its connection, which says why.
  if (error != http::H2Error::kCancel) NoteMalformed();
  connection_->worker()->loop->Queue(&reaper_);
}

event::Task<void> H2ClientStream::Answer() {
  // Reset in the same breath: nobody waits for an answer, and no server is to be bothered.
  const bool is_reset = is_closed() || (channel() != nullptr && channel()->was_reset);
  if (is_reset) return RefuseRequest(exchange_.get(), /*status=*/0, 'C', 'R');
  if (head_error_ == http::ParseError::kNone) return RunExchange(exchange_.get());
  return RefuseRequest(exchange_.get(), http::StatusOf(head_error_), 'P', 'R');
}

void H2ClientStream::Start() {
  NoteRequest();
  root_.Start(Answer(), [this] { connection_->worker()->loop->Queue(&reaper_); });
}

void H2ClientStream::NoteMalformed() {
  exchange_->session = this;
  NoteBadRequest(connection_->worker(), exchange_.get());
}

void H2ClientStream::Discard() { connection_->worker()->loop->Queue(&reaper_); }

// What is known once the head is there.
void H2ClientStream::NoteRequest() {
  Exchange* x = exchange_.get();
  const SteadyTime now = connection_->worker()->loop->now();
  x->worker = connection_->worker();
  x->session = this;
  x->client = this;
  x->config = x->worker->config;
  x->frontend = frontend;
  x->first_byte_at = accepted_at;
  x->last_client_activity = last_activity = now;
  PrepareTxn(x);
  x->txn.http_major = 2;
  x->txn.sess_vars = connection_->session_vars();
  x->txn.is_first_request = connection_->CountRequest() == 0;
  if (x->txn.is_first_request) x->log.handshake_ms = connection_->session().handshake_ms;
  x->ready_at = connection_->NoteRequestAt(accepted_at);
  x->log.idle_ms = std::max(MillisBetween(x->ready_at, accepted_at) - x->log.handshake_ms, 0);
  x->log.request_ms = MillisBetween(accepted_at, now);
  const http::RequestHead& head = x->request;
  x->bytes_from_client = head.method.size() + head.target.size() + BytesOf(head.headers);
  // With the scheme and the authority in front, as HAProxy logs it.
  const bool has_path = !head.target.empty() && head.target[0] == '/' && head.headers.size() > 0;
  const std::string_view scheme = client_tls != nullptr ? "https://" : "http://";
  x->txn.request_line = has_path ? x->arena.Concat({head.method, " ", scheme, head.headers[0].value,
                                                    head.target, " HTTP/2.0"})
                                 : x->arena.Concat({head.method, " ", head.target, " HTTP/2.0"});
  BeginSource(head.framing);
}

bool H2ClientStream::SendHead(const http::ResponseHead& head, const http::RequestContext& request,
                              bool) {
  if (is_closed() || channel() == nullptr) return true;
  if (head.has_violations) return false;  // what a lenient parser let pass cannot be said here
  const bool is_switch = head.status == 101;
  // The client would take any 2xx for an open tunnel.
  if (channel()->is_websocket && !is_switch && head.status >= 200 && head.status < 300) {
    return false;
  }
  if (channel()->is_websocket && is_switch && !AnswersKey(exchange_->request, head)) return false;
  const bool is_tunnel = head.framing == http::Framing::kTunnel;
  const bool ends = !is_tunnel && (request.is_head || head.status == 204 || head.status == 304 ||
                                   head.ends_message());
  transport().session().SendResponse(channel(), head, ends);
  transport().ScheduleFlush();
  CountSentHead(BytesOf(head.headers) + 15);
  return true;
}

bool H2ClientStream::SendInformational(const http::ResponseHead& head) {
  if (is_closed() || channel() == nullptr) return true;
  transport().session().SendInformational(channel(), head);
  transport().ScheduleFlush();
  return true;
}

}  // namespace lb::proxy
