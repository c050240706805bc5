// TlsChannel: TLS between a Stream and its socket. A part of Stream: its methods are called by it
// alone.
//
// OpenSSL reads and writes the socket through a BIO that knows the stream's readiness, so that no
// system call is made to learn that there is nothing. The stream's kReadable says whether a Read()
// may bring something; the socket's own readiness is kSocketReadable, since a record that was read
// whole may be given out in parts.
#ifndef LB_COMMON_NET_TLS_CHANNEL_H_
#define LB_COMMON_NET_TLS_CHANNEL_H_

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>

#include "common/tls/openssl_ptr.h"

namespace lb::net {

class Stream;
struct IoResult;

enum class TlsStep : uint8_t {
  kDone,
  kWantRead,   // wait until the stream is readable
  kWantWrite,  // wait until the stream is writable
  kFailed,     // error() says why
};

class TlsChannel {
 public:
  // `context` is kept alive as long as the connection.
  TlsChannel(Stream* stream, tls::SslPtr connection, std::shared_ptr<const void> context);
  ~TlsChannel();

  TlsStep Handshake();
  IoResult Read(char* space, size_t bytes);
  IoResult Writev(const iovec* parts, int count);
  // Nothing has come but what TLS itself sends (tickets, key updates).
  bool IsQuiet();
  // Says that no more is to come (close_notify), if it can be said at once.
  void SendClose();

  SSL* connection() const { return connection_.get(); }
  // Why the handshake or a later call failed; empty: it did not.
  const std::string& error() const { return error_; }
  // The same as OpenSSL's number; 0: none, or it was the system's.
  unsigned long error_code() const { return error_code_; }  // NOLINT: OpenSSL's type
  // The peer closed the connection without saying so in TLS first: what came may be cut short.
  bool is_truncated() const { return is_truncated_; }
  // What failed did so because the peer has closed or reset the connection.
  bool is_closed_by_peer() const { return is_closed_by_peer_; }

 private:
  IoResult Failed(int result, bool is_read);

  Stream* const stream_;
  const std::shared_ptr<const void> context_;  // outlives connection_
  const tls::SslPtr connection_;
  std::string error_;
  unsigned long error_code_ = 0;  // NOLINT: OpenSSL's type
  bool is_open_ = false;          // after the handshake, until anything failed
  bool is_truncated_ = false;
  bool is_closed_by_peer_ = false;
  bool read_wants_write_ = false;
};

// Has `stream` speak TLS over `connection`, whose context is kept alive with it.
void StartTls(Stream* stream, tls::SslPtr connection, std::shared_ptr<const void> context);

}  // namespace lb::net

#endif  // LB_COMMON_NET_TLS_CHANNEL_H_
