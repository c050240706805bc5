#include "dataplane/proxy/h2_stream.h"

namespace lb::proxy {
namespace {

// A buffer that has grown beyond this is given back when it is empty.
constexpr size_t kMaxKeptBytes = 16384;

}  // namespace

void H2Stream::LetGo() {
  if (channel_ == nullptr) return;
  transport_->Forget(this);
  transport_->session().Detach(std::exchange(channel_, nullptr));
  if (transport_->session().wants_write()) transport_->ScheduleFlush();
}

void H2Stream::AbortIo() {
  is_aborted_ = true;
  ready_.Raise(event::kReadable | event::kWritable | event::kSignalled);
}

void H2Stream::OnData(std::string_view data) {
  if (taken_ > 0 && taken_ >= received_.size() / 2) {
    received_.erase(0, taken_);
    taken_ = 0;
  }
  received_.append(data);
  received_bytes_ += data.size();
  ready_.Raise(event::kReadable);
}

void H2Stream::OnEnd() {
  has_received_end_ = true;
  ready_.Raise(event::kReadable);
}

void H2Stream::OnWindow() { ready_.Raise(event::kWritable); }

void H2Stream::OnClosed(http::H2Error error, bool is_unprocessed) {
  is_closed_ = true;
  close_error_ = error;
  is_unprocessed_ = is_unprocessed;
  ready_.Raise(event::kReadable | event::kWritable);
}

bool H2Stream::DropReceived() {
  if (taken_ < received_.size()) source_.Consume(received_.size() - taken_);
  return is_source_done();
}

BodyPiece H2Source::Next() {
  H2Stream& s = *stream_;
  if (s.is_aborted_) return {BodyPiece::kAborted, {}};
  if (!s.has_body_) return {BodyPiece::kDone, {}};
  if (s.taken_ < s.received_.size()) {
    return {BodyPiece::kData, std::string_view(s.received_).substr(s.taken_),
            /*is_last=*/s.has_received_end_ && s.trailers_.size() == 0};
  }
  if (s.has_received_end_) return {BodyPiece::kDone, {}};
  if (s.is_closed_) return {BodyPiece::kCut, {}};
  s.ready_.Clear(event::kReadable);
  return {BodyPiece::kAgain, {}};
}

void H2Source::Consume(size_t bytes) {
  H2Stream& s = *stream_;
  if (bytes == 0) return;
  s.taken_ += bytes;
  if (s.taken_ == s.received_.size()) {
    s.taken_ = 0;
    s.received_.clear();
    if (s.received_.capacity() > kMaxKeptBytes) s.received_.shrink_to_fit();
  }
  if (s.channel_ == nullptr) return;
  s.transport_->session().Consume(s.channel_, bytes);
  if (s.transport_->session().wants_write()) s.transport_->ScheduleFlush();
}

event::Interest H2Source::interest() { return {&stream_->ready_, event::kReadable}; }

const http::HeaderList& H2Source::trailers() const { return stream_->trailers_; }

std::string_view H2Source::Peek(http::Arena*) const {
  return std::string_view(stream_->received_).substr(stream_->taken_);
}

MessageSink::Status H2Sink::Write(const BodyPiece& piece, size_t* taken) {
  H2Stream& s = *stream_;
  *taken = 0;
  if (s.is_gone()) return Status::kClosed;
  *taken = s.transport_->Write(s.channel_, piece.data, piece.is_last && !s.is_sink_held_open_);
  s.sent_bytes_ += *taken;
  if (*taken == piece.data.size()) return Status::kOk;
  if (s.transport_->is_failed()) return Status::kClosed;
  s.ready_.Clear(event::kWritable);
  // Otherwise OnWindow() tells.
  if (s.transport_->session().has_window(*s.channel_)) s.transport_->WaitForRoom(stream_);
  return Status::kAgain;
}

MessageSink::Status H2Sink::Flush() {
  H2Stream& s = *stream_;
  // Without a channel, and not refused: it waits to be opened.
  if (s.is_gone() && !s.is_sink_held_open_) return Status::kClosed;
  s.transport_->ScheduleFlush();
  return Status::kOk;
}

MessageSink::Status H2Sink::Finish(const http::HeaderList& trailers) {
  H2Stream& s = *stream_;
  if (s.is_sink_held_open_) return Flush();
  // Closed in order counts as finished: both messages were complete.
  if (s.is_closed_ && s.close_error_ == http::H2Error::kNoError && s.channel_ != nullptr &&
      s.channel_->has_sent_end) {
    return Status::kOk;
  }
  if (s.is_gone()) return Status::kClosed;
  s.transport_->session().Finish(s.channel_, trailers);
  s.transport_->ScheduleFlush();
  return Status::kOk;
}

event::Interest H2Sink::interest() { return {&stream_->ready_, event::kWritable}; }

}  // namespace lb::proxy
