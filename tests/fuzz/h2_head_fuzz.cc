// The conversion of header lists, both ways: what is taken in as a request can be written as
// HTTP/1.1 and read again with the same meaning, and written as HTTP/2 and read again likewise.
//
// The input is a list of fields: a byte for the length of the name, one for that of the value, and
// both. A request's usual pseudo-fields are put in front when the first byte is even.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h1_serializer.h"
#include "dataplane/http/h2_head.h"

namespace lb::http {
namespace {

void CheckSame(const RequestHead& a, const RequestHead& b) {
  LB_CHECK(a.method == b.method);
  LB_CHECK(a.path_and_query() == b.path_and_query());
  LB_CHECK(a.framing == b.framing && a.content_length == b.content_length);
  LB_CHECK(a.wants_upgrade == b.wants_upgrade);
  for (const Header& field : a.headers) {
    if (field.id == HeaderId::kUpgrade || field.id == HeaderId::kContentLength) continue;
    const Header* same = b.headers.Find(field.name);
    LB_CHECK(same != nullptr);
  }
}

void Run(const uint8_t* bytes, size_t size) {
  Limits limits;
  Arena arena;
  RequestHead head;
  H2HeadReader reader;
  reader.Begin(H2HeadReader::Kind::kRequest, limits, &arena, &head.headers);
  const bool ends = (bytes[0] & 2) != 0;
  if ((bytes[0] & 1) == 0) {
    reader.Add(":method", (bytes[0] & 4) != 0 ? "POST" : "GET");
    reader.Add(":scheme", "http");
    reader.Add(":path", "/");
    reader.Add(":authority", "h");
  }
  for (size_t at = 1; at + 2 <= size;) {
    const size_t name = std::min<size_t>(bytes[at], size - at - 2);
    const size_t value = std::min<size_t>(bytes[at + 1], size - at - 2 - name);
    const char* text = reinterpret_cast<const char*>(bytes + at + 2);
    reader.Add({text, name}, {text + name, value});
    at += 2 + name + value;
  }
  if (reader.FinishRequest(ends, 1, &head) != ParseError::kNone) return;

  std::string text;
  const auto field = head.wants_upgrade ? ConnectionField::kUpgrade : ConnectionField::kAbsent;
  AppendRequestHead(head, PlanRequest(head, field), &text);
  HeadParser parser;
  RequestHead again;
  limits.max_head_bytes = text.size() + 1;
  limits.max_headers = 200;
  const ParseResult parsed = parser.ParseRequest(text, limits, &again);
  LB_CHECK(parsed.outcome == ParseResult::kDone);
  LB_CHECK(parsed.consumed == text.size());
  CheckSame(head, again);

  limits.max_head_bytes = 2 * text.size() + 1000;  // pseudo-fields count, and separators
  H2FieldList fields;
  WriteH2Request(head, "http", &fields);
  RequestHead third;
  reader.Begin(H2HeadReader::Kind::kRequest, limits, &arena, &third.headers);
  for (const H2Field& out : fields.fields) reader.Add(out.name, out.value);
  LB_CHECK(reader.FinishRequest(
               head.framing == Framing::kNone && head.method != "CONNECT" && !head.wants_upgrade, 1,
               &third) == ParseError::kNone);
  CheckSame(head, third);
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size > 0) lb::http::Run(bytes, size);
  return 0;
}
