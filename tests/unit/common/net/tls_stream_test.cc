#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/net/stream.h"
#include "common/net/tls_channel.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"
#include "tests/testing/certs.h"

namespace lb::net {
namespace {

using event::kReadable;
using event::kWritable;

// Two streams that speak TLS to each other, after the handshake.
class TlsStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    client_.emplace(&loop_, UniqueFd(fds[0]), /*is_connected=*/true);
    server_.emplace(&loop_, UniqueFd(fds[1]), /*is_connected=*/true);
    tls::ServerSettings server;
    server.entries.emplace_back().certificate = testing::TestCertificate("site.pem");
    auto server_context = tls::ServerContext::Make(server);
    auto client_context = tls::ClientContext::Make({});
    ASSERT_TRUE(server_context.ok() && client_context.ok());
    StartTls(&*server_, (*server_context)->NewConnection(), *server_context);
    StartTls(&*client_, (*client_context)->NewConnection("www.example.test"), *client_context);
    client_root_.Start(Shake(&*client_, &client_status_), [] {});
    server_root_.Start(Shake(&*server_, &server_status_), [] {});
    for (int i = 0; i < 50 && !(client_status_ && server_status_); ++i) Turn();
    ASSERT_TRUE(client_status_.has_value() && client_status_->ok());
    ASSERT_TRUE(server_status_.has_value() && server_status_->ok());
  }

  static event::Task<void> Shake(Stream* stream, std::optional<absl::Status>* status) {
    absl::Status result = co_await Handshake(stream, stream->loop()->now() + Millis(5000));
    *status = std::move(result);
  }

  void Turn() { loop_.RunOnce(Millis(10)); }
  // Everything that `stream` has to give, and how it ended.
  std::string ReadAll(Stream* stream, IoStatus* end, size_t piece = 1000) {
    std::string text;
    std::string space(piece, '\0');
    for (;;) {
      const IoResult got = stream->Read(space.data(), space.size());
      *end = got.status;
      if (!got.ok()) return text;
      text.append(space.data(), got.bytes);
    }
  }

  event::EventLoop loop_;
  std::optional<Stream> client_;
  std::optional<Stream> server_;
  std::optional<absl::Status> client_status_;
  std::optional<absl::Status> server_status_;
  event::Root client_root_;
  event::Root server_root_;
};

TEST_F(TlsStreamTest, CarriesBytesBothWays) {
  EXPECT_EQ(client_->Write("hello", 5).bytes, 5u);
  Turn();
  IoStatus end;
  EXPECT_EQ(ReadAll(&*server_, &end), "hello");
  EXPECT_EQ(end, IoStatus::kAgain);
  EXPECT_EQ(server_->Write("back", 4).bytes, 4u);
  Turn();
  EXPECT_EQ(ReadAll(&*client_, &end), "back");
}

TEST_F(TlsStreamTest, ARecordReadInPartsStaysReadableUntilItIsGone) {
  client_->Write("hello", 5);
  Turn();
  char space[3];
  EXPECT_EQ(server_->Read(space, 3).bytes, 3u);
  EXPECT_TRUE(server_->is_ready(kReadable)) << "the rest is with OpenSSL, not in the socket";
  EXPECT_EQ(server_->Read(space, 3).bytes, 2u);
  EXPECT_FALSE(server_->is_ready(kReadable));
}

TEST_F(TlsStreamTest, PartsLeaveInOneRecord) {
  const iovec parts[] = {{const_cast<char*>("head "), 5}, {const_cast<char*>("body"), 4}};
  EXPECT_EQ(client_->Writev(parts, 2).bytes, 9u);
  Turn();
  char space[64];
  EXPECT_EQ(server_->Read(space, sizeof(space)).bytes, 9u);
}

TEST_F(TlsStreamTest, WhatDoesNotFitIsOfferedAgain) {
  std::string sent;
  for (size_t i = 0; i < 4 << 20; ++i) sent.push_back(static_cast<char>('a' + i % 23));
  std::string received;
  size_t offset = 0;
  bool was_full = false;
  for (int turn = 0; turn < 10'000 && received.size() < sent.size(); ++turn) {
    while (offset < sent.size()) {
      // In two parts, cut anew each time, as sinks with a pending head do.
      const size_t first = std::min<size_t>(3000, sent.size() - offset);
      const size_t second = std::min<size_t>(40'000, sent.size() - offset - first);
      const iovec parts[] = {{sent.data() + offset, first}, {sent.data() + offset + first, second}};
      const IoResult result = client_->Writev(parts, 2);
      if (!result.ok()) {
        ASSERT_EQ(result.status, IoStatus::kAgain);
        EXPECT_FALSE(client_->is_ready(kWritable));
        was_full = true;
        break;
      }
      offset += result.bytes;
    }
    Turn();
    IoStatus end;
    received += ReadAll(&*server_, &end, 16384);
    ASSERT_EQ(end, IoStatus::kAgain);
    Turn();
  }
  EXPECT_TRUE(was_full);
  EXPECT_EQ(received, sent);
}

TEST_F(TlsStreamTest, AnOrderlyEndIsToldFromACut) {
  client_->ShutdownWrite();
  Turn();
  IoStatus end;
  EXPECT_EQ(ReadAll(&*server_, &end), "");
  EXPECT_EQ(end, IoStatus::kEof);
  EXPECT_FALSE(server_->is_truncated());

  ::shutdown(server_->fd(), SHUT_WR);  // without a word of TLS
  Turn();
  ReadAll(&*client_, &end);
  EXPECT_EQ(end, IoStatus::kEof);
  EXPECT_TRUE(client_->is_truncated());
}

TEST_F(TlsStreamTest, ClosingSaysSoInTls) {
  client_.reset();
  Turn();
  IoStatus end;
  ReadAll(&*server_, &end);
  EXPECT_EQ(end, IoStatus::kEof);
  EXPECT_FALSE(server_->is_truncated());
}

TEST_F(TlsStreamTest, TicketsDoNotDisturbTheQuiet) {
  // The server's ticket of TLS 1.3 is still in the client's socket.
  EXPECT_TRUE(client_->IsQuiet());
  server_->Write("x", 1);
  Turn();
  EXPECT_FALSE(client_->IsQuiet());
  char byte;
  EXPECT_EQ(client_->Read(&byte, 1).bytes, 1u) << "looking takes nothing";
}

TEST_F(TlsStreamTest, RubbishIsAnErrorAndAbortEndsAll) {
  ASSERT_EQ(::send(client_->fd(), "this is no record", 17, 0), 17);
  Turn();
  IoStatus end;
  ReadAll(&*server_, &end);
  EXPECT_EQ(end, IoStatus::kError);
  EXPECT_FALSE(server_->tls()->error().empty());
  client_->Abort();
  ReadAll(&*client_, &end);
  EXPECT_EQ(end, IoStatus::kAborted);
}

}  // namespace
}  // namespace lb::net
