// The expected lines are what HAProxy 2.6 wrote for the same exchanges, except where said.
#include "dataplane/rules/log_format.h"

#include "common/catalog/log_formats.h"
#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

// A format as in a configuration file, without %o: "[%ci] %{+Q}r %[src]".
v1::LogFormat ParseFormat(std::string_view text) {
  v1::LogFormat format;
  std::string literal;
  auto flush = [&] {
    if (!literal.empty()) format.add_items()->set_text(literal);
    literal.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      literal.push_back(text[i]);
      continue;
    }
    flush();
    v1::LogItem* item = format.add_items();
    ++i;
    if (text[i] == '{') {
      size_t end = text.find('}', i);
      std::string_view flags = text.substr(i, end - i);
      item->set_quote(flags.find("+Q") != flags.npos);
      item->set_escape(flags.find("+E") != flags.npos);
      item->set_hex(flags.find("+X") != flags.npos);
      item->set_mandatory_space(flags.find("+M") != flags.npos);
      i = end + 1;
    }
    if (text[i] == '[') {
      size_t end = text.find(']', i);
      *item->mutable_expr() = ParseExpr(text.substr(i + 1, end - i - 1));
      i = end;
      continue;
    }
    size_t end = i;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
    item->set_tag(std::string(text.substr(i, end - i)));
    i = end - 1;
  }
  flush();
  return format;
}

class LogFormats : public Exchange {
 protected:
  LogFormats() {
    // 22/Nov/2026:08:19:17.035 UTC.
    facts_.accepted_at = WallTime(std::chrono::milliseconds(1795335557035));
    facts_.request_at = facts_.accepted_at + std::chrono::milliseconds(100);
    facts_.handshake_ms = 1;
    facts_.idle_ms = 2;
    facts_.request_ms = 3;
    facts_.queue_ms = 4;
    facts_.connect_ms = 5;
    facts_.response_ms = 6;
    facts_.total_ms = 50;
    facts_.status = 200;
    facts_.bytes_read = 162;
    facts_.bytes_uploaded = 71;
    facts_.process_connections = 5;
    facts_.frontend_connections = 4;
    facts_.backend_connections = 3;
    facts_.server_connections = 2;
    facts_.server_queue = 8;
    facts_.backend_queue = 9;
    facts_.log_counter = 10;
    facts_.request_counter = 11;
    context_.log = &facts_;
    context_.backend = {"bk", 3};
    context_.server = {"s1", 1};
    context_.server_address = &server_address_;
    context_.upstream_local = &upstream_local_;
    SetRequest("GET", "/p/a.html?k=v", {{"Host", "h"}});
    setenv("TZ", "UTC-2", /*replace=*/1);
    tzset();
  }
  ~LogFormats() override {
    unsetenv("TZ");
    tzset();
  }

  std::string Line(std::string_view format, TextUse use = TextUse::kLog) {
    absl::StatusOr<LogFormat> compiled = compiler_.CompileLogFormat(ParseFormat(format), use);
    if (!compiled.ok()) return "(error) " + std::string(compiled.status().message());
    std::string out;
    compiled->AppendTo(context_, &out);
    EXPECT_EQ(compiled->Render(context_), out);
    return out;
  }

  void SetBadRequest() {
    context_.request = nullptr;
    context_.request_line = {};
    context_.backend = {};
    context_.server = {};
    context_.server_address = nullptr;
    context_.upstream_local = nullptr;
    facts_ = {.accepted_at = facts_.accepted_at, .request_at = facts_.request_at, .status = 400};
    facts_.termination = {'P', 'R', '-', '-'};
  }

  LogFacts facts_;
};

