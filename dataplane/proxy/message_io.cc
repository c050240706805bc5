#include "dataplane/proxy/message_io.h"

#include <algorithm>

namespace lb::proxy {
namespace {

// Below this a copy through a buffer is cheaper than two more system calls.
constexpr uint64_t kMinSpliceBytes = 32 * 1024;

PumpStatus StatusOf(MessageSink::Status status) {
  switch (status) {
    case MessageSink::Status::kOk:
      return PumpStatus::kDone;
    case MessageSink::Status::kAgain:
      return PumpStatus::kSinkAgain;
    case MessageSink::Status::kClosed:
      return PumpStatus::kSinkClosed;
  }
  return PumpStatus::kSinkClosed;
}

PumpStatus StatusOf(BodyPiece::Status status) {
  switch (status) {
    case BodyPiece::kCut:
      return PumpStatus::kSourceCut;
    case BodyPiece::kInvalid:
      return PumpStatus::kSourceInvalid;
    case BodyPiece::kAborted:
      return PumpStatus::kAborted;
    default:
      return PumpStatus::kSourceAgain;
  }
}

enum class SpliceStep : uint8_t { kMoved, kSourceAgain, kSinkAgain, kSourceEnd, kSinkClosed };

// One fill and one drain of the pipe.
SpliceStep SpliceOnce(net::Stream* from, net::Stream* to, uint64_t left, MessageSource* source,
                      MessageSink* sink, Pipe* pipe, uint64_t* moved) {
  bool filled = false;
  if (pipe->held == 0) {
    const uint64_t wanted = std::min<uint64_t>(left, pipe->capacity);
    net::IoResult in = from->SpliceIn(pipe->write_end.get(), wanted);
    if (in.status == net::IoStatus::kAgain) return SpliceStep::kSourceAgain;
    if (!in.ok()) return SpliceStep::kSourceEnd;
    pipe->held = in.bytes;
    source->SkipRaw(in.bytes);
    left -= in.bytes;
    filled = in.bytes == wanted;
  }
  while (pipe->held > 0) {
    // "More" makes the kernel hold a last, short segment back: only when the rest is there already.
    net::IoResult out =
        to->SpliceOut(pipe->read_end.get(), pipe->held, /*more=*/filled && left > 0);
    if (out.status == net::IoStatus::kAgain) return SpliceStep::kSinkAgain;
    if (!out.ok()) return SpliceStep::kSinkClosed;
    pipe->held -= out.bytes;
    sink->CountRaw(out.bytes);
    *moved += out.bytes;
  }
  return SpliceStep::kMoved;
}

bool MaySplice(MessageSource* source, MessageSink* sink, SpliceState* splice) {
  if (splice->pool == nullptr) return false;
  if (splice->pipe.has_value() && splice->pipe->held > 0) return true;
  const uint64_t left = source->raw_bytes();
  if (left < kMinSpliceBytes || source->raw_stream() == nullptr) return false;
  if (sink->raw_stream(left) == nullptr) return false;
  if (!splice->pipe.has_value()) splice->pipe = splice->pool->Take();
  return splice->pipe.has_value();
}

}  // namespace

PumpResult Pump(MessageSource* source, MessageSink* sink, SpliceState* splice) {
  constexpr uint64_t kFairShare = 4 << 20;  // bytes per call; the socket stays ready for the next
  PumpResult result;
  while (result.moved < kFairShare) {
    if (MaySplice(source, sink, splice)) {
      const uint64_t held = splice->pipe->held;
      net::Stream* to = sink->raw_stream(held + source->raw_bytes());
      if (to == nullptr) {
        result.status = StatusOf(sink->Flush());
        if (result.status != PumpStatus::kDone) return result;
        continue;
      }
      net::Stream* from = held > 0 ? nullptr : source->raw_stream();
      SpliceStep step =
          SpliceOnce(from, to, source->raw_bytes(), source, sink, &*splice->pipe, &result.moved);
      if (step == SpliceStep::kMoved || step == SpliceStep::kSourceEnd) {
        if (step == SpliceStep::kMoved) continue;
      } else {
        result.status = step == SpliceStep::kSourceAgain ? PumpStatus::kSourceAgain
                        : step == SpliceStep::kSinkAgain ? PumpStatus::kSinkAgain
                                                         : PumpStatus::kSinkClosed;
        return result;
      }
      // The source's end shows again, in its own terms, in Next() below.
    }
    BodyPiece piece = source->Next();
    if (piece.status == BodyPiece::kData) {
      size_t taken = 0;
      MessageSink::Status status = sink->Write(piece, &taken);
      source->Consume(taken);
      result.moved += taken;
      if (status == MessageSink::Status::kOk) continue;
      result.status = StatusOf(status);
      return result;
    }
    if (piece.status == BodyPiece::kDone) {
      result.status = StatusOf(sink->Finish(source->trailers()));
      return result;
    }
    result.status = StatusOf(piece.status);
    if (result.status == PumpStatus::kSourceAgain) {
      // What is pending must not wait for bytes that may be long in coming.
      MessageSink::Status status = sink->Flush();
      if (status != MessageSink::Status::kOk) result.status = StatusOf(status);
    }
    return result;
  }
  result.status = PumpStatus::kShareUsed;
  return result;
}

}  // namespace lb::proxy
