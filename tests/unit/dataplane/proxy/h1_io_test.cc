#include "dataplane/proxy/h1_io.h"

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/testing/test_peer.h"

namespace lb::proxy {
namespace {

using http::Framing;
using testing::TestPeer;
using Status = MessageSink::Status;

constexpr size_t kBufferBytes = 1024;

// A stream of ours and the peer at its other end.
class H1IoTest : public ::testing::Test {
 protected:
  H1IoTest() : pool_(kBufferBytes), in_(&pool_) {
    int ends[2];
    LB_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    int small = 4096;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    stream_ = std::make_unique<net::Stream>(&loop_, UniqueFd(ends[0]), /*is_connected=*/true);
    peer_ = std::make_unique<TestPeer>(UniqueFd(ends[1]));
  }
  void Turn() { loop_.RunOnce(Millis(0)); }

  // Reads all that can be had now: the pieces in brackets, then how it stopped.
  std::string Drain(H1Source* source) {
    std::string text;
    for (;;) {
      const BodyPiece piece = source->Next();
      switch (piece.status) {
        case BodyPiece::kData:
          absl::StrAppend(&text, "[", std::string(piece.data), "]");
          source->Consume(piece.data.size());
          continue;
        case BodyPiece::kAgain:
          return text + "again";
        case BodyPiece::kDone:
          return text + "done";
        case BodyPiece::kCut:
          return text + "cut";
        case BodyPiece::kInvalid:
          return text + "invalid";
        case BodyPiece::kAborted:
          return text + "aborted";
      }
    }
  }

