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
//
// After StartTls() and Handshake() the same calls move plaintext over TLS. A Write() that moved
// nothing must then be repeated with the same bytes, with more behind them at most.
// Loop thread only.
#ifndef LB_COMMON_NET_STREAM_H_
#define LB_COMMON_NET_STREAM_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/unique_fd.h"
#include "common/event/event_loop.h"
#include "common/event/task.h"
#include "common/event/waiter.h"
#include "common/net/socket.h"

struct ssl_st;  // OpenSSL's SSL; its headers are heavy

namespace lb::net {

class TlsChannel;

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
  ~Stream();

  // From now on the bytes on the socket are TLS records; see StartTls() in tls_channel.h.
  void StartTls(std::unique_ptr<TlsChannel> channel);
  // Null: plain.
  TlsChannel* tls() const { return tls_.get(); }
  bool is_tls() const { return tls_ != nullptr; }
  // The connection for OpenSSL's functions; null: plain.
  ssl_st* ssl() const;
  // The end that was read may be an attacker's: TLS did not announce it.
  bool is_truncated() const;

  IoResult Read(char* space, size_t bytes);
  // As Read(), but the bytes stay in the socket: the next call begins with them again. Who needs
  // more of them than came clears kReadable and waits.
  IoResult Peek(char* space, size_t bytes);
  IoResult Write(const char* text, size_t bytes);
  IoResult Writev(const iovec* parts, int count);
  // Moves at most `bytes` from the stream into / out of a pipe, without copying (splice(2)). Not
  // over TLS.
  IoResult SpliceIn(int pipe_write_end, size_t bytes);
  IoResult SpliceOut(int pipe_read_end, size_t bytes, bool more);

  // Sends FIN once what was written has gone; reading goes on.
  void ShutdownWrite();
  void Abort();
  bool is_aborted() const { return is_aborted_; }
  // For a connection at rest: whether it still is open and has sent nothing (a peek at the socket).
  bool IsQuiet();
  // Closing will reset the connection instead of finishing it in order.
  void ResetOnClose();

  // The socket itself, for TLS: as Read() and Write(), and of the same readiness but for
  // kSocketReadable.
  IoResult ReadSocket(char* space, size_t bytes);
  IoResult WriteSocket(const char* text, size_t bytes);

 private:
  friend class TlsChannel;
  IoResult Finish(ssize_t n, uint8_t direction);

  UniqueFd owned_;
  std::unique_ptr<TlsChannel> tls_;  // null: plain
  bool is_aborted_ = false;
  bool resets_on_close_ = false;
};

// Waits until `stream`'s connection attempt has ended; ok, DEADLINE_EXCEEDED, CANCELLED (aborted)
// or what the kernel said. The stream must outlive the task.
event::Task<absl::Status> WaitConnected(Stream* stream, SteadyTime deadline);

// Does the handshake of a stream after StartTls(). Ok, DEADLINE_EXCEEDED, CANCELLED (aborted, or
// the stream was raised with one of `given_up_at`), or UNAVAILABLE with OpenSSL's reason. The
// stream must outlive the task.
event::Task<absl::Status> Handshake(Stream* stream, SteadyTime deadline, uint8_t given_up_at = 0);

}  // namespace lb::net

#endif  // LB_COMMON_NET_STREAM_H_
