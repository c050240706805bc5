#include "dataplane/http/case_map.h"

#include <string>

#include "gtest/gtest.h"

#include "dataplane/http/h1_serializer.h"

namespace lb::http {
namespace {

TEST(CaseMap, GivesNamesTheCaseItHas) {
  const CaseMap map({"X-fOO", "Content-Length", "B", "a"});
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"x-foo", "X-fOO"}, {"X-FOO", "X-fOO"}, {"content-LENGTH", "Content-Length"},
      {"b", "B"},         {"A", "a"},         {"x-bar", "x-bar"},
      {"x-fo", "x-fo"},   {"", ""},
  };
  for (const auto& [name, adjusted] : rows) EXPECT_EQ(map.Adjust(name), adjusted) << name;
}

TEST(CaseMap, AnEmptyOneChangesNothing) { EXPECT_EQ(CaseMap().Adjust("X-a"), "X-a"); }

TEST(CaseMap, HeadsAreWrittenWithIt) {
  const CaseMap map({"HOST", "CONNECTION", "TRANSFER-encoding", "X-a"});
  RequestHead head;
  head.method = "POST";
  head.target = "/";
  head.framing = Framing::kChunked;
  const std::string fields = "Host: h\r\nx-A: 1\r\nother: 2\r\n";
  const std::string_view text = fields;
  head.headers.Add(text.substr(0, 4), text.substr(6, 1));
  head.headers.Add(text.substr(9, 3), text.substr(14, 1));
  head.headers.Add(text.substr(17, 5), text.substr(24, 1));
  FramingPlan plan = PlanRequest(head, ConnectionField::kClose);
  plan.case_map = &map;
  std::string out;
  AppendRequestHead(head, plan, &out);
  EXPECT_EQ(out,
            "POST / HTTP/1.1\r\nHOST: h\r\nX-a: 1\r\nother: 2\r\nTRANSFER-encoding: chunked\r\n"
            "CONNECTION: close\r\n\r\n");
}

TEST(CaseMap, TrailersAreWrittenWithIt) {
  const CaseMap map({"X-Sum"});
  HeaderList trailers;
  trailers.Add("x-sum", "1");
  std::string out;
  AppendLastChunk(trailers, &out, &map);
  EXPECT_EQ(out, "0\r\nX-Sum: 1\r\n\r\n");
}

}  // namespace
}  // namespace lb::http
