#include "dataplane/proxy/h2_server.h"

#include <utility>

#include "dataplane/http/websocket.h"

namespace lb::proxy {

H2Server::H2Server(std::shared_ptr<H2Upstream> upstream, http::Arena* arena,
                   http::ResponseHead* head)
    : H2Stream(&upstream->transport()), upstream_(std::move(upstream)), arena_(arena), head_(head) {
  upstream_->NoteBegun();
}

H2Server::~H2Server() {
  if (waiting_ != nullptr) upstream_->Forget(this);
  LetGo();
  upstream_->NoteGone();
}

bool H2Server::SendHead(const http::RequestHead& head, http::ConnectionField) {
  const bool is_websocket = http::IsWebSocketUpgrade(head);
  if (is_websocket) {
    if (const http::Header* key = head.headers.Find("sec-websocket-key")) {
      websocket_key_ = arena_->Copy(key->value);
    }
  }
  if (is_websocket && !upstream_->has_settings()) {
    // Only these tell whether the server knows extended CONNECT (RFC 8441 section 3).
    waiting_ = &head;
    upstream_->WaitForSettings(this);
    HoldSinkOpen();
    return true;
  }
  Open(head);
  return true;
}

void H2Server::Open(const http::RequestHead& head) {
  http::H2Session& session = transport().session();
  const bool is_websocket = http::IsWebSocketUpgrade(head);
  if (is_websocket && !session.allows_extended_connect()) {
    is_broken_ = true;
    ready()->Raise(event::kReadable);
    return;
  }
  const bool may_be_tunnel = is_websocket || head.method == "CONNECT";
  const bool ends = !may_be_tunnel && head.ends_message();
  if (may_be_tunnel) HoldSinkOpen();
  http::H2Channel* channel = session.SendRequest(head, upstream_->scheme(), ends, this);
  if (channel == nullptr) {
    is_unopened_ = true;
    ready()->Raise(event::kReadable);
    return;
  }
  Attach(channel);
  transport().ScheduleFlush();
}

void H2Server::OnSettings() {
  if (const http::RequestHead* head = std::exchange(waiting_, nullptr)) Open(*head);
}

void H2Server::OnHead(http::ParseError error) {
  constexpr size_t kMaxUntaken = 8;
  has_received_ = true;
  if (error != http::ParseError::kNone) {
    is_broken_ = true;
  } else if (!is_later_) {
    has_head_ = true;
  } else {
    // A server that sends more informational heads than anyone takes: the oldest are left out.
    if (later_.size() >= kMaxUntaken) later_.erase(later_.begin());
    later_.push_back(std::exchange(incoming_, http::ResponseHead()));
  }
  ready()->Raise(event::kReadable);
}

void H2Server::OnMalformed(http::ParseError error, std::string_view field) {
  fault_reason_ = ReasonOf(error, field);
  fault_field_ = field;
}

MessageFault H2Server::fault() const {
  return {fault_reason_, /*position=*/0, fault_field_, /*is_http2=*/true};
}

ServerSide::HeadStatus H2Server::ReceiveHead(const http::Limits&, const http::RequestContext&,
                                             http::ResponseHead* head) {
  if (!has_head_ && !later_.empty()) {
    std::swap(*head, later_.front());
    later_.erase(later_.begin());
    has_head_ = true;
  }
  if (std::exchange(has_head_, false)) {
    if (head->status == 101 && !websocket_key_.empty()) {
      head->headers.Add("sec-websocket-accept",
                        arena_->Copy(http::WebSocketAccept(websocket_key_)));
    }
    if (!head->is_informational()) {
      BeginSource(head->framing);
      upstream_->NoteResponse();
    }
    return HeadStatus::kDone;
  }
  if (is_broken_) return HeadStatus::kInvalid;
  if (is_unopened_) return HeadStatus::kRefused;
  if (is_closed()) return is_unprocessed() ? HeadStatus::kRefused : HeadStatus::kClosed;
  if (upstream_->is_ended()) return HeadStatus::kClosed;
  ready()->Clear(event::kReadable);
  return HeadStatus::kAgain;
}

}  // namespace lb::proxy
