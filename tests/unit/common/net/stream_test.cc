#include "common/net/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

namespace lb::net {
namespace {

using event::kHungUp;
using event::kReadable;
using event::kWritable;

// A stream and the other end of its connection.
class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    peer_.Reset(fds[1]);
    stream_.emplace(&loop_, UniqueFd(fds[0]), /*is_connected=*/true);
  }

  void Turn() { loop_.RunOnce(Millis(0)); }
  void PeerSends(const std::string& text) {
    ASSERT_EQ(send(peer_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    Turn();
  }
  std::string PeerReads() {
    char space[64];
    const ssize_t n = recv(peer_.get(), space, sizeof(space), 0);
    return n > 0 ? std::string(space, static_cast<size_t>(n)) : "";
  }
  IoResult Read(size_t bytes) { return stream_->Read(space_, bytes); }

  event::EventLoop loop_;
  UniqueFd peer_;
  std::optional<Stream> stream_;
  char space_[64];
};

TEST_F(StreamTest, ReadsWhatIsThereAndThenSaysAgain) {
  EXPECT_EQ(Read(10).status, IoStatus::kAgain);
  PeerSends("hello");
  const IoResult first = Read(3);
  EXPECT_TRUE(first.ok());
  EXPECT_EQ(std::string(space_, first.bytes), "hel");
  const IoResult second = Read(10);
  EXPECT_EQ(std::string(space_, second.bytes), "lo");
  EXPECT_FALSE(stream_->is_ready(kReadable)) << "a short read has drained it";
  EXPECT_EQ(Read(10).status, IoStatus::kAgain);
  PeerSends("more");
  EXPECT_EQ(Read(10).bytes, 4u);
}

TEST_F(StreamTest, APeekLeavesTheBytesWhereTheyAre) {
  EXPECT_EQ(stream_->Peek(space_, 10).status, IoStatus::kAgain);
  PeerSends("hello");
  EXPECT_EQ(stream_->Peek(space_, 3).bytes, 3u);
  EXPECT_EQ(stream_->Peek(space_, 10).bytes, 5u);
  stream_->Clear(kReadable);
  PeerSends("!");
  EXPECT_TRUE(stream_->is_ready(kReadable)) << "what comes later is announced";
  const IoResult got = Read(10);
  EXPECT_EQ(std::string(space_, got.bytes), "hello!");
}

TEST_F(StreamTest, TheEndIsSeenAfterTheLastBytes) {
  PeerSends("bye");
  peer_.Reset();
  Turn();
  EXPECT_EQ(Read(10).bytes, 3u);
  const IoResult end = Read(10);
  EXPECT_EQ(end.status, IoStatus::kEof);
  EXPECT_TRUE(end.is_end());
}

TEST_F(StreamTest, TheEndIsSeenWhenItComesWithTheBytes) {
  ASSERT_EQ(send(peer_.get(), "bye", 3, 0), 3);
  peer_.Reset();
  Turn();  // one event for both
  EXPECT_EQ(Read(10).bytes, 3u);
  EXPECT_EQ(Read(10).status, IoStatus::kEof);
}

TEST_F(StreamTest, WritesUntilThePeerMustRead) {
  const std::string block(1 << 16, 'x');
  size_t sent = 0;
  IoResult put;
  while ((put = stream_->Write(block.data(), block.size())).ok()) sent += put.bytes;
  EXPECT_EQ(put.status, IoStatus::kAgain);
  EXPECT_GT(sent, 0u);
  EXPECT_FALSE(stream_->is_ready(kWritable));
  std::string sink(1 << 16, '\0');
  while (recv(peer_.get(), sink.data(), sink.size(), 0) > 0) {
  }
  Turn();
  EXPECT_TRUE(stream_->is_ready(kWritable));
  EXPECT_TRUE(stream_->Write("y", 1).ok());
}

TEST_F(StreamTest, GathersWrites) {
  char a[] = "ab", b[] = "cd";
  const iovec parts[] = {{a, 2}, {b, 2}};
  EXPECT_EQ(stream_->Writev(parts, 2).bytes, 4u);
  EXPECT_EQ(PeerReads(), "abcd");
}

TEST_F(StreamTest, AWriteToAClosedPeerIsAnErrorNotASignal) {
  peer_.Reset();
  const IoResult put = stream_->Write("x", 1);
  EXPECT_EQ(put.status, IoStatus::kError);
  EXPECT_EQ(put.error, EPIPE);
}

TEST_F(StreamTest, SplicesThroughAPipe) {
  int pipe_fds[2];
  ASSERT_EQ(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
  UniqueFd read_end(pipe_fds[0]), write_end(pipe_fds[1]);
  PeerSends("spliced");
  EXPECT_EQ(stream_->SpliceIn(write_end.get(), 100).bytes, 7u);
  EXPECT_EQ(stream_->SpliceOut(read_end.get(), 100, /*more=*/false).bytes, 7u);
  EXPECT_EQ(PeerReads(), "spliced");
}

TEST_F(StreamTest, ShutdownWriteLeavesReadingOpen) {
  stream_->ShutdownWrite();
  char byte;
  EXPECT_EQ(recv(peer_.get(), &byte, 1, 0), 0);
  PeerSends("still");
  EXPECT_EQ(Read(10).bytes, 5u);
}

TEST_F(StreamTest, AbortFailsEverythingAndWakesTheWaiter) {
  static constexpr auto kWait = [](Stream* stream, bool* is_awake) -> event::Task<void> {
    co_await event::Wait(stream->loop(), {stream, kReadable}, SteadyTime::max());
    *is_awake = true;
  };
  bool is_awake = false;
  event::Root root;
  root.Start(kWait(&*stream_, &is_awake));
  stream_->Abort();
  Turn();
  EXPECT_TRUE(is_awake);
  EXPECT_EQ(Read(10).status, IoStatus::kAborted);
  EXPECT_EQ(stream_->Write("x", 1).status, IoStatus::kAborted);
}

TEST_F(StreamTest, KnowsWhetherAConnectionAtRestIsStillGood) {
  EXPECT_TRUE(stream_->IsQuiet());
  ASSERT_EQ(send(peer_.get(), "x", 1, 0), 1);
  EXPECT_FALSE(stream_->IsQuiet());
  Turn();
  Read(1);
  EXPECT_TRUE(stream_->IsQuiet());
  peer_.Reset();
  EXPECT_FALSE(stream_->IsQuiet());
}

class WaitConnectedTest : public ::testing::Test {
 protected:
  WaitConnectedTest() : loop_(clock_) {}

  static event::Task<void> Keep(Stream* stream, SteadyTime deadline,
                                std::optional<absl::Status>* result) {
    *result = co_await WaitConnected(stream, deadline);
  }
  // Starts a connection; false when the kernel refuses at once.
  bool Start(const Address& address) {
    absl::StatusOr<UniqueFd> fd = StartConnect(address, ConnectOptions{});
    if (!fd.ok()) return false;
    stream_.emplace(&loop_, std::move(*fd), /*is_connected=*/false);
    root_.Start(Keep(&*stream_, clock_.Now() + Millis(100), &result_));
    return true;
  }
  void RunUntilDone() {
    for (int i = 0; i < 2000 && !result_; ++i) loop_.RunOnce(Millis(5));
    ASSERT_TRUE(result_);
  }

  FakeClock clock_;
  event::EventLoop loop_;
  std::optional<Stream> stream_;
  event::Root root_;
  std::optional<absl::Status> result_;
};

TEST_F(WaitConnectedTest, EndsWhenConnected) {
  absl::StatusOr<UniqueFd> listener = Listen(*Address::FromIp("127.0.0.1", 0), ListenOptions{});
  ASSERT_TRUE(listener.ok());
  ASSERT_TRUE(Start(Address::LocalOf(listener->get())));
  RunUntilDone();
  EXPECT_TRUE(result_->ok()) << *result_;
  EXPECT_TRUE(stream_->Write("x", 1).ok());
}

TEST_F(WaitConnectedTest, EndsWhenRefused) {
  absl::StatusOr<UniqueFd> bound = BindSocket(*Address::FromIp("127.0.0.1", 0), ListenOptions{});
  ASSERT_TRUE(bound.ok());
  if (!Start(Address::LocalOf(bound->get()))) GTEST_SKIP() << "refused at once";
  RunUntilDone();
  EXPECT_EQ(result_->message(), "connect: Connection refused");
}

TEST_F(WaitConnectedTest, EndsAtTheDeadlineOrWhenAborted) {
  ListenOptions full;
  full.backlog = 0;
  absl::StatusOr<UniqueFd> listener = Listen(*Address::FromIp("127.0.0.1", 0), full);
  ASSERT_TRUE(listener.ok());
  const Address address = Address::LocalOf(listener->get());
  std::vector<UniqueFd> fillers;
  for (int i = 0; i < 4; ++i) fillers.push_back(*StartConnect(address, ConnectOptions{}));
  ASSERT_TRUE(Start(address));
  loop_.RunOnce(Millis(0));
  EXPECT_FALSE(result_);
  clock_.Advance(Millis(100));
  RunUntilDone();
  EXPECT_TRUE(absl::IsDeadlineExceeded(*result_));

  root_.Cancel();
  result_.reset();
  ASSERT_TRUE(Start(address));
  stream_->Abort();
  RunUntilDone();
  EXPECT_TRUE(absl::IsCancelled(*result_));
}

}  // namespace
}  // namespace lb::net
