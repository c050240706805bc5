#include "dataplane/proxy/h1_io.h"

#include <sys/uio.h>

#include <algorithm>
#include <utility>

namespace lb::proxy {

using net::IoResult;
using net::IoStatus;

void H1Source::Start(http::Framing framing, uint64_t content_length, const http::Limits& limits) {
  body_.Start(framing, content_length, limits);
  pending_ = {};
  pending_framing_ = 0;
  fault_ = {};
  received_ = 0;
}

// Decodes the next piece of what is buffered. False: more bytes are needed, or the end, or an
// error.
bool H1Source::Decode() {
  while (!in_->is_empty() && !body_.done()) {
    http::BodyStep step = body_.Next(in_->readable());
    if (step.outcome == http::BodyStep::kError) {
      fault_ = {step.error, step.consumed};
      return false;
    }
    if (step.data.empty()) {
      received_ += step.consumed;
      in_->Consume(step.consumed);
      if (step.outcome == http::BodyStep::kNeedMore) return false;
      continue;
    }
    // Framing in front of the piece goes now; the piece itself, and what was consumed behind it,
    // when the sink has taken it.
    const size_t before = static_cast<size_t>(step.data.data() - in_->read_position());
    in_->Consume(before);
    received_ += step.consumed;
    pending_ = step.data;
    pending_framing_ = step.consumed - before - step.data.size();
    return true;
  }
  return false;
}

BodyPiece H1Source::Next() {
  if (!pending_.empty()) return Pending();
  if (Decode()) return Pending();
  if (error() != http::ParseError::kNone) return {BodyPiece::kInvalid, {}};
  if (body_.done()) return {BodyPiece::kDone, {}};
  return Receive();
}

BodyPiece H1Source::Receive() {
  for (;;) {
    if (!stream_->is_ready(event::kReadable)) {
      if (in_->is_empty()) in_->Release();  // nothing to hold while waiting
      return {BodyPiece::kAgain, {}};
    }
    in_->Reserve();
    if (in_->free_bytes() == 0) in_->Compact();
    IoResult got = stream_->Read(in_->free_space(), in_->free_bytes());
    if (got.status == IoStatus::kAgain) {
      if (in_->is_empty()) in_->Release();
      return {BodyPiece::kAgain, {}};
    }
    if (got.status == IoStatus::kAborted) return {BodyPiece::kAborted, {}};
    if (!got.ok()) {
      // Only an orderly end can complete a body that lasts until the close.
      if (got.status == IoStatus::kEof && !stream_->is_truncated() && body_.End())
        return {BodyPiece::kDone, {}};
      return {BodyPiece::kCut, {}};
    }
    in_->Commit(got.bytes);
    if (Decode()) return Pending();
    if (error() != http::ParseError::kNone) return {BodyPiece::kInvalid, {}};
    if (body_.done()) return {BodyPiece::kDone, {}};
  }
}

http::Fault H1Source::FindFault() const {
  if (body_.framing() != http::Framing::kChunked) return {};  // any bytes will do
  http::BodyReader probe = body_;
  const std::string_view bytes = in_->readable();
  size_t at = 0;
  while (at < bytes.size() && !probe.done()) {
    const http::BodyStep step = probe.Next(bytes.substr(at));
    at += step.consumed;
    if (step.outcome == http::BodyStep::kError) return {step.error, at};
  }
  return {};
}

MessageFault H1Source::fault() const {
  if (fault_.error == http::ParseError::kNone) return {};
  return {http::Describe(fault_.error), fault_.position, in_->readable()};
}

std::string_view H1Source::Peek(http::Arena* arena) const {
  if (body_.framing() == http::Framing::kNone) return {};
  if (body_.framing() != http::Framing::kChunked) {
    const uint64_t left = pending_.empty() ? body_.raw_left() : pending_.size();
    return in_->readable().substr(0, std::min<uint64_t>(left, in_->size()));
  }
  // Decoded, a body is no longer than its chunks.
  char* const start = arena->Allocate(in_->size());
  char* at = start;
  at += pending_.copy(at, pending_.size());
  http::BodyReader probe = body_;
  std::string_view bytes = in_->readable().substr(pending_.size() + pending_framing_);
  while (!bytes.empty() && !probe.done()) {
    const http::BodyStep step = probe.Next(bytes);
    if (step.outcome == http::BodyStep::kError) break;
    at += step.data.copy(at, step.data.size());
    bytes.remove_prefix(step.consumed);
  }
  return {start, static_cast<size_t>(at - start)};
}

void H1Source::Consume(size_t bytes) {
  pending_.remove_prefix(bytes);
  in_->Consume(bytes + (pending_.empty() ? std::exchange(pending_framing_, 0) : 0));
}

net::Stream* H1Source::raw_stream() {
  return pending_.empty() && in_->is_empty() && !stream_->is_tls() ? stream_ : nullptr;
}

uint64_t H1Source::raw_bytes() const { return pending_.empty() ? body_.raw_left() : 0; }

void H1Source::SkipRaw(uint64_t bytes) {
  body_.Skip(bytes);
  received_ += bytes;
}

void H1Sink::Begin(const http::FramingPlan& plan) {
  framing_ = plan.framing;
  length_left_ = plan.framing == http::Framing::kLength ? plan.content_length : 0;
  chunk_left_ = 0;
  is_finished_ = false;
  case_map_ = plan.case_map;
}

bool H1Sink::StartRequest(const http::RequestHead& head, const http::FramingPlan& plan) {
  if (!MakeRoom(http::RequestHeadBytes(head))) return false;
  pending_.Commit(http::WriteRequestHead(head, plan, pending_.free_space()));
  Begin(plan);
  return true;
}

bool H1Sink::StartResponse(const http::ResponseHead& head, const http::FramingPlan& plan) {
  if (!MakeRoom(http::ResponseHeadBytes(head))) return false;
  pending_.Commit(http::WriteResponseHead(head, plan, pending_.free_space()));
  Begin(plan);
  return true;
}

void H1Sink::BeginTunnel() {
  framing_ = http::Framing::kTunnel;
  is_finished_ = false;
}

// Whether `bytes` fit behind what is pending.
bool H1Sink::MakeRoom(size_t bytes) {
  pending_.Reserve();
  if (pending_.free_bytes() < bytes) pending_.Compact();
  return pending_.free_bytes() >= bytes;
}

// Sends what is pending, then `data`, then `end`, in one call. `end` that is not sent whole becomes
// pending; `taken` tells how much of `data` went.
MessageSink::Status H1Sink::Send(std::string_view data, std::string_view end, size_t* taken) {
  *taken = 0;
  iovec parts[3];
  int count = 0;
  for (std::string_view part : {pending_.readable(), data, end}) {
    if (!part.empty()) parts[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  IoResult result = count == 1
                        ? stream_->Write(static_cast<char*>(parts[0].iov_base), parts[0].iov_len)
                        : stream_->Writev(parts, count);
  if (result.status == IoStatus::kAgain) return Status::kAgain;
  if (!result.ok()) {
    last_error_ = result.error;
    return Status::kClosed;
  }
  sent_ += result.bytes;
  size_t left = result.bytes;
  const size_t from_pending = std::min(left, pending_.size());
  pending_.Consume(from_pending);
  left -= from_pending;
  *taken = std::min(left, data.size());
  left -= *taken;
  if (*taken == data.size() && left < end.size()) {
    pending_.Reserve();
    pending_.Append(end.substr(left));
  }
  if (pending_.is_empty()) pending_.Release();
  return *taken == data.size() && pending_.is_empty() ? Status::kOk : Status::kAgain;
}

MessageSink::Status H1Sink::Write(const BodyPiece& piece, size_t* taken) {
  if (framing_ == http::Framing::kChunked) return WriteChunked(piece.data, taken);
  Status status = Send(piece.data, {}, taken);
  if (framing_ == http::Framing::kLength) length_left_ -= *taken;
  return status;
}

MessageSink::Status H1Sink::WriteChunked(std::string_view data, size_t* taken) {
  if (chunk_left_ == 0) {
    if (!MakeRoom(http::kMaxChunkHeaderBytes)) {
      // A slow reader: the head is still waiting to go.
      *taken = 0;
      Status status = Flush();
      return status == Status::kOk ? Status::kAgain : status;
    }
    pending_.Commit(http::WriteChunkHeader(pending_.free_space(), data.size()));
    chunk_left_ = data.size();
  }
  data = data.substr(0, chunk_left_);
  const bool ends_chunk = data.size() == chunk_left_;
  Status status = Send(data, ends_chunk ? http::kChunkEnd : std::string_view(), taken);
  chunk_left_ -= *taken;
  return status;
}

MessageSink::Status H1Sink::Flush() {
  while (!pending_.is_empty()) {
    size_t taken = 0;
    Status status = Send({}, {}, &taken);
    if (status != Status::kOk && !pending_.is_empty()) return status;
    if (status == Status::kClosed) return status;
  }
  pending_.Release();
  return Status::kOk;
}

MessageSink::Status H1Sink::Finish(const http::HeaderList& trailers) {
  if (!is_finished_ && framing_ == http::Framing::kChunked) {
    std::string end;
    http::AppendLastChunk(trailers, &end, case_map_);
    if (!MakeRoom(end.size())) {
      // The head may still be waiting to go.
      Status status = Flush();
      if (status != Status::kOk) return status;
      pending_.Reserve();
      // Trailers larger than a buffer ("tune.bufsize" is very small) are left out.
      if (!MakeRoom(end.size())) end = http::kLastChunk;
    }
    pending_.Append(end);
  }
  const bool was_finished = std::exchange(is_finished_, true);
  Status status = Flush();
  if (framing_ != http::Framing::kTunnel) return status;
  // The end of a tunnel's direction, once what was before it has gone.
  if (status != Status::kOk) is_finished_ = was_finished;
  if (status == Status::kOk && !was_finished) stream_->ShutdownWrite();
  return status;
}

net::Stream* H1Sink::raw_stream(uint64_t bytes) {
  if (!pending_.is_empty() || framing_ == http::Framing::kChunked || stream_->is_tls()) {
    return nullptr;
  }
  if (framing_ == http::Framing::kLength && bytes > length_left_) return nullptr;
  return stream_;
}

void H1Sink::CountRaw(uint64_t bytes) {
  sent_ += bytes;
  if (framing_ == http::Framing::kLength) length_left_ -= bytes;
}

}  // namespace lb::proxy