  event::EventLoop loop_;
  net::BufferPool pool_;
  net::Buffer in_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<TestPeer> peer_;
};

struct SourceCase {
  const char* name;
  Framing framing;
  uint64_t length;
  const char* buffered;  // received behind the head
  std::vector<const char*> sent;
  bool closes;
  const char* outcome;  // of each drain, joined by '|'
  const char* left;     // in the buffer
};

class H1SourceCases : public H1IoTest, public ::testing::WithParamInterface<SourceCase> {};

TEST_P(H1SourceCases, YieldsTheBody) {
  const SourceCase& c = GetParam();
  in_.Reserve();
  in_.Append(c.buffered);
  H1Source source(stream_.get(), &in_);
  source.Start(c.framing, c.length, http::Limits());
  std::string outcome = Drain(&source);
  for (const char* text : c.sent) {
    peer_->Send(text);
    Turn();
    absl::StrAppend(&outcome, "|", Drain(&source));
  }
  if (c.closes) {
    peer_->Close();
    Turn();
    absl::StrAppend(&outcome, "|", Drain(&source));
  }
  EXPECT_EQ(outcome, c.outcome);
  EXPECT_EQ(in_.readable(), c.left);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, H1SourceCases,
    ::testing::Values(
        SourceCase{"None", Framing::kNone, 0, "GET /next", {}, false, "done", "GET /next"},
        SourceCase{"LengthBuffered", Framing::kLength, 3, "abcGET", {}, false, "[abc]done", "GET"},
        SourceCase{"LengthInParts",
                   Framing::kLength,
                   5,
                   "ab",
                   {"cd", "e"},
                   false,
                   "[ab]again|[cd]again|[e]done",
                   ""},
        SourceCase{
            "LengthCut", Framing::kLength, 5, "ab", {"c"}, true, "[ab]again|[c]again|cut", ""},
        SourceCase{"Chunks",
                   Framing::kChunked,
                   0,
                   "3\r\nabc\r\n",
                   {"2\r\nde", "\r\n0\r\n\r\nX"},
                   false,
                   "[abc]again|[de]again|done",
                   "X"},
        SourceCase{"ChunkSizeSplit",
                   Framing::kChunked,
                   0,
                   "1",
                   {"0", "\r\n0123456789abcdef\r\n0\r", "\n\r\n"},
                   false,
                   "again|again|[0123456789abcdef]again|done",
                   ""},
        SourceCase{
            "ChunkInvalid", Framing::kChunked, 0, "", {"zz\r\n"}, false, "again|invalid", "zz\r\n"},
        SourceCase{"ChunkCut", Framing::kChunked, 0, "3\r\nab", {}, true, "[ab]again|cut", ""},
        SourceCase{
            "UntilClose", Framing::kUntilClose, 0, "a", {"b"}, true, "[a]again|[b]again|done", ""}),
    [](const auto& param) { return param.param.name; });

TEST_F(H1IoTest, AWaitingSourceHoldsNoBuffer) {
  H1Source source(stream_.get(), &in_);
  source.Start(Framing::kLength, 10, http::Limits());
  peer_->Send("abc");
  Turn();
  EXPECT_EQ(Drain(&source), "[abc]again");
  EXPECT_FALSE(in_.has_memory());
}

TEST_F(H1IoTest, APieceStaysUntilItIsConsumed) {
  in_.Reserve();
  in_.Append("4\r\nabcd\r\n0\r\n\r\n");
  H1Source source(stream_.get(), &in_);
  source.Start(Framing::kChunked, 0, http::Limits());
  EXPECT_EQ(source.Next().data, "abcd");
  source.Consume(1);
  EXPECT_FALSE(source.done());
  EXPECT_EQ(source.Next().data, "bcd");
  source.Consume(3);
  EXPECT_EQ(source.Next().status, BodyPiece::kDone);
  EXPECT_TRUE(source.done());
  EXPECT_EQ(source.received_bytes(), 14u);
}

TEST_F(H1IoTest, TrailersAreThereWhenTheBodyIsDone) {
  in_.Reserve();
  in_.Append("1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n");
  H1Source source(stream_.get(), &in_);
  source.Start(Framing::kChunked, 0, http::Limits());
  EXPECT_EQ(Drain(&source), "[a]done");
  ASSERT_EQ(source.trailers().size(), 1u);
  EXPECT_EQ(source.trailers()[0].value, "7");
}

TEST_F(H1IoTest, AnAbortedStreamEndsTheBody) {
  H1Source source(stream_.get(), &in_);
  source.Start(Framing::kLength, 10, http::Limits());
  EXPECT_EQ(Drain(&source), "again");
  stream_->Abort();
  EXPECT_EQ(Drain(&source), "aborted");
}

TEST_F(H1IoTest, ChecksBufferedChunksWithoutConsumingThem) {
  struct Case {
    Framing framing;
    const char* buffered;
    bool is_valid;
    size_t position = 0;  // of the first wrong byte
  };
  for (const Case& c :
       {Case{Framing::kChunked, "", true},
        Case{Framing::kChunked, "3\r\nabc\r\n0\r\n\r\nGET", true},
        Case{Framing::kChunked, "3\r\nab", true}, Case{Framing::kChunked, "xyz\r\n", false},
        Case{Framing::kChunked, "3\r\nabcdef", false, 6},
        Case{Framing::kChunked, "1\r\na\r\n1\r\nb\r\n-1\r\n", false, 12},
        Case{Framing::kLength, "xyz\r\n", true}}) {
    in_.Clear();
    in_.Reserve();
    in_.Append(c.buffered);
    H1Source source(stream_.get(), &in_);
    source.Start(c.framing, 5, http::Limits());
    EXPECT_EQ(source.IsBufferedValid(), c.is_valid) << c.buffered;
    EXPECT_EQ(source.FindFault().position, c.position) << c.buffered;
    EXPECT_EQ(in_.readable(), c.buffered);
  }
}

http::ResponseHead ResponseOf(const std::string& value) {
  http::ResponseHead head;
  head.status = 200;
  head.reason = "OK";
  if (!value.empty()) head.headers.Add("X-Long", value);
  return head;
}

class H1SinkTest : public H1IoTest {
 protected:
  H1SinkTest() : sink_(stream_.get(), &pool_) {}

  // Writes all of `text`, reading at the other end whenever the sink takes no more.
  void WriteAll(std::string_view text) {
    while (!text.empty()) {
      size_t taken = 99;
      const Status status = sink_.Write({BodyPiece::kData, text}, &taken);
      ASSERT_NE(status, Status::kClosed);
      ASSERT_LE(taken, text.size());
      text.remove_prefix(taken);
      if (status == Status::kAgain) Read();
    }
  }
  void FinishAll(const http::HeaderList& trailers) {
    while (sink_.Finish(trailers) == Status::kAgain) Read();
    Read();
  }
  void Read() {
    Turn();
    peer_->Poll();
    Turn();
  }
  // Fills the socket until it takes no more, so that what follows stays pending.
  size_t Fill() {
    size_t filled = 0;
    const std::string block(512, '.');
    for (;;) {
      net::IoResult result = stream_->Write(block.data(), block.size());
      if (!result.ok()) return filled;
      filled += result.bytes;
    }
  }
  http::FramingPlan Plan(Framing framing, uint64_t length = 0) {
    http::FramingPlan plan;
    plan.framing = framing;
    plan.content_length = length;
    return plan;
  }

