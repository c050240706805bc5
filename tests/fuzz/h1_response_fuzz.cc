// Responses to every kind of request: fed in splits they give what they give in one piece, and what
// the serializer writes of one for a client reads as the same response.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h1_serializer.h"
#include "tests/fuzz/h1_split.h"

namespace lb::http {
namespace {

// The fields that do not depend on the plan.
std::string EndToEndText(HeaderList headers) {
  headers.RemoveIf([](const Header& field) {
    return field.id == HeaderId::kConnection || field.id == HeaderId::kContentLength ||
           field.id == HeaderId::kTransferEncoding || field.id == HeaderId::kUpgrade;
  });
  return Text(headers);
}

void CheckWritten(ResponseHead head, const RequestContext& context, const ClientSide& client,
                  const Limits& limits) {
  RemoveHopByHop(&head.headers, head.status == 101 ? UpgradeField::kKeep : UpgradeField::kRemove);
  FramingPlan plan = PlanResponse(head, context, client);
  std::string bytes;
  AppendResponseHead(head, plan, &bytes);
  LB_CHECK(bytes.size() <= ResponseHeadBytes(head));

  Limits roomy = limits;
  roomy.max_head_bytes += 256;
  roomy.max_headers += 2;
  ResponseHead again;
  HeadParser parser;
  ParseResult result = parser.ParseResponse(bytes, roomy, context, &again);
  LB_CHECK(result.outcome == ParseResult::kDone);
  LB_CHECK(result.consumed == bytes.size());
  LB_CHECK(again.status == head.status);
  LB_CHECK(again.reason == head.reason);
  LB_CHECK(again.framing == plan.framing);
  if (plan.framing == Framing::kLength) LB_CHECK(again.content_length == head.content_length);
  if (!head.is_informational()) LB_CHECK(again.keep_alive == StaysOpen(plan));
  LB_CHECK(EndToEndText(again.headers) == EndToEndText(head.headers));
}

void CheckResponse(std::string_view input, const RequestContext& context) {
  Limits limits;
  limits.max_head_bytes = 2048;
  limits.max_headers = 20;

  HeadParser parser;
  ResponseHead head;
  ParseResult whole = parser.ParseResponse(input, limits, context, &head);
  HeadParser split_parser;
  ResponseHead split_head;
  std::string split_text;  // taken while the pieces' buffer is there
  ParseResult split = InSplits(input, [&](std::string_view part) {
    ParseResult result = split_parser.ParseResponse(part, limits, context, &split_head);
    if (result.outcome == ParseResult::kDone) split_text = Text(split_head);
    return result;
  });
  LB_CHECK(whole.outcome == split.outcome);
  LB_CHECK(whole.error == split.error);
  if (whole.outcome != ParseResult::kDone) return;
  LB_CHECK(whole.consumed == split.consumed);
  LB_CHECK(Text(head) == split_text);
  for (uint8_t minor : {0, 1}) {
    for (bool keep_alive : {false, true}) {
      CheckWritten(head, context, {.version_minor = minor, .keep_alive = keep_alive}, limits);
    }
  }
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using lb::http::CheckResponse;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  CheckResponse(input, {});
  CheckResponse(input, {.is_head = true});
  CheckResponse(input, {.is_connect = true});
  CheckResponse(input, {.wants_upgrade = true});
  return 0;
}