TEST_F(LogFormats, EveryTag) {
  struct {
    const char* tag;
    const char* text;
    const char* quoted;
  } cases[] = {
      {"B", "162", "162"},
      {"CC", "-", "\"\""},
      {"CS", "-", "\"\""},
      {"H", "vm", "\"vm\""},
      {"HM", "GET", "\"GET\""},
      {"HP", "/p/a.html", "\"/p/a.html\""},
      {"HPO", "/p/a.html", "\"/p/a.html\""},
      {"HQ", "?k=v", "\"?k=v\""},
      {"HU", "/p/a.html?k=v", "\"/p/a.html?k=v\""},
      {"HV", "HTTP/1.1", "\"HTTP/1.1\""},
      {"ID", "-", "\"\""},
      {"ST", "200", "200"},
      {"T", "22/Nov/2026:08:19:17 +0000", "22/Nov/2026:08:19:17 +0000"},
      {"Ta", "47", "47"},
      {"Tc", "5", "5"},
      {"Td", "29", "29"},
      {"Th", "1", "1"},
      {"Ti", "2", "2"},
      {"Tl", "22/Nov/2026:10:19:17 +0200", "22/Nov/2026:10:19:17 +0200"},
      {"Tq", "6", "6"},
      {"TR", "3", "3"},
      {"Tr", "6", "6"},
      {"Ts", "1795335557", "1795335557"},
      {"Tt", "50", "50"},
      {"Tu", "48", "48"},
      {"Tw", "4", "4"},
      {"U", "71", "71"},
      {"ac", "5", "5"},
      {"b", "bk", "\"bk\""},
      {"bc", "3", "3"},
      {"bi", "10.0.0.9", "\"10.0.0.9\""},
      {"bp", "40000", "40000"},
      {"bq", "9", "9"},
      {"ci", "127.0.0.1", "\"127.0.0.1\""},
      {"cp", "50804", "50804"},
      {"f", "fe", "\"fe\""},
      {"fc", "4", "4"},
      {"fi", "127.0.0.2", "\"127.0.0.2\""},
      {"fp", "80", "80"},
      {"ft", "fe", "\"fe\""},
      {"hr", "", ""},
      {"hrl", "", ""},
      {"hs", "", ""},
      {"hsl", "", ""},
      {"lc", "10", "10"},
      {"ms", "035", "035"},
      {"pid", "26909", "26909"},
      {"r", "GET /p/a.html?k=v HTTP/1.1", "\"GET /p/a.html?k=v HTTP/1.1\""},
      {"rc", "0", "0"},
      {"rt", "11", "11"},
      {"s", "s1", "\"s1\""},
      {"sc", "2", "2"},
      {"si", "10.0.0.1", "\"10.0.0.1\""},
      {"sp", "8080", "8080"},
      {"sq", "8", "8"},
      {"sslc", "-", "\"\""},
      {"sslv", "-", "\"\""},
      {"t", "22/Nov/2026:10:19:17.035", "22/Nov/2026:10:19:17.035"},
      {"tr", "22/Nov/2026:10:19:17.135", "22/Nov/2026:10:19:17.135"},
      {"trg", "22/Nov/2026:08:19:17 +0000", "22/Nov/2026:08:19:17 +0000"},
      {"trl", "22/Nov/2026:10:19:17 +0200", "22/Nov/2026:10:19:17 +0200"},
      {"ts", "--", "--"},
      {"tsc", "----", "----"},
  };
  EXPECT_EQ(std::size(cases), catalog::AllLogTags().size());
  for (const auto& c : cases) {
    EXPECT_EQ(Line(std::string("%") + c.tag), c.text) << c.tag;
    EXPECT_EQ(Line(std::string("%{+Q}") + c.tag), c.quoted) << c.tag;
  }
}

TEST_F(LogFormats, EveryTagOfABadRequest) {
  SetBadRequest();
  EXPECT_EQ(Line("%HM %HP %HPO %HQ %HU %HV %r"),
            "<BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ>");
  EXPECT_EQ(Line("%Ta/%Tc/%Td/%Th/%Ti/%Tq/%TR/%Tr/%Tt/%Tw"), "0/-1/-1/0/0/-1/-1/-1/0/-1");
  EXPECT_EQ(Line("%b/%s %bi:%bp %si:%sp %ST %ts %tsc"), "fe/<NOSRV> -:- -:- 400 PR PR--");
  EXPECT_EQ(Line("%{+Q}bi:%{+Q}bp"), "\"\":\"\"");
}

