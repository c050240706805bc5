// Bodies of HTTP/1.x messages: bytes in, pieces of body out. Pure; not thread-safe.
//
//   BodyReader body;
//   body.Start(head.framing, head.content_length, limits);
//   while (!body.done()) {
//     BodyStep step = body.Next(buffer.readable());
//     if (step.outcome == BodyStep::kError) ...      // answer 400 or 502, close
//     forward(step.data);                            // a view into the readable bytes, may be
//     empty buffer.Consume(step.consumed); if (step.outcome == BodyStep::kNeedMore) read more;
//   }
//
// Source: RFC 9112 sections 6.3 and 7.1.
#ifndef LB_DATAPLANE_HTTP_H1_BODY_H_
#define LB_DATAPLANE_HTTP_H1_BODY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/http/h1_error.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/message.h"

namespace lb::http {

struct BodyStep {
  enum Outcome : uint8_t {
    kNeedMore,  // everything usable was consumed
    kData,      // `data` is a piece of the body (never empty); there may be more in the bytes
    kDone,      // the body ended with what was consumed; `data` may hold its last piece
    kError,
  };
  Outcome outcome = kNeedMore;
  ParseError error = ParseError::kNone;
  // Bytes to drop from the front of the input, `data` included; kError: where the first wrong byte
  // is.
  size_t consumed = 0;
  std::string_view data;  // a view into the input
};

// Decoder of the chunked coding. Each call passes the bytes that follow those consumed so far; none
// are needed again. Chunk extensions are checked and dropped.
class ChunkedReader {
 public:
  void Start(const Limits& limits);

  // At most one piece of data per call: a piece ends with its chunk or with the bytes. A fault that
  // the same bytes show behind a piece is told instead of the piece.
  BodyStep Next(std::string_view bytes);

  bool done() const { return state_ == State::kDone; }
  // Bytes missing of the chunk being read; 0 between chunks. A reader may move that many bytes
  // without Next() (splice) and tell so by Skip().
  uint64_t chunk_left() const { return state_ == State::kData ? left_ : 0; }
  void Skip(uint64_t bytes);

  // The trailer fields, after done(): views that last until Start().
  const HeaderList& trailers() const { return trailers_; }

 private:
  enum class State : uint8_t {
    kSizeStart,  // the first digit of a size
    kSize,
    kSizeBlank,  // behind the digits, before an extension
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kDone,
  };

  // Reads one byte of what is not a chunk's content; kNone when it fits.
  ParseError ReadFraming(char c);
  ParseError ReadSize(char c);
  ParseError EndSizeLine();
  ParseError ReadTrailer(char c);
  ParseError EndTrailerLine();
  ParseError CollectTrailers();

  State state_ = State::kSizeStart;
  Limits limits_;
  uint64_t left_ = 0;        // of the chunk, or the size read so far
  size_t line_bytes_ = 0;    // of the size line so far
  size_t trailer_line_ = 0;  // where the trailer line being read begins in trailer_text_
  std::string trailer_text_;
  HeaderList trailers_;
};

// One body of any framing.
class BodyReader {
 public:
  // Begins a body. kNone is done at once; kUntilClose and kTunnel are done by End() only.
  void Start(Framing framing, uint64_t content_length, const Limits& limits);

  BodyStep Next(std::string_view bytes);

  // The peer closed its side. True when the body is complete with that: false means it was cut.
  bool End();

  bool done() const { return done_; }
  Framing framing() const { return framing_; }

  // How many of the bytes that come next are body for sure and can be moved without Next() (splice,
  // large reads): the rest of the length or of the chunk, all of them for the close-delimited.
  uint64_t raw_left() const;
  void Skip(uint64_t bytes);

  const HeaderList& trailers() const { return chunked_.trailers(); }

 private:
  Framing framing_ = Framing::kNone;
  bool done_ = true;
  uint64_t left_ = 0;  // kLength
  ChunkedReader chunked_;
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H1_BODY_H_
