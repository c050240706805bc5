// RFC 9113 sections 3 to 8 and RFC 7541 as a table: bytes from a client, and how the connection or
// the stream ends for it.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "dataplane/http/h2_session.h"
#include "tests/testing/h2_frames.h"
#include "tests/testing/h2_peer.h"

namespace lb::http {
namespace {

using namespace lb::testing;  // NOLINT: frames are the language of these tests

enum class Ends : uint8_t {
  kNot,         // neither stream nor connection
  kStream,      // RST_STREAM with the code
  kConnection,  // GOAWAY with the code
};

struct H2Case {
  const char* name;
  std::string bytes;  // behind the preface and SETTINGS, unless `is_raw`
  Ends ends;
  H2Error error = H2Error::kNoError;
  bool is_raw = false;
};

std::string Headers(const H2Fields& fields) { return HeadersFrame(1, fields, kEndStream); }
std::string RawBlock(std::string_view block) {
  return Frame(kHeaders, kEndStream | kEndHeaders, 1, block);
}

H2Fields Without(std::string_view name, H2Fields fields = GetFields()) {
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}

const std::string kOpen = HeadersFrame(1, RequestFields("POST", "/"));
const std::string kClosed = kOpen + RstFrame(1);

std::vector<H2Case> FrameCases() {
  using E = H2Error;
  const auto connection = [](const char* name, std::string bytes, E error) {
    return H2Case{name, std::move(bytes), Ends::kConnection, error};
  };
  const auto stream = [](const char* name, std::string bytes, E error) {
    return H2Case{name, std::move(bytes), Ends::kStream, error};
  };
  const auto fine = [](const char* name, std::string bytes) {
    return H2Case{name, std::move(bytes), Ends::kNot};
  };
  std::vector<H2Case> cases = {
      // 4.1 to 4.3: frames
      fine("unknown frame type", Frame(0x16, 0xff, 0, "abc") + kOpen),
      fine("unknown flags", Frame(kPing, 0xfe, 0, "12345678")),
      fine("reserved bit", Frame(kPing, 0, 0x80000000, "12345678")),
      connection("frame above the maximum", Frame(kData, 0, 1, std::string(16385, 'x')),
                 E::kFrameSizeError),
      connection("HEADERS above the maximum", Frame(kHeaders, 4, 1, std::string(16385, 'x')),
                 E::kFrameSizeError),
      connection("CONTINUATION above the maximum",
                 Frame(kHeaders, kEndStream, 1, Block(GetFields())) +
                     Frame(kContinuation, kEndHeaders, 1, std::string(16385, 'x')),
                 E::kFrameSizeError),
      connection("DATA without the length of their padding", kOpen + Frame(kData, kPadded, 1, ""),
                 E::kProtocolError),
      connection("HEADERS without the length of their padding",
                 Frame(kHeaders, kPadded | kEndHeaders, 1, ""), E::kProtocolError),
      connection("HEADERS too short for their priority",
                 Frame(kHeaders, kPriorityFlag | kEndHeaders, 1, "1234"), E::kFrameSizeError),
      connection(
          "another frame within a block",
          Frame(kHeaders, kEndStream, 1, Block(GetFields())) + Frame(kPing, 0, 0, "12345678"),
          E::kProtocolError),
      connection("another stream's HEADERS within a block",
                 Frame(kHeaders, kEndStream, 1, Block(GetFields())) + HeadersFrame(3, GetFields()),
                 E::kProtocolError),
      connection("unknown frame within a block",
                 Frame(kHeaders, kEndStream, 1, Block(GetFields())) + Frame(0x16, 0, 1, ""),
                 E::kProtocolError),
      // 5.1: states
      connection("DATA on an idle stream", DataFrame(1, "x"), E::kProtocolError),
      connection("RST_STREAM on an idle stream", RstFrame(1), E::kProtocolError),
      connection("WINDOW_UPDATE on an idle stream", WindowFrame(1, 1), E::kProtocolError),
      connection("CONTINUATION on an idle stream", Frame(kContinuation, 4, 1, Block(GetFields())),
                 E::kProtocolError),
      connection("DATA behind the end",
                 HeadersFrame(1, GetFields(), kEndStream) + DataFrame(1, "x"), E::kStreamClosed),
      connection(
          "HEADERS behind the end",
          HeadersFrame(1, GetFields(), kEndStream) + HeadersFrame(1, GetFields(), kEndStream),
          E::kStreamClosed),
      // Section 5.1 permits both an error and nothing: it may have crossed a reset of ours.
      fine("HEADERS on a closed stream", kClosed + HeadersFrame(1, GetFields())),
      fine("DATA on a stream that was just closed", kClosed + DataFrame(1, "x")),
      fine("WINDOW_UPDATE on a closed stream", kClosed + WindowFrame(1, 1)),
      fine("PRIORITY on an idle stream", Frame(kPriority, 0, 5, Number(0) + '\0')),
      // 5.1.1: identifiers
      connection("even stream", HeadersFrame(2, GetFields(), kEndStream), E::kProtocolError),
      connection(
          "stream that goes back",
          HeadersFrame(5, GetFields(), kEndStream) + HeadersFrame(3, GetFields(), kEndStream),
          E::kProtocolError),
      connection("HEADERS on stream 0", HeadersFrame(0, GetFields()), E::kProtocolError),
      // 6.1: DATA
      connection("DATA on stream 0", DataFrame(0, "x"), E::kProtocolError),
      connection("padding as long as the frame",
                 kOpen + Frame(kData, kPadded, 1, std::string("\x05zzzz", 5)), E::kProtocolError),
      fine("padding", kOpen + Frame(kData, kPadded, 1, std::string("\x02xzz", 4))),
      // 6.2: HEADERS
      connection(
          "padding of HEADERS beyond the frame",
          Frame(kHeaders, kPadded | kEndHeaders, 1, std::string("\xff", 1) + Block(GetFields())),
          E::kProtocolError),
      fine("HEADERS with a priority", Frame(kHeaders, kPriorityFlag | kEndHeaders | kEndStream, 1,
                                            Number(0) + '\x10' + Block(GetFields()))),
      // 6.3: PRIORITY
      connection("PRIORITY on stream 0", Frame(kPriority, 0, 0, Number(1) + '\0'),
                 E::kProtocolError),
      connection("PRIORITY of a wrong length", kOpen + Frame(kPriority, 0, 1, "1234"),
                 E::kFrameSizeError),
      // 6.4: RST_STREAM
      connection("RST_STREAM on stream 0", RstFrame(0), E::kProtocolError),
      connection("RST_STREAM of a wrong length", kOpen + Frame(kRstStream, 0, 1, "123"),
                 E::kFrameSizeError),
      // 6.5: SETTINGS
      connection("SETTINGS ACK with a payload", Frame(kSettings, kAck, 0, "123456"),
                 E::kFrameSizeError),
      connection("SETTINGS on a stream", Frame(kSettings, 0, 1, ""), E::kProtocolError),
      connection("SETTINGS of a wrong length", Frame(kSettings, 0, 0, "12345"), E::kFrameSizeError),
      connection("ENABLE_PUSH of 2", SettingsFrame({{2, 2}}), E::kProtocolError),
      connection("window of 2^31", SettingsFrame({{4, 0x80000000}}), E::kFlowControlError),
      connection("frame size below 2^14", SettingsFrame({{5, 16383}}), E::kProtocolError),
      connection("frame size of 2^24", SettingsFrame({{5, 1 << 24}}), E::kProtocolError),
      fine("unknown setting", SettingsFrame({{0xff, 1}})),
      // 6.6: PUSH_PROMISE
      connection("PUSH_PROMISE from a client",
                 kOpen + Frame(kPushPromise, kEndHeaders, 1, Number(2) + Block(GetFields())),
                 E::kProtocolError),
      // 6.7: PING
      connection("PING on a stream", Frame(kPing, 0, 1, "12345678"), E::kProtocolError),
      connection("PING of a wrong length", Frame(kPing, 0, 0, "123456"), E::kFrameSizeError),
      // 6.8: GOAWAY
      connection("GOAWAY on a stream", Frame(kGoaway, 0, 1, Number(0) + Number(0)),
                 E::kProtocolError),
      connection("GOAWAY of a wrong length", Frame(kGoaway, 0, 0, "123"), E::kFrameSizeError),
      // 6.9: WINDOW_UPDATE
      connection("window of the connection by 0", WindowFrame(0, 0), E::kProtocolError),
      connection("window of a stream by 0", kOpen + WindowFrame(1, 0), E::kProtocolError),
      connection("WINDOW_UPDATE of a wrong length", Frame(kWindowUpdate, 0, 0, "123"),
                 E::kFrameSizeError),
      connection("window of the connection beyond 2^31-1", WindowFrame(0, 0x7fffffff),
                 E::kFlowControlError),
      stream("window of a stream beyond 2^31-1", kOpen + WindowFrame(1, 0x7fffffff),
             E::kFlowControlError),
      connection("windows raised beyond 2^31-1 by SETTINGS",
                 kOpen + WindowFrame(1, 0x7fffffff - 65535) + SettingsFrame({{4, 65536}}),
                 E::kFlowControlError),
      // 6.10: CONTINUATION
      connection("CONTINUATION without HEADERS", kOpen + Frame(kContinuation, 4, 1, ""),
                 E::kProtocolError),
      connection(
          "CONTINUATION of another stream",
          Frame(kHeaders, kEndStream, 1, Block(GetFields())) + Frame(kContinuation, 4, 3, ""),
          E::kProtocolError),
      fine("a block in two frames",
           Frame(kHeaders, kEndStream, 1, Block(GetFields()).substr(0, 10)) +
               Frame(kContinuation, kEndHeaders, 1, Block(GetFields()).substr(10))),
      // RFC 7541
      connection("index 0", RawBlock("\x80"), E::kCompressionError),
      connection("index beyond the tables", RawBlock("\xff\x20"), E::kCompressionError),
      connection("integer that overflows", RawBlock("\xff\xff\xff\xff\xff\xff\xff\xff"),
                 E::kCompressionError),
      connection("string beyond the block", RawBlock(std::string("\0\x05xy", 4)),
                 E::kCompressionError),
      connection("Huffman with EOS", RawBlock(std::string("\0\x01x\x84\xff\xff\xff\xff", 8)),
                 E::kCompressionError),
      connection("Huffman padding of a byte and more",
                 RawBlock(std::string("\0\x01x\x82\x1c\xff\xff", 7).substr(0, 6) + "\xff"),
                 E::kCompressionError),
      connection("Huffman padding of zeroes", RawBlock(std::string("\0\x01x\x81\x18", 5)),
                 E::kCompressionError),
      connection("table size above the setting", RawBlock("\x3f\xe2\x1f" + Block(GetFields())),
                 E::kCompressionError),
      connection("table size behind a field", RawBlock(Block(GetFields()) + "\x20"),
                 E::kCompressionError),
  };
  // 3.4: the preface
  cases.push_back({"not a preface", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", Ends::kConnection,
                   E::kProtocolError, true});
  cases.push_back({"preface without SETTINGS", Preface() + Frame(kPing, 0, 0, "12345678"),
                   Ends::kConnection, E::kProtocolError, true});
  cases.push_back({"preface with a SETTINGS ACK", Preface() + Frame(kSettings, kAck, 0, ""),
                   Ends::kConnection, E::kProtocolError, true});
  return cases;
}

// 8.2 and 8.3: malformed messages end their stream.
std::vector<H2Case> MessageCases() {
  std::vector<H2Case> cases;
  const auto bad = [&](const char* name, std::string bytes) {
    cases.push_back({name, std::move(bytes), Ends::kStream, H2Error::kProtocolError});
  };
  const auto fine = [&](const char* name, std::string bytes) {
    cases.push_back({name, std::move(bytes), Ends::kNot});
  };
  fine("plain request", Headers(GetFields()));
  bad("upper-case name", Headers(GetFields({{"X-Up", "1"}})));
  bad("blank in a name", Headers(GetFields({{"a b", "1"}})));
  bad("colon in a name", Headers(GetFields({{"a:b", "1"}})));
  bad("CR in a name", Headers(GetFields({{"a\rb", "1"}})));
  bad("empty name", Headers(GetFields({{"", "1"}})));
  bad("non-ASCII name", Headers(GetFields({{"\xc3\xa4", "1"}})));
  bad("CR in a value", Headers(GetFields({{"a", "b\rc"}})));
  bad("LF in a value", Headers(GetFields({{"a", "b\nc"}})));
  bad("CRLF in a value", Headers(GetFields({{"a", "b\r\nc: d"}})));
  bad("NUL in a value", Headers(GetFields({{"a", std::string("b\0c", 3)}})));
  bad("blank in front of a value", Headers(GetFields({{"a", " b"}})));
  bad("tab behind a value", Headers(GetFields({{"a", "b\t"}})));
  bad("DEL in a value", Headers(GetFields({{"a", "b\x7f"}})));
  fine("blank within a value", Headers(GetFields({{"a", "b c\td"}})));
  fine("bytes above ASCII in a value", Headers(GetFields({{"a", "\xc3\xa4"}})));
  for (const char* name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    bad("field of a connection", Headers(GetFields({{name, "x"}})));
  }
  bad("transfer-encoding: chunked with a body",
      HeadersFrame(1, GetFields({{"transfer-encoding", "chunked"}})));
  bad("te other than trailers", Headers(GetFields({{"te", "gzip"}})));
  bad("te with more than trailers", Headers(GetFields({{"te", "trailers, gzip"}})));
  fine("te: trailers", Headers(GetFields({{"te", "trailers"}})));
  bad("unknown pseudo-field", Headers(GetFields({{":foo", "1"}})));
  bad("pseudo-field of responses", Headers(GetFields({{":status", "200"}})));
  bad("pseudo-field behind a field",
      Headers({{":method", "GET"}, {"a", "b"}, {":scheme", "http"}, {":path", "/"}}));
  for (const char* name : {":method", ":scheme", ":path"}) {
    bad("pseudo-field missing", Headers(Without(name)));
    H2Fields twice = GetFields();
    twice.insert(twice.begin(), *std::find_if(twice.begin(), twice.end(), [&](const auto& field) {
                   return field.first == name;
                 }));
    bad("pseudo-field twice", Headers(twice));
  }
  bad("empty authority",
      Headers({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", ""}}));
  bad("no authority and no host", Headers(Without(":authority")));
  H2Fields by_host = Without(":authority");
  by_host.push_back({"host", "h"});
  fine("host instead of authority", Headers(by_host));
  fine("host that agrees", Headers(GetFields({{"host", "H"}})));
  fine("host that agrees but for the usual port", Headers(GetFields({{"host", "h:80"}})));
  bad("host that differs", Headers(GetFields({{"host", "other"}})));
  bad("host with another port", Headers(GetFields({{"host", "h:81"}})));
  bad("host twice", Headers(GetFields({{"host", "h"}, {"host", "h"}})));
  const auto with = [](const char* name, const char* value) {
    H2Fields fields = GetFields();
    for (auto& field : fields) {
      if (field.first == name) field.second = value;
    }
    return Headers(fields);
  };
  bad("empty path", with(":path", ""));
  bad("path without a slash", with(":path", "a"));
  bad("absolute path", with(":path", "http://h/"));
  bad("path with a blank", with(":path", "/a b"));
  bad("path with a fragment", with(":path", "/a#b"));
  bad("path with CRLF", with(":path", "/ HTTP/1.1\r\nHost: x"));
  bad("path above ASCII", with(":path", "/\xc3\xa4"));
  bad("asterisk with GET", with(":path", "*"));
  fine("asterisk with OPTIONS", Headers(RequestFields("OPTIONS", "*")));
  bad("method with a blank", with(":method", "GET /x"));
  bad("empty method", with(":method", ""));
  bad("method with LF", with(":method", "GET\n"));
  bad("scheme ftp", with(":scheme", "ftp"));
  bad("empty scheme", with(":scheme", ""));
  bad("scheme with a path", with(":scheme", "http://x/"));
  bad("authority with user information", with(":authority", "u@h"));
  bad("authority with a path", with(":authority", "h/x"));
  bad("authority with a blank", with(":authority", "h x"));
  bad("port that is none", with(":authority", "h:x"));
  fine("authority with a port", with(":authority", "[::1]:8080"));
  bad("CONNECT with a path", Headers(RequestFields("CONNECT", "/")));
  fine("CONNECT", HeadersFrame(1, {{":method", "CONNECT"}, {":authority", "h:443"}}));
  bad("CONNECT without a port", HeadersFrame(1, {{":method", "CONNECT"}, {":authority", "h"}}));
  bad("CONNECT without an authority", HeadersFrame(1, {{":method", "CONNECT"}}));
  fine("extended CONNECT",
       HeadersFrame(1, RequestFields("CONNECT", "/", {{":protocol", "websocket"}})));
  bad("extended CONNECT to h2c",
      HeadersFrame(1, RequestFields("CONNECT", "/", {{":protocol", "h2c"}})));
  bad(":protocol without CONNECT",
      Headers(RequestFields("GET", "/", {{":protocol", "websocket"}})));
  // 8.1.1: lengths
  bad("content-length without a body",
      Headers(RequestFields("POST", "/", {{"content-length", "1"}})));
  bad("body longer than its length",
      HeadersFrame(1, RequestFields("POST", "/", {{"content-length", "1"}})) + DataFrame(1, "xy"));
  bad("body shorter than its length",
      HeadersFrame(1, RequestFields("POST", "/", {{"content-length", "3"}})) +
          DataFrame(1, "xy", kEndStream));
  bad("content-length twice",
      HeadersFrame(1,
                   RequestFields("POST", "/", {{"content-length", "1"}, {"content-length", "1"}})));
  bad("content-length that is none",
      HeadersFrame(1, RequestFields("POST", "/", {{"content-length", "+1"}})));
  bad("content-length list",
      HeadersFrame(1, RequestFields("POST", "/", {{"content-length", "1, 1"}})));
  bad("content-length beyond 2^63",
      HeadersFrame(1, RequestFields("POST", "/", {{"content-length", "9223372036854775808"}})));
  fine("content-length of 0", Headers(RequestFields("POST", "/", {{"content-length", "0"}})));
  // Trailers
  bad("pseudo-field in trailers", kOpen + HeadersFrame(1, {{":path", "/"}}, kEndStream));
  bad("content-length in trailers", kOpen + HeadersFrame(1, {{"content-length", "0"}}, kEndStream));
  bad("host in trailers", kOpen + HeadersFrame(1, {{"host", "x"}}, kEndStream));
  bad("trailers without an end", kOpen + HeadersFrame(1, {{"a", "b"}}));
  fine("trailers", kOpen + HeadersFrame(1, {{"a", "b"}}, kEndStream));
  return cases;
}

void Check(const H2Case& c) {
  SCOPED_TRACE(c.name);
  // Whole, and byte by byte.
  for (size_t step : {size_t{1 << 20}, size_t{1}}) {
    RecordingListener listener;
    H2Session session(H2Session::Role::kServer, H2Settings(), Limits(), 1, &listener);
    const std::string bytes = c.is_raw ? c.bytes : Preface() + SettingsFrame() + c.bytes;
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += step) {
      session.Receive(std::string_view(bytes).substr(at, step), SteadyTime{});
      out += ProduceAll(&session);
    }
    std::optional<H2Error> stream;
    std::optional<H2Error> connection;
    for (const H2Frame& frame : ParseFrames(out)) {
      if (frame.type == kRstStream) stream = frame.error();
      if (frame.type == kGoaway) connection = frame.error();
    }
    EXPECT_EQ(connection.has_value(), c.ends == Ends::kConnection);
    if (c.ends == Ends::kConnection) {
      EXPECT_EQ(connection.value_or(H2Error::kNoError), c.error);
      EXPECT_TRUE(session.is_over());
      EXPECT_EQ(session.failure(), c.error);
      continue;
    }
    EXPECT_FALSE(session.is_over());
    EXPECT_EQ(stream.has_value(), c.ends == Ends::kStream);
    EXPECT_EQ(stream.value_or(H2Error::kNoError), c.error);
  }
}

TEST(H2Conformance, FramesThatBreakTheProtocol) {
  for (const H2Case& c : FrameCases()) Check(c);
}

TEST(H2Conformance, MessagesThatAreMalformed) {
  for (const H2Case& c : MessageCases()) Check(c);
}

}  // namespace
}  // namespace lb::http