TEST_F(LogFormats, HexadecimalForm) {
  EXPECT_EQ(Line("%{+X}ci %{+X}cp %{+X}fp %{+X}Ts %{+X}pid %{+X}lc %{+X}rt %{+X}ms"),
            "7F000001 C674 0050 6B02A585 691D 000A 000B 23");
  client_ = *Address::FromIp("2001:db8::1", 80);
  EXPECT_EQ(Line("%{+X}ci"), "20010DB8000000000000000000000001");
}

TEST_F(LogFormats, DefaultFormats) {
  facts_.handshake_ms = facts_.idle_ms = 0;
  EXPECT_EQ(Line(catalog::kTcpLogFormat),
            "127.0.0.1:50804 [22/Nov/2026:10:19:17.035] fe bk/s1 4/5/50 162 -- 5/4/3/2/0 8/9");
  EXPECT_EQ(Line(catalog::kHttpLogFormat),
            "127.0.0.1:50804 [22/Nov/2026:10:19:17.135] fe bk/s1 3/4/5/6/50 200 162 - - ---- "
            "5/4/3/2/0 8/9 \"GET /p/a.html?k=v HTTP/1.1\"");
  context_.request_captures = {"a b|c{d}\"e#f\x01\x80", std::string_view()};
  context_.response_captures = {"r1, r2"};
  EXPECT_EQ(Line(catalog::kHttpLogFormat),
            "127.0.0.1:50804 [22/Nov/2026:10:19:17.135] fe bk/s1 3/4/5/6/50 200 162 - - ---- "
            "5/4/3/2/0 8/9 {a b#7Cc#7Bd#7D#22e#23f#01#80|} {r1, r2} "
            "\"GET /p/a.html?k=v HTTP/1.1\"");
  EXPECT_EQ(Line(catalog::kConnectLogFormatHttp),
            "Connect from 127.0.0.1:50804 to 127.0.0.2:80 (fe/HTTP)");
  SetBadRequest();
  context_.request_captures.clear();
  context_.response_captures.clear();
  EXPECT_EQ(Line(catalog::kHttpLogFormat),
            "127.0.0.1:50804 [22/Nov/2026:10:19:17.135] fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - "
            "PR-- 0/0/0/0/0 0/0 \"<BADREQ>\"");
}

TEST_F(LogFormats, CapturesInTheClfStyle) {
  context_.request_captures = {"a b", std::string_view(), ""};
  EXPECT_EQ(Line("%hrl|%{+Q}hrl|%{+Q}hr"), "a b - |\"a b\" \"\" \"\"|\"{a b||}\"");
}

TEST_F(LogFormats, BlanksMergeAroundTagsThatPrintNothing) {
  EXPECT_EQ(Line("  x   y%hs z %hs%hr  [%CC]  "), "x y z [-] ");
}

TEST_F(LogFormats, AnUnfinishedExchangeHasPlusSigns) {
  facts_.is_log_asap = true;
  EXPECT_EQ(Line("%Tr/%Ta %B %Tt"), "6/+47 +162 +50");
}

TEST_F(LogFormats, ARedispatchIsMarked) {
  facts_.retries = 3;
  facts_.was_redispatched = true;
  EXPECT_EQ(Line("%rc"), "+3");
}

TEST_F(LogFormats, EncryptedFrontendsHaveATilde) {
  context_.is_ssl = true;
  EXPECT_EQ(Line("%ft %f %{+Q}ft"), "fe~ fe \"fe~\"");
}

TEST_F(LogFormats, UnixSocketsHaveAWordAndANumber) {
  client_ = *Address::FromUnixPath("/tmp/s");
  EXPECT_EQ(Line("%ci:%cp"), "unix:1");
}

TEST_F(LogFormats, RequestLinesOfOtherForms) {
  struct {
    const char* line;
    const char* text;
  } cases[] = {
      {"GET http://h/p?k HTTP/1.0", "[?k] [http://h/p] [/p] [http://h/p?k] [HTTP/1.0]"},
      {"OPTIONS * HTTP/1.1", "[] [*] [] [*] [HTTP/1.1]"},
      {"GET http://foo HTTP/1.1", "[] [http://foo] [] [http://foo] [HTTP/1.1]"},
      {"CONNECT foo:80 HTTP/1.1", "[] [foo:80] [] [foo:80] [HTTP/1.1]"},
      {"GET /a\"b#c\x80{d} HTTP/1.1",
       "[] [/a#22b#23c#80{d}] [/a#22b#23c#80{d}] [/a#22b#23c#80{d}] [HTTP/1.1]"},
  };
  for (const auto& c : cases) {
    context_.request_line = c.line;
    EXPECT_EQ(Line("[%HQ] [%HP] [%HPO] [%HU] [%HV]"), c.text);
  }
}