  H1Sink sink_;
  const http::HeaderList no_trailers_;
};

TEST_F(H1SinkTest, HeadAndBodyLeaveTogether) {
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(""), Plan(Framing::kLength, 2)));
  EXPECT_TRUE(sink_.has_pending());
  WriteAll("hi");
  FinishAll(no_trailers_);
  EXPECT_EQ(peer_->received, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
  EXPECT_EQ(sink_.TakeSentBytes(), peer_->received.size());
  EXPECT_EQ(sink_.TakeSentBytes(), 0u);
}

TEST_F(H1SinkTest, ChunksAreWholeWhateverASlowReaderTakes) {
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(""), Plan(Framing::kChunked)));
  std::string body;
  for (int i = 0; i < 40; ++i) {
    const std::string piece(static_cast<size_t>(1 + i * 97), static_cast<char>('a' + i % 26));
    WriteAll(piece);
    body += piece;
  }
  http::HeaderList trailers;
  trailers.Add("X-Sum", "7");
  FinishAll(trailers);

  const size_t head_end = peer_->received.find("\r\n\r\n") + 4;
  http::BodyReader reader;
  reader.Start(Framing::kChunked, 0, http::Limits());
  std::string_view rest = std::string_view(peer_->received).substr(head_end);
  std::string decoded;
  while (!reader.done() && !rest.empty()) {
    const http::BodyStep step = reader.Next(rest);
    ASSERT_NE(step.outcome, http::BodyStep::kError);
    decoded += step.data;
    rest.remove_prefix(step.consumed);
  }
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(rest, "");
  EXPECT_EQ(decoded, body);
  EXPECT_EQ(reader.trailers().size(), 1u);
}

TEST_F(H1SinkTest, TrailersThatDoNotFitBehindAPendingHeadWaitForIt) {
  const size_t filled = Fill();
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(std::string(800, 'h')), Plan(Framing::kChunked)));
  http::HeaderList trailers;
  const std::string value(600, 't');
  trailers.Add("X-Sum", value);
  EXPECT_EQ(sink_.Finish(trailers), Status::kAgain);
  FinishAll(trailers);
  const std::string text = peer_->received.substr(filled);
  EXPECT_EQ(text.substr(text.find("\r\n\r\n") + 4), "0\r\nX-Sum: " + value + "\r\n\r\n");
}

TEST_F(H1SinkTest, AHeadThatDoesNotFitIsRefused) {
  EXPECT_FALSE(
      sink_.StartResponse(ResponseOf(std::string(kBufferBytes, 'h')), Plan(Framing::kNone)));
  EXPECT_FALSE(sink_.has_pending());
}

TEST_F(H1SinkTest, AClosedPeerEndsTheMessage) {
  peer_->Close();
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(""), Plan(Framing::kNone)));
  EXPECT_EQ(sink_.Flush(), Status::kClosed);
  EXPECT_EQ(sink_.last_error(), EPIPE);
}

TEST_F(H1SinkTest, RawBytesOnlyGoBehindTheHeadAndWithinTheLength) {
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(""), Plan(Framing::kLength, 10)));
  EXPECT_EQ(sink_.raw_stream(10), nullptr);
  EXPECT_EQ(sink_.Flush(), Status::kOk);
  EXPECT_EQ(sink_.raw_stream(10), stream_.get());
  EXPECT_EQ(sink_.raw_stream(11), nullptr);
  ASSERT_TRUE(sink_.StartResponse(ResponseOf(""), Plan(Framing::kChunked)));
  EXPECT_EQ(sink_.Flush(), Status::kOk);
  EXPECT_EQ(sink_.raw_stream(1), nullptr);
}

}  // namespace
}  // namespace lb::proxy
