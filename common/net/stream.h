// Stream: one connected, non-blocking byte stream and its readiness.
//
// The pattern of every reader and writer:
//
//   IoResult got = stream.Read(space, bytes);
//   if (got.status == IoStatus::kAgain) {
//     WakeReason why = co_await Wait(loop, {&stream, kReadable}, deadline);
//     ...
//
// A read that returns fewer bytes than it had room for has drained the socket, so the next Read()
// says kAgain without a system call, unless the peer has hung up. Abort() makes every later call
// fail with kAborted and wakes the waiter: that is how a session is ended from outside.
// Loop thread only.
#ifndef LB_COMMON_NET_STREAM_H_
#define LB_COMMON_NET_STREAM_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/unique_fd.h"
#include "common/event/event_loop.h"
#include "common/event/task.h"
#include "common/event/waiter.h"
#include "common/net/socket.h"

namespace lb::net {

enum class IoStatus : uint8_t {
  kOk,       // `bytes` were moved, at least 1
  kAgain,    // wait for readiness
  kEof,      // reads only: the peer has shut down its side
  kError,    // `error` is an errno
  kAborted,  // Abort() was called
};

struct IoResult {
  IoStatus status = IoStatus::kAgain;
  size_t bytes = 0;
  int error = 0;
  bool ok() const { return status == IoStatus::kOk; }
  // The stream is of no further use in this direction.
  bool is_end() const { return status != IoStatus::kOk && status != IoStatus::kAgain; }
};

class Stream : public event::Pollable {
 public:
  // Takes a connected (or connecting) non-blocking socket and registers it with the loop.
  // `is_connected`: writing may be tried at once.
  Stream(event::EventLoop* loop, UniqueFd fd, bool is_connected);
  ~Stream() { UnwatchToClose(); }

  IoResult Read(char* space, size_t bytes);
  IoResult Write(const char* text, size_t bytes);
  IoResult Writev(const iovec* parts, int count);
  // Moves at most `bytes` from the stream into / out of a pipe, without copying (splice(2)).
  IoResult SpliceIn(int pipe_write_end, size_t bytes);
  IoResult SpliceOut(int pipe_read_end, size_t bytes, bool more);

  // Sends FIN once what was written has gone; reading goes on.
  void ShutdownWrite();
  void Abort();
  bool is_aborted() const { return is_aborted_; }
  // For a connection at rest: whether it still is open and has sent nothing (a peek at the socket).
  bool IsQuiet() const;
  // Closing will reset the connection instead of finishing it in order.
  void ResetOnClose() { SetResetOnClose(fd()); }

 private:
  IoResult Finish(ssize_t n, uint8_t direction);

  UniqueFd owned_;
  bool is_aborted_ = false;
};

// Waits until `stream`'s connection attempt has ended; ok, DEADLINE_EXCEEDED, CANCELLED (aborted)
// or what the kernel said. The stream must outlive the task.
event::Task<absl::Status> WaitConnected(Stream* stream, SteadyTime deadline);

}  // namespace lb::net

#endif  // LB_COMMON_NET_STREAM_H_
