#include "dataplane/proxy/http_sides.h"

namespace lb::proxy {

using net::IoResult;
using net::IoStatus;

void H1Client::Start(const http::RequestHead& head, const http::Limits& limits) {
  version_minor_ = head.version_minor;
  keep_alive_ = head.keep_alive;
  stays_open_ = false;
  body_.Start(head.framing, head.content_length, limits);
}

void H1Client::StartWithoutRequest(const http::Limits& limits) {
  version_minor_ = 1;
  keep_alive_ = false;
  stays_open_ = false;
  body_.Start(http::Framing::kNone, 0, limits);
}

bool H1Client::SendHead(const http::ResponseHead& head, const http::RequestContext& request,
                        bool may_stay_open) {
  const http::ClientSide client{version_minor_, keep_alive_, may_stay_open};
  http::FramingPlan plan = http::PlanResponse(head, request, client);
  plan.case_map = case_map_;
  stays_open_ = http::StaysOpen(plan);
  return sink_.StartResponse(head, plan);
}

bool H1Client::SendInformational(const http::ResponseHead& head) {
  return sink_.StartResponse(head, {.case_map = case_map_});
}

bool H1Client::DropBufferedBody() {
  while (!body_.done()) {
    // What is not in the buffer yet is not waited for.
    if (in_->is_empty()) return false;
    BodyPiece piece = body_.Next();
    if (piece.status == BodyPiece::kDone) return true;
    if (piece.status != BodyPiece::kData) return false;
    body_.Consume(piece.data.size());
  }
  return true;
}

bool H1Server::SendHead(const http::RequestHead& head, http::ConnectionField connection) {
  ++connection_->exchanges;
  http::FramingPlan plan = http::PlanRequest(head, connection);
  plan.case_map = case_map_;
  return sink_.StartRequest(head, plan);
}

void H1Client::BeginTunnel() {
  body_.Start(http::Framing::kTunnel, 0, http::Limits());
  sink_.BeginTunnel();
}

void H1Server::BeginTunnel() {
  body_.Start(http::Framing::kTunnel, 0, http::Limits());
  sink_.BeginTunnel();
}

ServerSide::HeadStatus H1Server::ReceiveHead(const http::Limits& limits,
                                             const http::RequestContext& request,
                                             http::ResponseHead* head) {
  net::Buffer& in = connection_->in;
  for (;;) {
    if (!in.is_empty()) {
      http::ParseResult parsed = parser_.ParseResponse(in.readable(), limits, request, head);
      if (parsed.outcome == http::ParseResult::kError) {
        fault_ = {parsed.error, parsed.position};
        return HeadStatus::kInvalid;
      }
      if (parsed.outcome == http::ParseResult::kDone) {
        // In place: the head's texts must last until it has been written to the client.
        in.ConsumeInPlace(parsed.consumed);
        keep_alive_ = head->keep_alive;
        if (!head->is_informational()) {
          body_.Start(head->framing, head->content_length, limits);
        }
        return HeadStatus::kDone;
      }
    }
    in.Reserve();
    if (in.free_bytes() == 0 && in.consumed_bytes() > 0) in.Compact();
    if (in.free_bytes() == 0) {
      fault_ = {http::ParseError::kHeadTooLarge, in.size()};
      return HeadStatus::kInvalid;
    }
    IoResult got = connection_->stream.Read(in.free_space(), in.free_bytes());
    if (got.status == IoStatus::kAgain) return HeadStatus::kAgain;
    if (got.status == IoStatus::kAborted) return HeadStatus::kAborted;
    if (!got.ok()) return HeadStatus::kClosed;
    has_received_ = true;
    in.Commit(got.bytes);
  }
}

MessageFault H1Server::fault() const {
  if (fault_.error == http::ParseError::kNone) return {};
  return {http::Describe(fault_.error), fault_.position, connection_->in.readable()};
}

bool H1Server::IsReusable() {
  if (!keep_alive_ || !body_.done() || !connection_->in.is_empty() || sink_.has_pending()) {
    return false;
  }
  net::Stream& stream = connection_->stream;
  if (stream.is_ready(event::kHungUp)) return false;
  if (!stream.is_ready(event::kReadable)) return true;
  // The last read ended where the body did, and did not learn whether there is more.
  stream.Clear(event::kReadable);
  return stream.IsQuiet();
}

}  // namespace lb::proxy
