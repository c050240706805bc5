#include "dataplane/proxy/body_hold.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::proxy {
namespace {

// A body whose bytes come when the test says so.
class TrickleSource final : public MessageSource {
 public:
  BodyPiece Next() override {
    if (!bytes.empty()) return {BodyPiece::kData, bytes};
    return {end, {}};
  }
  void Consume(size_t count) override { bytes.erase(0, count); }
  event::Interest interest() override { return {}; }
  const http::HeaderList& trailers() const override { return fields; }
  std::string_view Peek(http::Arena*) const override { return bytes; }
  uint64_t raw_bytes() const override { return 7; }

  std::string bytes;
  BodyPiece::Status end = BodyPiece::kAgain;
  http::HeaderList fields;
};

// All that can be had of `hold` now, and how that ends.
std::string Drain(BodyHold* hold, BodyPiece::Status* end, size_t piece = 1000) {
  std::string got;
  for (;;) {
    const BodyPiece next = hold->Next();
    *end = next.status;
    if (next.status != BodyPiece::kData) return got;
    const size_t bytes = std::min(piece, next.data.size());
    got.append(next.data.substr(0, bytes));
    hold->Consume(bytes);
  }
}

TEST(BodyHold, HoldsWhatCameAndPassesItOnBeforeTheRest) {
  TrickleSource source;
  BodyHold hold(&source, 100);
  source.bytes = "abc";
  hold.Fill();
  source.bytes += "de";
  hold.Fill();
  EXPECT_EQ(hold.state(), BodyPiece::kAgain);
  EXPECT_EQ(hold.Peek(nullptr), "abcde");
  EXPECT_EQ(hold.raw_bytes(), 0u);
  source.bytes = "fg";
  BodyPiece::Status end;
  EXPECT_EQ(Drain(&hold, &end, 2), "abcdefg");
  EXPECT_EQ(end, BodyPiece::kAgain);
  EXPECT_EQ(hold.raw_bytes(), 7u);
  source.end = BodyPiece::kDone;
  EXPECT_EQ(hold.Next().status, BodyPiece::kDone);
}

TEST(BodyHold, HoldsNoMoreThanItsLimit) {
  TrickleSource source;
  BodyHold hold(&source, 4);
  source.bytes = "abcdef";
  hold.Fill();
  EXPECT_TRUE(hold.is_full());
  EXPECT_EQ(hold.Peek(nullptr), "abcd");
  EXPECT_EQ(source.bytes, "ef");
  source.end = BodyPiece::kDone;
  BodyPiece::Status end;
  EXPECT_EQ(Drain(&hold, &end), "abcdef");
  EXPECT_EQ(end, BodyPiece::kDone);
}

TEST(BodyHold, TheEndIsToldBehindWhatIsHeld) {
  for (BodyPiece::Status status : {BodyPiece::kDone, BodyPiece::kCut, BodyPiece::kInvalid}) {
    TrickleSource source;
    BodyHold hold(&source, 100);
    source.bytes = "abc";
    source.end = status;
    hold.Fill();
    EXPECT_EQ(hold.state(), status);
    // It is remembered, whatever the source says later.
    source.end = BodyPiece::kAgain;
    BodyPiece::Status end;
    EXPECT_EQ(Drain(&hold, &end), "abc");
    EXPECT_EQ(end, status);
  }
}

TEST(BodyHold, TrailersAreTheSources) {
  TrickleSource source;
  source.fields.Add("x-sum", "1");
  BodyHold hold(&source, 100);
  EXPECT_EQ(hold.trailers().size(), 1u);
}

}  // namespace
}  // namespace lb::proxy
