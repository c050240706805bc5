#include "common/net/tls_channel.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/net/stream.h"

namespace lb::net {
namespace {

// Of plaintext in one record (RFC 8446 section 5.1).
constexpr size_t kMaxRecordBytes = 16384;

Stream* StreamOf(BIO* bio) { return static_cast<Stream*>(BIO_get_data(bio)); }

int BioRead(BIO* bio, char* space, size_t bytes, size_t* read) {
  BIO_clear_retry_flags(bio);
  const IoResult result = StreamOf(bio)->ReadSocket(space, bytes);
  *read = result.bytes;
  if (result.ok()) return 1;
  if (result.status == IoStatus::kAgain) BIO_set_retry_read(bio);
  if (result.status == IoStatus::kEof) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  errno = result.error;
  return 0;
}

int BioWrite(BIO* bio, const char* text, size_t bytes, size_t* written) {
  BIO_clear_retry_flags(bio);
  const IoResult result = StreamOf(bio)->WriteSocket(text, bytes);
  *written = result.bytes;
  if (result.ok()) return 1;
  if (result.status == IoStatus::kAgain) BIO_set_retry_write(bio);
  errno = result.error;
  return 0;
}

long BioControl(BIO* bio, int command, long, void*) {  // NOLINT: OpenSSL's types
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lb stream");
    LB_CHECK(made != nullptr);
    BIO_meth_set_read_ex(made, BioRead);
    BIO_meth_set_write_ex(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

}  // namespace

TlsChannel::TlsChannel(Stream* stream, tls::SslPtr connection, std::shared_ptr<const void> context)
    : stream_(stream), context_(std::move(context)), connection_(std::move(connection)) {
  BIO* bio = BIO_new(Method());
  LB_CHECK(bio != nullptr);
  BIO_set_data(bio, stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(connection_.get(), bio, bio);
}

TlsChannel::~TlsChannel() {
  // OpenSSL takes a session for bad, and will not resume it, when its connection goes without a
  // close_notify; many a good one does (reset once it is idle, or cut by the peer).
  if (error_.empty()) {
    SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

TlsStep TlsChannel::Handshake() {
  read_wants_write_ = false;
  ERR_clear_error();
  const int result = SSL_do_handshake(connection_.get());
  if (result == 1) {
    is_open_ = true;
    // What came behind the peer's last message is with OpenSSL already.
    if (SSL_has_pending(connection_.get()) == 1) stream_->Raise(event::kReadable);
    return TlsStep::kDone;
  }
  const IoResult failed = Failed(result, /*is_read=*/true);
  if (failed.status != IoStatus::kAgain) return TlsStep::kFailed;
  return read_wants_write_ ? TlsStep::kWantWrite : TlsStep::kWantRead;
}

IoResult TlsChannel::Read(char* space, size_t bytes) {
  ERR_clear_error();
  size_t read = 0;
  const int result = SSL_read_ex(connection_.get(), space, bytes, &read);
  if (result != 1) return Failed(result, /*is_read=*/true);
  if (!stream_->is_ready(event::kSocketReadable) && SSL_has_pending(connection_.get()) == 0) {
    stream_->Clear(event::kReadable);
  }
  return {IoStatus::kOk, read, 0};
}

// One record for as much as fits into one: small parts leave together. A record that could not
// leave is offered again with the same bytes by the next call, as OpenSSL demands: callers repeat
// what was not taken.
IoResult TlsChannel::Writev(const iovec* parts, int count) {
  thread_local std::array<char, kMaxRecordBytes> gathered;
  size_t taken = 0;
  int part = 0;
  size_t offset = 0;  // in parts[part]
  while (part < count) {
    std::string_view record;
    if (part + 1 == count || parts[part].iov_len - offset >= kMaxRecordBytes) {
      record = {static_cast<const char*>(parts[part].iov_base) + offset,
                std::min(parts[part].iov_len - offset, kMaxRecordBytes)};
    } else {
      size_t filled = 0;
      size_t from = offset;
      for (int i = part; i < count && filled < kMaxRecordBytes; ++i, from = 0) {
        const size_t bytes = std::min(parts[i].iov_len - from, kMaxRecordBytes - filled);
        std::memcpy(gathered.data() + filled, static_cast<const char*>(parts[i].iov_base) + from,
                    bytes);
        filled += bytes;
      }
      record = {gathered.data(), filled};
    }
    if (record.empty()) break;
    ERR_clear_error();
    size_t written = 0;
    const int result = SSL_write_ex(connection_.get(), record.data(), record.size(), &written);
    if (result != 1) {
      const IoResult failed = Failed(result, /*is_read=*/false);
      if (taken > 0 && failed.status == IoStatus::kAgain) break;
      return failed;
    }
    taken += written;
    offset += written;
    while (part < count && offset >= parts[part].iov_len) offset -= parts[part++].iov_len;
  }
  return {IoStatus::kOk, taken, 0};
}

IoResult TlsChannel::Failed(int result, bool is_read) {
  const int error = SSL_get_error(connection_.get(), result);
  switch (error) {
    case SSL_ERROR_WANT_READ:
      stream_->Clear(is_read ? event::kReadable : event::kWritable);
      return {IoStatus::kAgain, 0, 0};
    case SSL_ERROR_WANT_WRITE:
      // BioWrite has cleared kWritable. A read that has something to send first (a key update) goes
      // on when it has gone.
      if (is_read) {
        stream_->Clear(event::kReadable);
        stream_->set_writable_wakes_reader(true);
        read_wants_write_ = true;
      }
      return {IoStatus::kAgain, 0, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kEof, 0, 0};
    default:
      break;
  }
  is_open_ = false;
  const int system_error = errno;
  error_code_ = ERR_peek_error();
  if (stream_->is_aborted()) return {IoStatus::kAborted, 0, 0};
  if (error == SSL_ERROR_SSL &&
      ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    is_truncated_ = is_closed_by_peer_ = true;
    error_ = tls::TakeError();
    return {is_read ? IoStatus::kEof : IoStatus::kError, 0, ECONNRESET};
  }
  if (error == SSL_ERROR_SYSCALL) {
    is_closed_by_peer_ = true;
    error_ = std::strerror(system_error);
    ERR_clear_error();
    return {IoStatus::kError, 0, system_error};
  }
  error_ = tls::TakeError();
  return {IoStatus::kError, 0, EPROTO};
}

bool TlsChannel::IsQuiet() {
  if (!is_open_) return false;
  ERR_clear_error();
  char byte;
  size_t read = 0;
  const int result = SSL_peek_ex(connection_.get(), &byte, 1, &read);
  return result != 1 && Failed(result, /*is_read=*/true).status == IoStatus::kAgain;
}

void StartTls(Stream* stream, tls::SslPtr connection, std::shared_ptr<const void> context) {
  stream->StartTls(std::make_unique<TlsChannel>(stream, std::move(connection), std::move(context)));
}

void TlsChannel::SendClose() {
  if (!is_open_) return;
  is_open_ = false;
  ERR_clear_error();
  SSL_shutdown(connection_.get());
  ERR_clear_error();
}

}  // namespace lb::net
