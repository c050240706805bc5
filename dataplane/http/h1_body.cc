#include "dataplane/http/h1_body.h"

#include <algorithm>
#include <limits>

#include "dataplane/http/validation.h"

namespace lb::http {

namespace {

constexpr size_t kMaxSizeDigits = 16;
constexpr uint64_t kMaxChunkBytes = std::numeric_limits<int64_t>::max();

uint64_t HexValue(char c) {
  return static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

}  // namespace

void ChunkedReader::Start(const Limits& limits) {
  state_ = State::kSizeStart;
  limits_ = limits;
  left_ = 0;
  line_bytes_ = 0;
  trailer_line_ = 0;
  trailer_text_.clear();
  trailers_.Clear();
}

void ChunkedReader::Skip(uint64_t bytes) {
  left_ -= bytes;
  if (left_ == 0) state_ = State::kDataCr;
}

BodyStep ChunkedReader::Next(std::string_view bytes) {
  BodyStep step;
  size_t at = 0;
  while (at < bytes.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      if (!step.data.empty()) break;
      step.data = bytes.substr(at, static_cast<size_t>(std::min<uint64_t>(left_, bytes.size())));
      at += step.data.size();
      Skip(step.data.size());
      continue;
    }
    step.error = ReadFraming(bytes[at]);
    if (step.error != ParseError::kNone) {
      step.outcome = BodyStep::kError;
      step.consumed = at;
      step.data = {};
      return step;
    }
    ++at;
  }
  step.consumed = at;
  if (state_ == State::kDone) {
    step.outcome = BodyStep::kDone;
  } else if (!step.data.empty()) {
    step.outcome = BodyStep::kData;
  }
  return step;
}

ParseError ChunkedReader::ReadFraming(char c) {
  switch (state_) {
    case State::kSizeStart:
    case State::kSize:
    case State::kSizeBlank:
      return ReadSize(c);
    case State::kExtension:
      if (++line_bytes_ > limits_.max_chunk_line_bytes) return ParseError::kChunkLineTooLong;
      if (c == '\r') {
        state_ = State::kSizeLf;
        return ParseError::kNone;
      }
      return chars::Is(c, chars::kValue) ? ParseError::kNone : ParseError::kBadChunkSize;
    case State::kSizeLf:
      return c == '\n' ? EndSizeLine() : ParseError::kBadChunkSize;
    case State::kDataCr:
      state_ = State::kDataLf;
      return c == '\r' ? ParseError::kNone : ParseError::kBadChunkEnd;
    case State::kDataLf:
      state_ = State::kSizeStart;
      return c == '\n' ? ParseError::kNone : ParseError::kBadChunkEnd;
    case State::kTrailer:
      return ReadTrailer(c);
    case State::kData:
    case State::kDone:
      break;
  }
  return ParseError::kNone;
}

ParseError ChunkedReader::ReadSize(char c) {
  if (state_ == State::kSizeStart) {
    if (!chars::Is(c, chars::kHex)) return ParseError::kBadChunkSize;
    state_ = State::kSize;
    left_ = 0;
    line_bytes_ = 0;
  }
  ++line_bytes_;
  if (state_ == State::kSize && chars::Is(c, chars::kHex)) {
    if (line_bytes_ > kMaxSizeDigits) return ParseError::kChunkSizeOverflow;
    left_ = left_ << 4 | HexValue(c);
    return left_ > kMaxChunkBytes ? ParseError::kChunkSizeOverflow : ParseError::kNone;
  }
  const bool is_behind_blank = state_ == State::kSizeBlank;
  if (c == ';') {
    state_ = State::kExtension;
  } else if (c == ' ' || c == '\t') {
    state_ = State::kSizeBlank;
  } else if (c == '\r' && !is_behind_blank) {
    state_ = State::kSizeLf;
  } else {
    return ParseError::kBadChunkSize;
  }
  return line_bytes_ <= limits_.max_chunk_line_bytes ? ParseError::kNone
                                                     : ParseError::kChunkLineTooLong;
}

ParseError ChunkedReader::EndSizeLine() {
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  return ParseError::kNone;
}

ParseError ChunkedReader::ReadTrailer(char c) {
  if (trailer_text_.size() >= limits_.max_trailer_bytes) return ParseError::kTrailersTooLarge;
  trailer_text_.push_back(c);
  return c == '\n' ? EndTrailerLine() : ParseError::kNone;
}

ParseError ChunkedReader::EndTrailerLine() {
  std::string_view line = std::string_view(trailer_text_).substr(trailer_line_);
  trailer_line_ = trailer_text_.size();
  if (line == "\r\n") {
    state_ = State::kDone;
    return CollectTrailers();
  }
  size_t colon = line.find(':');
  bool fits = line.size() >= 2 && line[line.size() - 2] == '\r' &&
              colon != std::string_view::npos && IsHeaderName(line.substr(0, colon)) &&
              IsHeaderValue(line.substr(colon + 1, line.size() - colon - 3)) &&
              !IsForbiddenInTrailers(HeaderIdOf(line.substr(0, colon)));
  return fits ? ParseError::kNone : ParseError::kBadTrailer;
}

// Only now, that the text does not grow any more, can the list hold views into it.
ParseError ChunkedReader::CollectTrailers() {
  std::string_view rest = trailer_text_;
  while (rest.size() > 2) {
    size_t line_end = rest.find("\r\n");
    size_t colon = rest.find(':');
    if (trailers_.size() >= limits_.max_headers) return ParseError::kTooManyHeaders;
    trailers_.Add(rest.substr(0, colon), TrimBlanks(rest.substr(colon + 1, line_end - colon - 1)));
    rest.remove_prefix(line_end + 2);
  }
  return ParseError::kNone;
}

void BodyReader::Start(Framing framing, uint64_t content_length, const Limits& limits) {
  framing_ = framing;
  left_ = framing == Framing::kLength ? content_length : 0;
  done_ = framing == Framing::kNone || (framing == Framing::kLength && content_length == 0);
  chunked_.Start(limits);  // whatever comes, the trailers of the message before are gone
}

BodyStep BodyReader::Next(std::string_view bytes) {
  BodyStep step;
  if (done_) {
    step.outcome = BodyStep::kDone;
    return step;
  }
  if (framing_ == Framing::kChunked) {
    step = chunked_.Next(bytes);
    done_ = step.outcome == BodyStep::kDone;
    return step;
  }
  uint64_t take = std::min<uint64_t>(raw_left(), bytes.size());
  step.data = bytes.substr(0, static_cast<size_t>(take));
  step.consumed = step.data.size();
  Skip(take);
  if (done_) {
    step.outcome = BodyStep::kDone;
  } else if (take > 0) {
    step.outcome = BodyStep::kData;
  }
  return step;
}

bool BodyReader::End() {
  if (framing_ == Framing::kUntilClose || framing_ == Framing::kTunnel) done_ = true;
  return done_;
}

uint64_t BodyReader::raw_left() const {
  if (done_) return 0;
  switch (framing_) {
    case Framing::kNone:
      return 0;
    case Framing::kLength:
      return left_;
    case Framing::kChunked:
      return chunked_.chunk_left();
    case Framing::kUntilClose:
    case Framing::kTunnel:
      return std::numeric_limits<uint64_t>::max();
  }
  return 0;
}

void BodyReader::Skip(uint64_t bytes) {
  if (framing_ == Framing::kChunked) {
    if (bytes > 0) chunked_.Skip(bytes);
  } else if (framing_ == Framing::kLength) {
    left_ -= bytes;
    done_ = left_ == 0;
  }
}

}  // namespace lb::http
