// The seams between any two protocols: a MessageSource yields the body of one message, a
// MessageSink takes one message, and Pump() moves bytes from one to the other without waiting.
//
//   client --MessageSource--> Pump --MessageSink--> server      (request body)
//   client <--MessageSink---- Pump <-MessageSource-- server     (response)
//
// Nothing here blocks: what cannot go on says what to wait for. Backpressure is that a source is
// not read while its sink takes nothing. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_MESSAGE_IO_H_
#define LB_DATAPLANE_PROXY_MESSAGE_IO_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/event/waiter.h"
#include "common/net/stream.h"
#include "dataplane/http/arena.h"
#include "dataplane/http/message.h"
#include "dataplane/proxy/pipe_pool.h"

namespace lb::proxy {

// What a source has next.
struct BodyPiece {
  enum Status : uint8_t {
    kData,     // `data`: take what you can, then Consume() it
    kAgain,    // wait for interest()
    kDone,     // the message is complete; trailers() hold
    kCut,      // the peer ended the connection in the middle
    kInvalid,  // the peer broke the protocol
    kAborted,  // the session is being ended
  };
  Status status = kAgain;
  std::string_view data;
  bool is_last = false;  // the message ends with `data`, without trailers
};

// What was wrong with a message. Borrowed texts, valid until the connection is read again.
struct MessageFault {
  std::string_view reason;  // empty: nothing
  size_t position = 0;      // of the first wrong byte
  std::string_view bytes;   // what was there of the message; of HTTP/2 the field at fault, if known
  bool is_http2 = false;
};

class MessageSource {
 public:
  virtual ~MessageSource() = default;
  virtual BodyPiece Next() = 0;
  // `bytes` of the last piece have been taken.
  virtual void Consume(size_t bytes) = 0;
  virtual event::Interest interest() = 0;
  virtual const http::HeaderList& trailers() const = 0;
  // What was wrong, after kInvalid.
  virtual MessageFault fault() const { return {}; }
  // What has come of the body and was not consumed, for rules that look at it; nothing is read. A
  // view into the buffer, or into `arena` when it had to be put together.
  virtual std::string_view Peek(http::Arena* arena) const = 0;

  // For splice(2): the stream whose next `raw_bytes()` are body and nothing else, when no piece of
  // it is buffered. Null: not possible now.
  virtual net::Stream* raw_stream() { return nullptr; }
  virtual uint64_t raw_bytes() const { return 0; }
  virtual void SkipRaw(uint64_t) {}
};

class MessageSink {
 public:
  enum class Status : uint8_t { kOk, kAgain, kClosed };
  virtual ~MessageSink() = default;
  // Takes some of the piece's data (never empty), with what is pending before it; sets `taken`.
  // kAgain: wait for interest().
  virtual Status Write(const BodyPiece& piece, size_t* taken) = 0;
  // Sends what is pending.
  virtual Status Flush() = 0;
  // Ends the message. Call again after kAgain until it says kOk.
  virtual Status Finish(const http::HeaderList& trailers) = 0;
  virtual event::Interest interest() = 0;

  // For splice(2): the stream into which `bytes` of body may go as they are, when nothing is
  // pending. Null: not possible now.
  virtual net::Stream* raw_stream(uint64_t /*bytes*/) { return nullptr; }
  virtual void CountRaw(uint64_t) {}
};

// Body bytes that pass through a kernel pipe instead of a buffer.
struct SpliceState {
  PipePool* pool = nullptr;  // null: never splice
  std::optional<Pipe> pipe;
  ~SpliceState() {
    if (pipe.has_value()) pool->Give(std::move(*pipe));
  }
};

enum class PumpStatus : uint8_t {
  kDone,         // the whole message went out
  kShareUsed,    // there is more: let others run, then call again
  kSourceAgain,  // wait for the source
  kSinkAgain,    // wait for the sink
  kSourceCut,
  kSourceInvalid,
  kAborted,
  kSinkClosed,
};

struct PumpResult {
  PumpStatus status = PumpStatus::kSourceAgain;
  uint64_t moved = 0;  // body bytes that left through the sink's socket or buffer
};

// Moves as much as goes without waiting, but no more than a share that is fair to other sessions.
PumpResult Pump(MessageSource* source, MessageSink* sink, SpliceState* splice);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_MESSAGE_IO_H_
