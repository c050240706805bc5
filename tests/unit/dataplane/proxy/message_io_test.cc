#include "dataplane/proxy/message_io.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace lb::proxy {
namespace {

// A body of `left` bytes, of which `ready` can be had, in pieces of at most `piece`.
class FakeSource final : public MessageSource {
 public:
  BodyPiece Next() override {
    if (left == 0) return {end, {}};
    if (ready == 0) return {BodyPiece::kAgain, {}};
    ++reads;
    bytes_.assign(std::min({left, ready, piece}), 'x');
    return {BodyPiece::kData, bytes_};
  }
  void Consume(size_t bytes) override {
    left -= bytes;
    ready -= bytes;
  }
  event::Interest interest() override { return {}; }
  const http::HeaderList& trailers() const override { return trailers_; }
  std::string_view Peek(http::Arena*) const override { return {}; }

  size_t left = 0;
  size_t ready = 0;
  size_t piece = 1000;
  BodyPiece::Status end = BodyPiece::kDone;
  int reads = 0;

 private:
  std::string bytes_;
  http::HeaderList trailers_;
};

// Takes `room` bytes in all before it wants to be waited for.
class FakeSink final : public MessageSink {
 public:
  Status Write(const BodyPiece& offered, size_t* taken) override {
    *taken = std::min(offered.data.size(), room);
    room -= *taken;
    got += *taken;
    if (is_closed) return Status::kClosed;
    return *taken == offered.data.size() ? Status::kOk : Status::kAgain;
  }
  Status Flush() override {
    ++flushes;
    return flush;
  }
  Status Finish(const http::HeaderList&) override {
    is_finished = true;
    return flush;
  }
  event::Interest interest() override { return {}; }

  size_t room = SIZE_MAX;
  size_t got = 0;
  bool is_closed = false;
  bool is_finished = false;
  int flushes = 0;
  Status flush = Status::kOk;
};

class PumpTest : public ::testing::Test {
 protected:
  PumpResult Go() { return Pump(&source_, &sink_, &splice_); }

  FakeSource source_;
  FakeSink sink_;
  SpliceState splice_;
};

TEST_F(PumpTest, MovesAWholeMessageAndEndsIt) {
  source_.left = source_.ready = 2500;
  const PumpResult result = Go();
  EXPECT_EQ(result.status, PumpStatus::kDone);
  EXPECT_EQ(result.moved, 2500u);
  EXPECT_EQ(sink_.got, 2500u);
  EXPECT_TRUE(sink_.is_finished);
}

TEST_F(PumpTest, AFullSinkStopsTheReading) {
  source_.left = source_.ready = 100'000;
  sink_.room = 1500;
  EXPECT_EQ(Go().status, PumpStatus::kSinkAgain);
  EXPECT_EQ(source_.reads, 2);
  EXPECT_EQ(source_.left, 98'500u);
  sink_.room = SIZE_MAX;
  EXPECT_EQ(Go().status, PumpStatus::kDone);
  EXPECT_EQ(sink_.got, 100'000u);
}

TEST_F(PumpTest, WhatIsPendingDoesNotWaitForTheSource) {
  source_.left = 10;
  EXPECT_EQ(Go().status, PumpStatus::kSourceAgain);
  EXPECT_EQ(sink_.flushes, 1);
  sink_.flush = MessageSink::Status::kAgain;
  EXPECT_EQ(Go().status, PumpStatus::kSinkAgain);
}

TEST_F(PumpTest, AFairShareIsNotAWaitForTheSource) {
  source_.left = source_.ready = 10 << 20;
  const PumpResult first = Go();
  EXPECT_EQ(first.status, PumpStatus::kShareUsed);
  EXPECT_GE(first.moved, size_t{4} << 20);
  EXPECT_LT(first.moved, size_t{5} << 20);
  EXPECT_EQ(Go().status, PumpStatus::kShareUsed);
  EXPECT_EQ(Go().status, PumpStatus::kDone);
  EXPECT_EQ(sink_.got, size_t{10} << 20);
}

TEST_F(PumpTest, TellsHowTheSourceEnded) {
  for (auto [end, status] : {std::pair(BodyPiece::kCut, PumpStatus::kSourceCut),
                             std::pair(BodyPiece::kInvalid, PumpStatus::kSourceInvalid),
                             std::pair(BodyPiece::kAborted, PumpStatus::kAborted)}) {
    source_.end = end;
    EXPECT_EQ(Go().status, status);
    EXPECT_FALSE(sink_.is_finished);
  }
}

TEST_F(PumpTest, TellsThatTheSinkHasClosed) {
  source_.left = source_.ready = 10;
  sink_.is_closed = true;
  EXPECT_EQ(Go().status, PumpStatus::kSinkClosed);
}

}  // namespace
}  // namespace lb::proxy
