#include "dataplane/proxy/h2_transport.h"

#include <sys/uio.h>

#include <algorithm>
#include <utility>

namespace lb::proxy {

using net::IoResult;
using net::IoStatus;

H2Transport::H2Transport(net::Stream* stream, net::Buffer* in, net::BufferPool* pool,
                         http::H2Session* session)
    : stream_(stream),
      in_(in),
      session_(session),
      out_{net::Buffer(pool), net::Buffer(pool), net::Buffer(pool), net::Buffer(pool)},
      last_activity_(stream->loop()->now()),
      flusher_(this) {}

H2Transport::Outcome H2Transport::Receive() {
  constexpr int kReadsInARow = 8;
  const SteadyTime now = loop()->now();
  for (int reads = 0; !is_failed_; ++reads) {
    if (!in_->is_empty()) {
      last_activity_ = now;
      const bool goes_on = session_->Receive(in_->readable(), now);
      in_->Clear();
      if (!goes_on) return Outcome::kEnd;
      if (session_->wants_write()) ScheduleFlush();
    }
    if (reads == kReadsInARow) return Outcome::kShareUsed;
    if (!stream_->is_ready(event::kReadable)) break;
    in_->Reserve();
    IoResult got = stream_->Read(in_->free_space(), in_->free_bytes());
    if (got.status == IoStatus::kAgain) break;
    if (!got.ok()) is_failed_ = got.status != IoStatus::kEof;
    if (!got.ok()) return Outcome::kEnd;
    in_->Commit(got.bytes);
  }
  in_->Release();
  return is_failed_ || session_->is_over() ? Outcome::kEnd : Outcome::kDrained;
}

// Lets the session write into the buffers. False: they are full.
bool H2Transport::Fill() {
  for (;;) {
    if (used_ > 0 && out_[used_ - 1].free_bytes() >= http::H2Session::kMinRoom) {
      net::Buffer& buffer = out_[used_ - 1];
      const size_t size = session_->Produce(buffer.free_space(), buffer.free_bytes());
      if (size == 0) return true;
      buffer.Commit(size);
      continue;
    }
    if (!session_->wants_write()) return true;
    if (used_ == kBuffers) return false;
    net::Buffer& next = out_[used_];
    next.Reserve();
    const size_t size = session_->Produce(next.free_space(), next.free_bytes());
    if (size == 0) {
      next.Release();
      return true;
    }
    next.Commit(size);
    ++used_;
  }
}

size_t H2Transport::Write(http::H2Channel* channel, std::string_view data, bool is_last) {
  size_t taken = 0;
  while (taken < data.size() && !is_failed_) {
    session_->Offer(channel, data.substr(taken), is_last);
    const bool has_room = Fill();
    const size_t left = session_->Retract(channel);
    const bool has_moved = left < data.size() - taken;
    taken = data.size() - left;
    if (left == 0 || (has_room && !has_moved)) break;
    if (has_room) continue;
    if (is_blocked_) break;
    Flush();
    if (used_ == kBuffers) break;
  }
  ScheduleFlush();
  return taken;
}

void H2Transport::ScheduleFlush() {
  if (!is_failed_ && !flusher_.is_queued()) loop()->QueueAtEndOfTurn(&flusher_);
}

// One system call for all buffers. False: no more can be sent now.
bool H2Transport::SendBuffers() {
  iovec parts[kBuffers];
  int count = 0;
  for (size_t i = 0; i < used_; ++i) {
    if (out_[i].is_empty()) continue;
    parts[count++] = {out_[i].read_position(), out_[i].size()};
  }
  IoResult sent = count == 1
                      ? stream_->Write(static_cast<char*>(parts[0].iov_base), parts[0].iov_len)
                      : stream_->Writev(parts, count);
  if (sent.status == IoStatus::kAgain) {
    is_blocked_ = true;
    stream_->Raise(event::kSignalled);  // whoever waits for the stream waits for its room as well
    return false;
  }
  if (!sent.ok()) {
    is_failed_ = true;
    stream_->Raise(event::kSignalled);
    return false;
  }
  last_activity_ = loop()->now();
  size_t left = sent.bytes;
  bool is_empty = true;
  for (size_t i = 0; i < used_; ++i) {
    const size_t size = std::min(left, out_[i].size());
    out_[i].ConsumeInPlace(size);
    left -= size;
    is_empty &= out_[i].is_empty();
  }
  if (is_empty) {
    for (size_t i = 0; i < used_; ++i) out_[i].Release();
    used_ = 0;
  }
  return true;
}

void H2Transport::Flush() {
  is_blocked_ = false;
  while (!is_failed_) {
    Fill();
    if (used_ == 0) break;
    if (!SendBuffers()) return;
  }
  if (is_failed_) return;
  // The GOAWAY has left: the connection's coroutine has nothing more to wait for.
  if (session_->is_over()) stream_->Raise(event::kSignalled);
  if (writers_.empty()) return;
  const std::vector<H2Writer*> woken = std::exchange(writers_, {});
  for (H2Writer* writer : woken) writer->OnRoom();
}

event::Interest H2Transport::interest() const {
  uint8_t mask = event::kReadable | event::kHungUp | event::kSignalled;
  if (used_ > 0 && is_blocked_) mask |= event::kWritable;
  return {stream_, mask};
}

void H2Transport::WaitForRoom(H2Writer* writer) {
  if (std::find(writers_.begin(), writers_.end(), writer) == writers_.end()) {
    writers_.push_back(writer);
  }
}

void H2Transport::Forget(H2Writer* writer) { std::erase(writers_, writer); }

}  // namespace lb::proxy
