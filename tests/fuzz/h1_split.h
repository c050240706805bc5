// Shared by the fuzz targets of HTTP/1.x: feeds bytes in splits that depend on the bytes alone, and
// shows heads and bodies as texts to compare.
#ifndef LB_TESTS_FUZZ_H1_SPLIT_H_
#define LB_TESTS_FUZZ_H1_SPLIT_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/http/h1_body.h"
#include "dataplane/http/h1_parser.h"

namespace lb::http {

// Sizes of pieces, from 1 to 16, now and then larger.
class Splitter {
 public:
  explicit Splitter(std::string_view bytes) {
    for (char c : bytes) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }

  size_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    uint64_t bits = state_ >> 33;
    return 1 + (bits % 8 == 0 ? bits / 8 % 512 : bits / 8 % 16);
  }

 private:
  uint64_t state_ = 1469598103934665603u;
};

inline std::string Text(const HeaderList& headers) {
  std::string text;
  for (const Header& field : headers) {
    text.append(field.name).append("=").append(field.value).append("\n");
  }
  return text;
}

inline std::string Text(const RequestHead& head) {
  std::string text(head.method);
  text.append(" ").append(head.target).append(" ");
  for (int member : {int{head.version_minor}, static_cast<int>(head.framing), int{head.keep_alive},
                     int{head.expects_continue}, int{head.wants_upgrade}}) {
    text += std::to_string(member) + " ";
  }
  return text + std::to_string(head.content_length) + "\n" + Text(head.headers);
}

inline std::string Text(const ResponseHead& head) {
  std::string text = std::to_string(head.status) + " ";
  text.append(head.reason).append(" ");
  for (int member :
       {int{head.version_minor}, static_cast<int>(head.framing), int{head.keep_alive}}) {
    text += std::to_string(member) + " ";
  }
  return text + std::to_string(head.content_length) + "\n" + Text(head.headers);
}

// Calls `parse(bytes so far)` with growing pieces, until it wants no more. The buffer moves at
// times.
template <typename Parse>
ParseResult InSplits(std::string_view bytes, Parse parse) {
  Splitter splitter(bytes);
  std::string buffer;
  buffer.reserve(bytes.size());
  for (size_t have = 0;;) {
    if (splitter.Next() == 7) {
      std::string elsewhere;
      elsewhere.reserve(bytes.size() + have);
      elsewhere = buffer;
      buffer.swap(elsewhere);
    }
    buffer.append(bytes.substr(have, std::min(bytes.size() - have, splitter.Next())));
    have = buffer.size();
    ParseResult result = parse(std::string_view(buffer));
    if (result.outcome != ParseResult::kNeedMore || have == bytes.size()) return result;
  }
}

struct Body {
  BodyStep::Outcome outcome = BodyStep::kNeedMore;
  ParseError error = ParseError::kNone;
  size_t consumed = 0;
  std::string data;
  std::string trailers;
};

// Reads a body; from pieces when `splitter` is given.
inline Body ReadBody(std::string_view bytes, Framing framing, uint64_t length, const Limits& limits,
                     Splitter* splitter) {
  BodyReader reader;
  reader.Start(framing, length, limits);
  Body body;
  size_t have = splitter == nullptr ? bytes.size() : 0;
  for (;;) {
    BodyStep step = reader.Next(bytes.substr(body.consumed, have - body.consumed));
    body.outcome = step.outcome;
    body.error = step.error;
    body.consumed += step.consumed;
    body.data += step.data;
    if (step.outcome == BodyStep::kDone || step.outcome == BodyStep::kError) break;
    if (step.outcome == BodyStep::kData) continue;
    if (have == bytes.size()) break;
    have += std::min(bytes.size() - have, splitter->Next());
  }
  if (body.outcome == BodyStep::kDone && framing == Framing::kChunked) {
    body.trailers = Text(reader.trailers());
  }
  return body;
}

}  // namespace lb::http

#endif  // LB_TESTS_FUZZ_H1_SPLIT_H_
