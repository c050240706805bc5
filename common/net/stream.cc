#include "common/net/stream.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "common/base/status.h"

namespace lb::net {

using event::kHungUp;
using event::kReadable;
using event::kSignalled;
using event::kWritable;

Stream::Stream(event::EventLoop* loop, UniqueFd fd, bool is_connected)
    : Pollable(loop), owned_(std::move(fd)) {
  if (is_connected) Raise(kWritable);
  Watch(owned_.get());
}

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
  ssize_t n = ::recv(fd(), space, bytes, 0);
  IoResult result = Finish(n, kReadable);
  // Short: drained. But a hang-up seen together with the data will not be announced again.
  if (result.ok() && result.bytes < bytes && !is_ready(kHungUp)) Clear(kReadable);
  return result;
}

IoResult Stream::Write(const char* text, size_t bytes) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kWritable)) return {IoStatus::kAgain, 0, 0};
  ssize_t n = ::send(fd(), text, bytes, MSG_NOSIGNAL);
  return Finish(n, kWritable);
}

IoResult Stream::Writev(const iovec* parts, int count) {
  if (is_aborted_) return {IoStatus::kAborted, 0, 0};
  if (!is_ready(kWritable)) return {IoStatus::kAgain, 0, 0};
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

void Stream::ShutdownWrite() { ::shutdown(fd(), SHUT_WR); }

void Stream::Abort() {
  is_aborted_ = true;
  Raise(kReadable | kWritable | kSignalled);
}

bool Stream::IsQuiet() const {
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

}  // namespace lb::net