TEST_F(LogFormats, ExpressionsInLogs) {
  SetTxnVar("u", Sample::Text("a\r\nb\"\\]\x01\x80#"));
  EXPECT_EQ(Line("[%[var(txn.none)]] [%{+Q}[var(txn.none)]] [%[src]] [%{+Q}[src]] [%[str()]]"),
            "[-] [\"\"] [127.0.0.1] [\"127.0.0.1\"] [-]");
  // HAProxy lets line breaks through; a log line must stay one.
  EXPECT_EQ(Line("%[var(txn.u)]"), "a#0D#0Ab\"\\]#01\x80#");
  EXPECT_EQ(Line("%{+E}[var(txn.u)]"), "a#0D#0Ab\\\"\\\\\\]#01\x80#");
  EXPECT_EQ(Line("%{+Q,+E}[var(txn.u)]"), "\"a#0D#0Ab\\\"\\\\\\]#01\x80#\"");
}

TEST_F(LogFormats, ExpressionsInHeaders) {
  SetTxnVar("u", Sample::Text(std::string_view("b\r\nc\0\"'\x7f\x80\tx", 11)));
  EXPECT_EQ(Line("%[var(txn.u)]", TextUse::kHeader), "b%0D%0Ac%00\"'%7F\x80\tx");
  EXPECT_EQ(Line("%[var(txn.u)]", TextUse::kBody), "b%0D%0Ac%00\"'%7F\x80\tx");
  EXPECT_EQ(Line("%[var(txn.u)]", TextUse::kRaw), std::string("b\r\nc\0\"'\x7f\x80\tx", 11));
  context_.log = nullptr;
  context_.server = {};
  EXPECT_EQ(Line("  [%CC] [%ID] [%hr] [%s] a  b %[var(txn.x)] %[var(txn.x)]  [%{+Q}s] [%ci] "
                 "[%{+M}CC] [%{+M}[var(txn.x)]] %ST|%B|%Tt|%Tq  ",
                 TextUse::kHeader),
            "  [] [] [] [<NOSRV>] a  b    [\"<NOSRV>\"] [127.0.0.1] [-] [-] -1|0|0|-1  ");
  EXPECT_EQ(Line("%T", TextUse::kHeader), "14/Nov/2023:22:13:20 +0000") << "now";
}

TEST_F(LogFormats, LiteralsThatAHeaderCannotHoldDoNotCompile) {
  const char* error = "(error) a line break or control character cannot be part of this text";
  EXPECT_EQ(Line("a\r\nb", TextUse::kHeader), error);
  EXPECT_EQ(Line("a\nb", TextUse::kBody), "a\nb");
}

TEST_F(LogFormats, RenderLeavesTheScratchBufferAsItWas) {
  scratch_ = "half";
  absl::StatusOr<LogFormat> format =
      compiler_.CompileLogFormat(ParseFormat("%[str(abc),regsub(b,x)]%ci"), TextUse::kHeader);
  EXPECT_EQ(format->Render(context_), "axc127.0.0.1");
  EXPECT_EQ(scratch_, "half");
}

TEST_F(LogFormats, TheCatalogAndTheTagsAgree) {
  for (const catalog::LogTag& tag : catalog::AllLogTags()) {
    EXPECT_TRUE(FindTag(tag.name).has_value()) << tag.name;
    bool changes = Line("%" + std::string(tag.name)) != Line("%{+X}" + std::string(tag.name));
    EXPECT_EQ(changes, tag.has_hex) << tag.name;
  }
  EXPECT_EQ(Line("%nope"), "(error) unknown log tag '%nope'");
}

}  // namespace
}  // namespace lb::rules
