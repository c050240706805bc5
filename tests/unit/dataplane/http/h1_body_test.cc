#include "dataplane/http/h1_body.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

using namespace std::string_literals;

struct Decoded {
  BodyStep::Outcome outcome = BodyStep::kNeedMore;
  ParseError error = ParseError::kNone;
  std::string body;
  std::string trailers;
  size_t consumed = 0;
};

// Feeds the bytes in pieces: the first of `first` bytes, then `step` each.
Decoded Decode(std::string_view bytes, size_t first, size_t step, const Limits& limits = {}) {
  ChunkedReader reader;
  reader.Start(limits);
  Decoded decoded;
  size_t have = first;
  for (;;) {
    std::string_view part = bytes.substr(0, have).substr(decoded.consumed);
    BodyStep taken = reader.Next(part);
    decoded.consumed += taken.consumed;
    decoded.body += taken.data;
    decoded.outcome = taken.outcome;
    decoded.error = taken.error;
    if (taken.outcome == BodyStep::kError || taken.outcome == BodyStep::kDone) break;
    if (taken.outcome == BodyStep::kData) continue;
    EXPECT_EQ(decoded.consumed, std::min(have, bytes.size()));
    if (have >= bytes.size()) break;
    have += step;
  }
  if (reader.done()) {
    for (const Header& field : reader.trailers()) {
      decoded.trailers += std::string(field.name) + "=" + std::string(field.value) + "|";
    }
  }
  return decoded;
}

struct GoodCase {
  std::string bytes;
  std::string body;
  std::string trailers;
  size_t rest = 0;  // bytes behind the end
};

