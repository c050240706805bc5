// H1Source and H1Sink: one HTTP/1.x message body read from, and one message written to, a stream.
// Each connection has one of each and uses them for one message after another.
#ifndef LB_DATAPLANE_PROXY_H1_IO_H_
#define LB_DATAPLANE_PROXY_H1_IO_H_

#include <cstdint>
#include <string>

#include "common/net/buffer_pool.h"
#include "common/net/stream.h"
#include "dataplane/http/h1_body.h"
#include "dataplane/http/h1_serializer.h"
#include "dataplane/proxy/message_io.h"

namespace lb::proxy {

class H1Source final : public MessageSource {
 public:
  // The stream and the buffer are borrowed; the buffer holds what was received behind the head.
  H1Source(net::Stream* stream, net::Buffer* in) : stream_(stream), in_(in) {}

  void Start(http::Framing framing, uint64_t content_length, const http::Limits& limits);

  BodyPiece Next() override;
  void Consume(size_t bytes) override;
  event::Interest interest() override { return {stream_, event::kReadable | event::kHungUp}; }
  const http::HeaderList& trailers() const override { return body_.trailers(); }
  std::string_view Peek(http::Arena* arena) const override;
  net::Stream* raw_stream() override;
  uint64_t raw_bytes() const override;
  void SkipRaw(uint64_t bytes) override;

  // Whether what is buffered so far could be of this body: nothing is consumed. A check ahead of
  // Next(), so that a message that is broken from the start is not begun to be forwarded.
  bool IsBufferedValid() const { return FindFault().error == http::ParseError::kNone; }
  // Where it could not; its position is behind the head.
  http::Fault FindFault() const;

  bool done() const { return body_.done() && pending_.empty(); }
  // What was wrong, after kInvalid.
  http::ParseError error() const { return fault_.error; }
  MessageFault fault() const override;
  uint64_t received_bytes() const { return received_; }

 private:
  BodyPiece Receive();
  bool Decode();
  BodyPiece Pending() const {
    return {BodyPiece::kData, pending_,
            /*is_last=*/body_.done() && body_.trailers().size() == 0};
  }

  net::Stream* const stream_;
  net::Buffer* const in_;
  http::BodyReader body_;
  std::string_view pending_;    // decoded and not yet consumed; a view into `in_`
  size_t pending_framing_ = 0;  // bytes of `in_` to drop once `pending_` is consumed
  http::Fault fault_;
  uint64_t received_ = 0;  // body bytes, as framed, since Start()
};

class H1Sink final : public MessageSink {
 public:
  H1Sink(net::Stream* stream, net::BufferPool* pool) : stream_(stream), pending_(pool) {}

  // Begins a message with its head. What does not fit into a buffer is refused: false.
  bool StartRequest(const http::RequestHead& head, const http::FramingPlan& plan);
  bool StartResponse(const http::ResponseHead& head, const http::FramingPlan& plan);

  // What follows is raw bytes, until Finish() shuts the stream's sending side down.
  void BeginTunnel();

  Status Write(const BodyPiece& piece, size_t* taken) override;
  Status Flush() override;
  Status Finish(const http::HeaderList& trailers) override;
  event::Interest interest() override { return {stream_, event::kWritable}; }
  net::Stream* raw_stream(uint64_t bytes) override;
  void CountRaw(uint64_t bytes) override;

  bool has_pending() const { return !pending_.is_empty(); }
  // Bytes given to the kernel since the last TakeSentBytes(), heads and framing included.
  uint64_t TakeSentBytes() { return std::exchange(sent_, 0); }
  // Whether the peer has closed or reset, after kClosed.
  int last_error() const { return last_error_; }

 private:
  void Begin(const http::FramingPlan& plan);
  Status Send(std::string_view data, std::string_view end, size_t* taken);
  Status WriteChunked(std::string_view data, size_t* taken);
  bool MakeRoom(size_t bytes);

  net::Stream* const stream_;
  net::Buffer pending_;
  http::Framing framing_ = http::Framing::kNone;
  uint64_t length_left_ = 0;  // kLength
  uint64_t chunk_left_ = 0;   // of the chunk whose size line has been written
  bool is_finished_ = true;
  uint64_t sent_ = 0;
  int last_error_ = 0;
  const http::CaseMap* case_map_ = nullptr;  // of the message's plan
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H1_IO_H_
