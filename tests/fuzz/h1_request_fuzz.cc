// Requests: fed in splits they give what they give in one piece, and what the serializer writes of
// one is read back as the same request.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h1_serializer.h"
#include "tests/fuzz/h1_split.h"

namespace lb::http {
namespace {

void CheckBody(std::string_view rest, const RequestHead& head, const Limits& limits) {
  Splitter splitter(rest);
  Body whole = ReadBody(rest, head.framing, head.content_length, limits, nullptr);
  Body split = ReadBody(rest, head.framing, head.content_length, limits, &splitter);
  LB_CHECK(whole.outcome == split.outcome);
  LB_CHECK(whole.error == split.error);
  LB_CHECK(whole.trailers == split.trailers);
  if (whole.outcome == BodyStep::kError) return;  // how far the good part was told may differ
  LB_CHECK(whole.consumed == split.consumed);
  LB_CHECK(whole.data == split.data);
}

void CheckWritten(RequestHead* head, const Limits& limits) {
  const bool upgrade = head->wants_upgrade;
  RemoveHopByHop(&head->headers, upgrade ? UpgradeField::kKeep : UpgradeField::kRemove);
  FramingPlan plan =
      PlanRequest(*head, upgrade ? ConnectionField::kUpgrade : ConnectionField::kAbsent);
  std::string bytes;
  AppendRequestHead(*head, plan, &bytes);
  LB_CHECK(bytes.size() <= RequestHeadBytes(*head));

  Limits roomy = limits;  // a framing field may have been added
  roomy.max_head_bytes += 256;
  roomy.max_headers += 2;
  RequestHead again;
  HeadParser parser;
  ParseResult result = parser.ParseRequest(bytes, roomy, &again);
  LB_CHECK(result.outcome == ParseResult::kDone);
  LB_CHECK(result.consumed == bytes.size());
  LB_CHECK(again.keep_alive);
  LB_CHECK(again.wants_upgrade == upgrade);

  // Apart from Connection, which the plan makes anew, nothing may differ.
  again.headers.Remove(HeaderId::kConnection);
  for (HeaderList* headers : {&head->headers, &again.headers}) {
    for (Header& field : *headers) {
      if (field.id == HeaderId::kTransferEncoding) field.value = "chunked";  // in any letter case
      if (field.id == HeaderId::kContentLength) field.value = "";            // leading zeros
    }
  }
  head->keep_alive = true;
  LB_CHECK(Text(again) == Text(*head));
}

ParseResult ParseLenient(std::string_view bytes, const Limits& limits, HeadParser* parser,
                         RequestHead* head) {
  parser->set_lenient(true);
  return parser->ParseRequest(bytes, limits, head);
}

// A lenient parser takes what a strict one does as the same, and else nothing that could end a line
// or a word of it.
void CheckLenient(std::string_view input, const Limits& limits, bool is_good,
                  const RequestHead& strict) {
  HeadParser parser;
  RequestHead head;
  const ParseResult whole = ParseLenient(input, limits, &parser, &head);
  HeadParser split_parser;
  RequestHead split_head;
  const ParseResult split = InSplits(input, [&](std::string_view part) {
    return ParseLenient(part, limits, &split_parser, &split_head);
  });
  LB_CHECK(whole.outcome == split.outcome && whole.error == split.error);
  if (is_good) {
    LB_CHECK(whole.outcome == ParseResult::kDone && !head.has_violations);
    LB_CHECK(Text(head) == Text(strict));
  }
  if (whole.outcome != ParseResult::kDone) return;
  const auto is_word = [](std::string_view text) {
    for (char c : text) {
      if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return false;
    }
    return !text.empty();
  };
  LB_CHECK(is_word(head.target));
  for (const Header& field : head.headers) {
    LB_CHECK(is_word(field.name) && field.name.find(':') == std::string_view::npos);
  }
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::http;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  Limits limits;
  limits.max_head_bytes = 2048;
  limits.max_headers = 20;

  HeadParser parser;
  RequestHead head;
  ParseResult whole = parser.ParseRequest(input, limits, &head);
  HeadParser split_parser;
  RequestHead split_head;
  std::string split_text;  // taken while the pieces' buffer is there
  ParseResult split = InSplits(input, [&](std::string_view part) {
    ParseResult result = split_parser.ParseRequest(part, limits, &split_head);
    if (result.outcome == ParseResult::kDone) split_text = Text(split_head);
    return result;
  });
  LB_CHECK(whole.outcome == split.outcome);
  LB_CHECK(whole.error == split.error);
  if (whole.outcome != ParseResult::kNeedMore) {
    CheckLenient(input, limits, whole.outcome == ParseResult::kDone, head);
  }
  if (whole.outcome != ParseResult::kDone) return 0;
  LB_CHECK(whole.consumed == split.consumed);
  LB_CHECK(Text(head) == split_text);
  CheckBody(input.substr(whole.consumed), head, limits);
  CheckWritten(&head, limits);
  return 0;
}
