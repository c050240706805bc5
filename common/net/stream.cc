#include "common/net/stream.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "common/base/status.h"
#include "common/net/tls_channel.h"

namespace lb::net {

using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::kSocketReadable;
using event::kWritable;

Stream::Stream(event::EventLoop* loop, UniqueFd fd, bool is_connected)
    : Pollable(loop), owned_(std::move(fd)) {
  if (is_connected) Raise(kWritable);
  Watch(owned_.get());
}

Stream::~Stream() {
  if (tls_ != nullptr && !is_aborted_ && !resets_on_close_) tls_->SendClose();
  UnwatchToClose();
}

void Stream::StartTls(std::unique_ptr<TlsChannel> channel) {
  tls_ = std::move(channel);
  Raise(kSocketReadable);  // what it says so far is not to be relied on
}

SSL* Stream::ssl() const { return tls_ != nullptr ? tls_->connection() : nullptr; }

bool Stream::is_truncated() const { return tls_ != nullptr && tls_->is_truncated(); }

IoResult Stream::Finish(ssize_t n, uint8_t direction) {
  if (n > 0) return {IoStatus::kOk, static_cast<size_t>(n), 0};
  if (n == 0) return {IoStatus::kEof, 0, 0};
  if (errno == EAGAIN || errno == EINTR) {
    Clear(direction);
    return {IoStatus::kAgain, 0, 0};
  }
  return {IoStatus::kError, 0, errno};
}

IoResult Stream::Read(char* space, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kReadable)) return {IoStatus::kAgain, 0, 0};
  if (tls_ != nullptr) return tls_->Read(space, bytes);
  ssize_t n = ::recv(fd(), space, bytes, 0);
  IoResult result = Finish(n, kReadable);
  // Short: drained. But a hang-up seen together with the data will not be announced again.
  if (result.ok() && result.bytes < bytes && !is_ready(kHungUp)) Clear(kReadable);
  return result;
}

IoResult Stream::Peek(char* space, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kReadable)) return {IoStatus::kAgain, 0, 0};
  return Finish(::recv(fd(), space, bytes, MSG_PEEK), kReadable);
}

IoResult Stream::Write(const char* text, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kWritable)) return {IoStatus::kAgain, 0, 0};
  if (tls_ != nullptr) {
    const iovec part{const_cast<char*>(text), bytes};
    return tls_->Writev(&part, 1);
  }
  ssize_t n = ::send(fd(), text, bytes, MSG_NOSIGNAL);
  return Finish(n, kWritable);
}

IoResult Stream::ReadSocket(char* space, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, ECONNABORTED};
  if (!is_ready(kSocketReadable)) return {IoStatus::kAgain, 0, 0};
  IoResult result = Finish(::recv(fd(), space, bytes, 0), kSocketReadable);
  if (result.ok() && result.bytes < bytes && !is_ready(kHungUp)) Clear(kSocketReadable);
  return result;
}

IoResult Stream::WriteSocket(const char* text, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, ECONNABORTED};
  return Finish(::send(fd(), text, bytes, MSG_NOSIGNAL), kWritable);
}

IoResult Stream::Writev(const iovec* parts, int count) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kWritable)) return {IoStatus::kAgain, 0, 0};
  if (tls_ != nullptr) return tls_->Writev(parts, count);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return Finish(::sendmsg(fd(), &message, MSG_NOSIGNAL), kWritable);
}

IoResult Stream::SpliceIn(int pipe_write_end, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kReadable)) return {IoStatus::kAgain, 0, 0};
  ssize_t n =
      ::splice(fd(), nullptr, pipe_write_end, nullptr, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  return Finish(n, kReadable);
}

IoResult Stream::SpliceOut(int pipe_read_end, size_t bytes, bool more) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kWritable)) return {IoStatus::kAgain, 0, 0};
  unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0u);
  return Finish(::splice(pipe_read_end, nullptr, fd(), nullptr, bytes, flags), kWritable);
}

void Stream::ShutdownWrite() {
  if (tls_ != nullptr && !is_aborted_) tls_->SendClose();
  ::shutdown(fd(), SHUT_WR);
}

void Stream::ResetOnClose() {
  resets_on_close_ = true;
  SetResetOnClose(fd());
}

void Stream::Abort() {
  is_aborted_ = true;
  Raise(kReadable | kWritable | kSignalled);
}

bool Stream::IsQuiet() {
  if (tls_ != nullptr) return tls_->IsQuiet();
  char byte;
  ssize_t n = ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && errno == EAGAIN;
}

event::Task<absl::Status> WaitConnected(Stream* stream, SteadyTime deadline) {
  event::WakeReason reason =
      co_await event::Wait(stream->loop(), {stream, kWritable | kHungUp}, deadline);
  if (stream->is_aborted()) co_return absl::CancelledError("connection attempt aborted");
  if (reason == event::WakeReason::kTimeout) {
    co_return absl::DeadlineExceededError("connection attempt timed out");
  }
  if (int error = ConnectError(stream->fd()); error != 0) co_return ErrnoStatus(error, "connect");
  co_return absl::OkStatus();
}

event::Task<absl::Status> Handshake(Stream* stream, SteadyTime deadline, uint8_t given_up_at) {
  for (;;) {
    const TlsStep step = stream->tls()->Handshake();
    if (stream->is_aborted()) co_return absl::CancelledError("TLS handshake aborted");
    if (step == TlsStep::kDone) co_return absl::OkStatus();
    if (step == TlsStep::kFailed) co_return absl::UnavailableError(stream->tls()->error());
    if (stream->is_ready(given_up_at)) co_return absl::CancelledError("TLS handshake given up");
    const uint8_t awaited =
        (step == TlsStep::kWantRead ? kReadable | kHungUp : kWritable) | given_up_at;
    // Seen already: nothing more will come of it.
    if (step == TlsStep::kWantRead && stream->is_ready(kHungUp)) {
      co_return absl::UnavailableError("the peer hung up");
    }
    const event::WakeReason why = co_await event::Wait(stream->loop(), {stream, awaited}, deadline);
    if (why == event::WakeReason::kTimeout) {
      co_return absl::DeadlineExceededError("TLS handshake timed out");
    }
  }
}

}  // namespace lb::net
