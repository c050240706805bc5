// H2ClientStream: one request on an HTTP/2 connection from a client: a session of its own, and the
// client's side of its exchange. Destroys itself, by the worker's list, once the exchange has ended
// or the stream was closed before there was one.
//
// One worker's thread.
#ifndef LB_DATAPLANE_PROXY_H2_CLIENT_H_
#define LB_DATAPLANE_PROXY_H2_CLIENT_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "common/event/frame_pool.h"
#include "common/event/task.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/h2_connection.h"
#include "dataplane/proxy/h2_stream.h"
#include "dataplane/proxy/http_sides.h"
#include "dataplane/proxy/session_list.h"

namespace lb::proxy {

class H2ClientStream final : public H2Stream, public Session, public ClientSide {
 public:
  H2ClientStream(H2Connection* connection, http::H2Channel* channel);
  ~H2ClientStream() override;

  // Like a frame: made and gone with every request.
  static void* operator new(size_t bytes) { return event::AllocateFrame(bytes); }
  static void operator delete(void* stream, size_t bytes) { event::FreeFrame(stream, bytes); }

  // Runs the exchange whose head has come, or does without, since the connection has ended.
  void Start();
  void Discard();

  // ClientSide.
  MessageSource* request_body() override { return message_source(); }
  MessageSink* response_sink() override { return message_sink(); }
  bool SendHead(const http::ResponseHead& head, const http::RequestContext& request,
                bool may_stay_open) override;
  bool SendInformational(const http::ResponseHead& head) override;
  bool takes_informational() const override { return true; }
  bool is_request_done() const override { return is_source_done(); }
  bool DropBufferedBody() override { return DropReceived(); }
  uint64_t TakeSentBytes() override { return H2Stream::TakeSentBytes(); }
  uint64_t received_body_bytes() const override { return received_bytes(); }
  void BeginTunnel() override { H2Stream::BeginTunnel(); }
  RawEnd raw() override { return {}; }

 private:
  class Reaper final : public event::Runnable {
   public:
    explicit Reaper(H2ClientStream* stream) : stream_(stream) {}
    void Run() override;

   private:
    H2ClientStream* const stream_;
  };

  void NoteRequest();
  void NoteMalformed();
  // The exchange, or what takes its place.
  event::Task<void> Answer();
  void NoteDone() {
    if (!std::exchange(is_done_, true)) connection_->NoteDone();
  }

  // Session.
  void AbortClient() override { AbortIo(); }
  // H2StreamUser.
  http::Arena* arena() override { return &exchange_->arena; }
  http::RequestHead* received_request() override { return &exchange_->request; }
  void OnHead(http::ParseError error) override;
  void OnMalformed(http::ParseError error, std::string_view field) override;
  void OnClosed(http::H2Error error, bool is_unprocessed) override;

  H2Connection* const connection_;
  std::unique_ptr<Exchange> exchange_;
  http::ParseError head_error_ = http::ParseError::kNone;
  bool has_head_ = false;
  bool is_done_ = false;  // NoteDone() was called
  event::Root root_;
  Reaper reaper_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_CLIENT_H_
