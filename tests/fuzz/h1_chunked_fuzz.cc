// Chunked bodies: in splits as in one piece, and written again they are read as the same body.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "dataplane/http/h1_body.h"
#include "dataplane/http/h1_serializer.h"
#include "tests/fuzz/h1_split.h"

namespace lb::http {
namespace {

std::string Encode(std::string_view body, const HeaderList& trailers) {
  Splitter splitter(body);
  std::string bytes;
  while (!body.empty()) {
    std::string_view piece = body.substr(0, splitter.Next());
    char header[kMaxChunkHeaderBytes];
    bytes.append(header, WriteChunkHeader(header, piece.size())).append(piece).append(kChunkEnd);
    body.remove_prefix(piece.size());
  }
  AppendLastChunk(trailers, &bytes);
  return bytes;
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::http;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  Limits limits;
  limits.max_chunk_line_bytes = 64;
  limits.max_trailer_bytes = 256;
  limits.max_headers = 5;

  Splitter splitter(input);
  Body whole = ReadBody(input, Framing::kChunked, 0, limits, nullptr);
  Body split = ReadBody(input, Framing::kChunked, 0, limits, &splitter);
  LB_CHECK(whole.outcome == split.outcome);
  LB_CHECK(whole.error == split.error);
  if (whole.outcome == BodyStep::kError) return 0;
  LB_CHECK(whole.consumed == split.consumed);
  LB_CHECK(whole.data == split.data);
  LB_CHECK(whole.trailers == split.trailers);
  if (whole.outcome != BodyStep::kDone) return 0;

  ChunkedReader reader;
  reader.Start(limits);
  std::string_view rest = input;
  while (!reader.done()) rest.remove_prefix(reader.Next(rest).consumed);
  const std::string encoded = Encode(whole.data, reader.trailers());
  limits.max_trailer_bytes *= 2;  // "a:b" is written as "a: b"
  Body again = ReadBody(encoded, Framing::kChunked, 0, limits, nullptr);
  LB_CHECK(again.outcome == BodyStep::kDone);
  LB_CHECK(again.consumed == encoded.size());
  LB_CHECK(again.data == whole.data);
  LB_CHECK(again.trailers == whole.trailers);
  return 0;
}
