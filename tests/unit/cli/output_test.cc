#include "cli/output.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "lb/v1/admin.pb.h"

namespace lb::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Output, AlignsTextToTheLeftAndNumbersToTheRight) {
  EXPECT_EQ(RenderTable({{"name", "n", "state"}, {{"a", "5", "UP"}, {"caf\xc3\xa9", "100", ""}}}),
            "name    n  state\n"
            "a       5  UP\n"
            "caf\xc3\xa9  100\n");
  EXPECT_EQ(RenderTable({{"name", "n"}, {}}), "name  n\n");
}

TEST(Output, CsvComesBackAsItWas) {
  const Table table{{"a", "b"}, {{"x,y", "say \"hi\""}, {"", "two\nlines"}}};
  EXPECT_EQ(RenderCsv(table), "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n,\"two\nlines\"\n");
  EXPECT_THAT(ParseCsv(RenderCsv(table)),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("x,y", "say \"hi\""),
                          ElementsAre("", "two\nlines")));
  EXPECT_THAT(ParseCsv("# a,b,\n1,,\n\n"),
              ElementsAre(ElementsAre("# a", "b", ""), ElementsAre("1", "", "")));
  EXPECT_THAT(ParseCsv(""), IsEmpty());
}

TEST(Output, JsonHasEveryFieldAndNumbersAsNumbers) {
  v1::ListNodesReply reply;
  v1::NodeEntry* node = reply.add_nodes();
  node->set_node("n1");
  node->set_since_unix_ms(1'700'000'000'123);
  (*node->mutable_labels())["zone"] = "a";
  const nlohmann::json json = ToJson(reply);
  EXPECT_EQ(json["nodes"][0]["node"], "n1");
  EXPECT_EQ(json["nodes"][0]["since_unix_ms"], 1'700'000'000'123);
  EXPECT_EQ(json["nodes"][0]["is_connected"], false);
  EXPECT_EQ(json["nodes"][0]["labels"]["zone"], "a");
  EXPECT_EQ(json["revision"], 0);

  v1::ServerEntry server;
  server.mutable_state()->set_id(0xfedcba9876543210u);
  server.mutable_state()->set_status(v1::SERVER_UP);
  EXPECT_EQ(ToJson(server)["state"]["id"], "0xfedcba9876543210");
  EXPECT_EQ(ToJson(server)["state"]["status"], "SERVER_UP");
  EXPECT_EQ(ToJson(v1::ListNodesReply())["nodes"].dump(), "[]");
}

TEST(Output, BytesThatAreNotTextDoNotBreakTheJson) {
  std::ostringstream out;
  Output(&out, &out, Format::kJson).ShowJson({{"text", "a\xff"}});
  EXPECT_FALSE(
      nlohmann::json::parse(out.str(), nullptr, /*allow_exceptions=*/false).is_discarded());
}

TEST(Output, TimesThatAreNotKnownAreADash) { EXPECT_EQ(FormatTime(0), "-"); }

}  // namespace
}  // namespace lb::cli
