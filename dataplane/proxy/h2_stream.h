// H2Stream: one stream of an HTTP/2 connection as a message's source and another's sink, with
// readiness of its own. The same towards clients and towards servers, which derive from it.
//
// What is received and not yet taken lies here, at most a window of it. What is sent lies nowhere:
// a writer waits until the peer's windows and the connection's buffers take it.
// One worker's thread. Source: RFC 9113 sections 5 and 8.
#ifndef LB_DATAPLANE_PROXY_H2_STREAM_H_
#define LB_DATAPLANE_PROXY_H2_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/event/source.h"
#include "dataplane/http/h2_session.h"
#include "dataplane/proxy/h2_transport.h"
#include "dataplane/proxy/message_io.h"

namespace lb::proxy {

class H2Stream;

class H2Source final : public MessageSource {
 public:
  explicit H2Source(H2Stream* stream) : stream_(stream) {}
  BodyPiece Next() override;
  void Consume(size_t bytes) override;
  event::Interest interest() override;
  const http::HeaderList& trailers() const override;
  std::string_view Peek(http::Arena* arena) const override;

 private:
  H2Stream* const stream_;
};

class H2Sink final : public MessageSink {
 public:
  explicit H2Sink(H2Stream* stream) : stream_(stream) {}
  Status Write(const BodyPiece& piece, size_t* taken) override;
  Status Flush() override;
  Status Finish(const http::HeaderList& trailers) override;
  event::Interest interest() override;

 private:
  H2Stream* const stream_;
};

class H2Stream : public http::H2StreamUser, public H2Writer {
 public:
  explicit H2Stream(H2Transport* transport)
      : ready_(transport->loop()), transport_(transport), source_(this), sink_(this) {
    ready_.Raise(event::kWritable);
  }
  H2Stream(const H2Stream&) = delete;
  H2Stream& operator=(const H2Stream&) = delete;
  ~H2Stream() override { LetGo(); }

  event::Source* ready() { return &ready_; }
  MessageSource* message_source() { return &source_; }
  MessageSink* message_sink() { return &sink_; }
  // Null: none yet, or it was let go.
  http::H2Channel* channel() const { return channel_; }

  // The message that is received has been taken whole, or has no body.
  bool is_source_done() const {
    return !has_body_ || (has_received_end_ && taken_ == received_.size());
  }
  // Drops what has come of the body; true when that was all of it.
  bool DropReceived();
  bool is_closed() const { return is_closed_; }
  // Bytes of body received, and those of heads and bodies sent.
  uint64_t received_bytes() const { return received_bytes_; }
  uint64_t TakeSentBytes() { return std::exchange(sent_bytes_, 0); }

  // From here on both directions carry raw bytes.
  void BeginTunnel() {
    has_body_ = true;
    is_sink_held_open_ = false;
  }
  // Every later call on source and sink fails.
  void AbortIo();

 protected:
  void Attach(http::H2Channel* channel) { channel_ = channel; }
  // Ends the use of the stream: it is reset unless both messages are complete.
  void LetGo();
  // A message begins to be received, whose head says `framing`.
  void BeginSource(http::Framing framing) { has_body_ = framing != http::Framing::kNone; }
  void CountSentHead(size_t bytes) { sent_bytes_ += bytes; }
  // The end of the message that is sent is not told yet: a tunnel may follow.
  void HoldSinkOpen() { is_sink_held_open_ = true; }

  // H2StreamUser.
  http::HeaderList* received_trailers() override { return &trailers_; }
  void OnData(std::string_view data) override;
  void OnEnd() override;
  void OnWindow() override;
  void OnClosed(http::H2Error error, bool is_unprocessed) override;

  // Of H2StreamUser::OnMalformed(), in words.
  static std::string_view ReasonOf(http::ParseError error, std::string_view field) {
    if (error != http::ParseError::kNone) return http::Describe(error);
    return field.empty() ? "malformed head" : "malformed header field";
  }

  http::H2Error close_error() const { return close_error_; }
  bool is_unprocessed() const { return is_unprocessed_; }
  H2Transport& transport() { return *transport_; }

 private:
  friend class H2Source;
  friend class H2Sink;
  void OnRoom() override { ready_.Raise(event::kWritable); }
  // Nothing can be sent any more.
  bool is_gone() const {
    return channel_ == nullptr || is_aborted_ || is_closed_ || transport_->is_failed();
  }

  event::Source ready_;
  H2Transport* const transport_;
  http::H2Channel* channel_ = nullptr;
  H2Source source_;
  H2Sink sink_;

  std::string received_;
  size_t taken_ = 0;  // of `received_`
  http::HeaderList trailers_;
  bool has_body_ = false;
  bool has_received_end_ = false;
  bool is_closed_ = false;
  bool is_unprocessed_ = false;
  bool is_aborted_ = false;
  bool is_sink_held_open_ = false;
  uint64_t received_bytes_ = 0;
  uint64_t sent_bytes_ = 0;
  http::H2Error close_error_ = http::H2Error::kNoError;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_STREAM_H_