TEST(ChunkedReader, DecodesHoweverSplit) {
  const GoodCase cases[] = {
      {"0\r\n\r\n", "", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", "hello world", "", 5},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
      {"0000000000000003\r\nabc\r\n0\r\n\r\n", "abc", ""},
      {"3\r\n\r\n\r\r\n000\r\n\r\n", "\r\n\r", ""},
      {"3;x=y\r\nabc\r\n0;z\r\n\r\n", "abc", ""},
      {"3 \t; x = y\r\nabc\r\n0 ;z\r\n\r\n", "abc", ""},
      {"3;x=\"a;b\\\"\"\r\nabc\r\n0\r\n\r\n", "abc", ""},
      {"3\r\nabc\r\n0\r\nX-A: 1\r\nX-B:\t2 \r\nX-C:\r\n\r\n", "abc", "X-A=1|X-B=2|X-C=|"},
  };
  for (const GoodCase& c : cases) {
    for (size_t first = 0; first <= c.bytes.size(); ++first) {
      for (size_t step : {size_t{1}, c.bytes.size()}) {
        Decoded decoded = Decode(c.bytes, first, step);
        ASSERT_EQ(decoded.outcome, BodyStep::kDone) << c.bytes << Describe(decoded.error);
        EXPECT_EQ(decoded.body, c.body) << c.bytes;
        EXPECT_EQ(decoded.trailers, c.trailers) << c.bytes;
        EXPECT_EQ(decoded.consumed, c.bytes.size() - c.rest) << c.bytes;
      }
    }
  }
}

TEST(ChunkedReader, RefusesMalformedFramingHoweverSplit) {
  using E = ParseError;
  struct Case {
    std::string bytes;
    ParseError error;
  };
  const Case cases[] = {
      {"\r\n", E::kBadChunkSize},
      {"+3\r\nabc", E::kBadChunkSize},
      {"-3\r\nabc", E::kBadChunkSize},
      {" 3\r\nabc", E::kBadChunkSize},
      {"3 \r\nabc", E::kBadChunkSize},
      {"3\t\r\nabc", E::kBadChunkSize},
      {"3 3\r\nabc", E::kBadChunkSize},
      {"3 \n\r\nabc", E::kBadChunkSize},
      {"0x3\r\nabc", E::kBadChunkSize},
      {"g\r\n", E::kBadChunkSize},
      {";a\r\n", E::kBadChunkSize},
      {"3\nabc", E::kBadChunkSize},
      {"3\rabc", E::kBadChunkSize},
      {"3;a\nabc", E::kBadChunkSize},
      {"3;a\rabc", E::kBadChunkSize},
      {"3;\x01\r\nabc", E::kBadChunkSize},
      {"3;"s + '\0' + "\r\nabc", E::kBadChunkSize},
      {"8000000000000000\r\n", E::kChunkSizeOverflow},
      {"ffffffffffffffff\r\n", E::kChunkSizeOverflow},
      {"10000000000000000\r\n", E::kChunkSizeOverflow},
      {"00000000000000003\r\nabc", E::kChunkSizeOverflow},
      {"3\r\nabcd\r\n", E::kBadChunkEnd},
      {"3\r\nabc\n0\r\n\r\n", E::kBadChunkEnd},
      {"3\r\nabc\rX", E::kBadChunkEnd},
      {"3\r\nabc0\r\n\r\n", E::kBadChunkEnd},
      {"0\r\nA b\r\n\r\n", E::kBadTrailer},
      {"0\r\nA : b\r\n\r\n", E::kBadTrailer},
      {"0\r\n: b\r\n\r\n", E::kBadTrailer},
      {"0\r\nA: b\n\r\n", E::kBadTrailer},
      {"0\r\n\n", E::kBadTrailer},
      {"0\r\nA: b\r\n c\r\n\r\n", E::kBadTrailer},
      {"0\r\nA: b\rc\r\n\r\n", E::kBadTrailer},
      {"0\r\nA: b"s + '\0' + "\r\n\r\n", E::kBadTrailer},
      {"0\r\nContent-Length: 3\r\n\r\n", E::kBadTrailer},
      {"0\r\ntransfer-encoding: chunked\r\n\r\n", E::kBadTrailer},
      {"0\r\nHost: b\r\n\r\n", E::kBadTrailer},
      {"0\r\nConnection: close\r\n\r\n", E::kBadTrailer},
      {"0\r\nKeep-Alive: a\r\n\r\n", E::kBadTrailer},
      {"0\r\nProxy-Connection: close\r\n\r\n", E::kBadTrailer},
      {"0\r\nTE: trailers\r\n\r\n", E::kBadTrailer},
      {"0\r\nUpgrade: h2c\r\n\r\n", E::kBadTrailer},
  };
  for (const Case& c : cases) {
    for (size_t first = 0; first <= c.bytes.size(); ++first) {
      for (size_t step : {size_t{1}, c.bytes.size()}) {
        Decoded decoded = Decode(c.bytes, first, step);
        EXPECT_EQ(decoded.outcome, BodyStep::kError) << c.bytes;
        EXPECT_EQ(decoded.error, c.error) << c.bytes << " gave " << Describe(decoded.error);
      }
    }
  }
}

TEST(ChunkedReader, BoundsSizeLinesAndTrailers) {
  Limits limits;
  limits.max_chunk_line_bytes = 20;
  limits.max_trailer_bytes = 20;
  const std::string long_line = "3;" + std::string(30, 'a') + "\r\nabc\r\n0\r\n\r\n";
  const std::string short_line = "3;" + std::string(10, 'a') + "\r\nabc\r\n0\r\n\r\n";
  const std::string trailers = "0\r\nA: " + std::string(20, 'b') + "\r\n\r\n";
  EXPECT_EQ(Decode(long_line, 0, 1, limits).error, ParseError::kChunkLineTooLong);
  EXPECT_EQ(Decode(short_line, 0, 1, limits).outcome, BodyStep::kDone);
  EXPECT_EQ(Decode(trailers, 0, 1, limits).error, ParseError::kTrailersTooLarge);
  limits.max_trailer_bytes = 8192;
  limits.max_headers = 1;
  EXPECT_EQ(Decode("0\r\nA: b\r\nC: d\r\n\r\n", 0, 1, limits).error, ParseError::kTooManyHeaders);
}

TEST(ChunkedReader, SkipsBytesMovedElsewhere) {
  ChunkedReader reader;
  reader.Start({});
  EXPECT_EQ(reader.Next("6\r\n").consumed, 3u);
  EXPECT_EQ(reader.chunk_left(), 6u);
  reader.Skip(4);
  EXPECT_EQ(reader.chunk_left(), 2u);
  BodyStep step = reader.Next("ab\r\n0\r\n\r\n");
  EXPECT_EQ(step.outcome, BodyStep::kDone);
  EXPECT_EQ(step.data, "ab");
}

TEST(BodyReader, CountsALength) {
  BodyReader body;
  body.Start(Framing::kLength, 5, {});
  EXPECT_EQ(body.raw_left(), 5u);
  BodyStep step = body.Next("abc");
  EXPECT_EQ(step.outcome, BodyStep::kData);
  EXPECT_EQ(step.data, "abc");
  EXPECT_EQ(body.Next("").outcome, BodyStep::kNeedMore);
  EXPECT_FALSE(body.End()) << "cut short";
  step = body.Next("deGET /");
  EXPECT_EQ(step.outcome, BodyStep::kDone);
  EXPECT_EQ(step.data, "de");
  EXPECT_EQ(step.consumed, 2u);
  EXPECT_TRUE(body.done());
  EXPECT_TRUE(body.End());
  EXPECT_EQ(body.Next("x").consumed, 0u);
}

TEST(BodyReader, IsDoneAtOnceWithoutABody) {
  BodyReader body;
  body.Start(Framing::kNone, 0, {});
  EXPECT_TRUE(body.done());
  body.Start(Framing::kLength, 0, {});
  EXPECT_TRUE(body.done());
  EXPECT_EQ(body.raw_left(), 0u);
}

TEST(BodyReader, TakesEverythingUntilClose) {
  for (Framing framing : {Framing::kUntilClose, Framing::kTunnel}) {
    BodyReader body;
    body.Start(framing, 0, {});
    EXPECT_EQ(body.Next("abc").data, "abc");
    EXPECT_FALSE(body.done());
    EXPECT_TRUE(body.End());
    EXPECT_TRUE(body.done());
  }
}

TEST(BodyReader, HasNoTrailersOfTheMessageBefore) {
  BodyReader body;
  body.Start(Framing::kChunked, 0, {});
  body.Next("0\r\nA: b\r\n\r\n");
  ASSERT_EQ(body.trailers().size(), 1u);
  body.Start(Framing::kLength, 2, {});
  EXPECT_EQ(body.trailers().size(), 0u);
}

TEST(BodyReader, DecodesChunksAndKnowsACutOne) {
  BodyReader body;
  body.Start(Framing::kChunked, 0, {});
  EXPECT_EQ(body.Next("3\r\nab").data, "ab");
  EXPECT_EQ(body.raw_left(), 1u);
  EXPECT_FALSE(body.End());
  body.Skip(1);
  EXPECT_EQ(body.Next("\r\n0\r\nX: y\r\n\r\n").outcome, BodyStep::kDone);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(body.trailers()[0].value, "y");
}

}  // namespace
}  // namespace lb::http
