#include "common/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace lb::net {
namespace {

using Outcome = ProxyParse::Outcome;

constexpr std::string_view kLine4 = "PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n";

std::string Length16(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string V2(uint8_t command, uint8_t family, const std::string& body) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes.push_back(static_cast<char>(command));
  bytes.push_back(static_cast<char>(family));
  return bytes + Length16(body.size()) + body;
}

std::string Tlv(uint8_t type, const std::string& value) {
  return std::string(1, static_cast<char>(type)) + Length16(value.size()) + value;
}

const std::string& Ends4() {
  static const std::string* const ends = new std::string("\1\2\3\4\5\6\7\10\4\127\10\256", 12);
  return *ends;
}

// "SOURCE > DESTINATION", "local", "more", or the error.
std::string Describe(std::string_view bytes) {
  ProxyHeader header;
  const ProxyParse parsed = ParseProxyHeader(bytes, &header);
  if (parsed.outcome == Outcome::kMore) return "more";
  if (parsed.outcome == Outcome::kDone) {
    if (header.is_local) return "local";
    return header.source.ToString() + " > " + header.destination.ToString();
  }
  switch (parsed.error) {
    case ProxyHeaderError::kNotHeader:
      return "not a header";
    case ProxyHeaderError::kBadHeader:
      return "bad header";
    case ProxyHeaderError::kBadProtocol:
      return "bad protocol";
    case ProxyHeaderError::kTooLong:
      return "too long";
    case ProxyHeaderError::kNone:
      break;
  }
  return "?";
}

TEST(ProxyProtocol, ReadsVersion1) {
  const struct {
    std::string_view bytes;
    std::string_view expected;
  } kCases[] = {
      {kLine4, "1.2.3.4:1111 > 5.6.7.8:2222"},
      {"PROXY TCP6 ::1 2001:db8::2 1 65535\r\n", "[::1]:1 > [2001:db8::2]:65535"},
      {"PROXY UNKNOWN\r\n", "local"},
      {"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "local"},
      {"", "more"},
      {"PRO", "more"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r", "more"},
      {"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "bad protocol"},
      {"PROXY UNKNOWNS\r\n", "bad protocol"},
      {"PROXY \r\n", "bad protocol"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "bad header"},
      {"PROXY TCP4 1.2.3.444 5.6.7.8 1 2\r\n", "bad header"},
      {"PROXY TCP4 * 5.6.7.8 1 2\r\n", "bad header"},
      {"PROXY TCP4  5.6.7.8 1 2\r\n", "bad header"},
      {"PROXY TCP4 ::1 ::2 1 2\r\n", "bad header"},
      {"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "bad header"},
      {"PROXY TCP6 [::1] ::2 1 2\r\n", "bad header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "bad header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "bad header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8  2\r\n", "bad header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "bad header"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "bad header"},
      {"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "bad protocol"},
      {"proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "not a header"},
      {"GET / HTTP/1.1\r\n", "not a header"},
      {"\x16\x03\x01", "not a header"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Describe(test.bytes), test.expected) << test.bytes;
}

TEST(ProxyProtocol, EndsALineThatIsTooLong) {
  const std::string start = "PROXY UNKNOWN ";
  EXPECT_EQ(Describe(start + std::string(kMaxProxyLineBytes - start.size() - 2, 'x') + "\r\n"),
            "local");
  EXPECT_EQ(Describe(start + std::string(kMaxProxyLineBytes - start.size() - 1, 'x')), "more");
  EXPECT_EQ(Describe(start + std::string(kMaxProxyLineBytes - start.size(), 'x')), "bad header");
}

TEST(ProxyProtocol, ReadsVersion2) {
  const std::string ends6 =
      std::string(15, '\0') + "\1" + std::string(15, '\0') + "\2" + Length16(1) + Length16(65535);
  const std::string unix_ends =
      std::string("/a") + std::string(106, '\0') + std::string("\0b", 2) + std::string(106, '\0');
  const std::string signature = V2(0x21, 0x11, "").substr(0, 12);
  const struct {
    std::string what;
    std::string bytes;
    std::string_view expected;
  } kCases[] = {
      {"tcp4", V2(0x21, 0x11, Ends4()), "1.2.3.4:1111 > 5.6.7.8:2222"},
      {"tcp6", V2(0x21, 0x21, ends6), "[::1]:1 > [::2]:65535"},
      {"unix", V2(0x21, 0x31, unix_ends), "unix:/a > unix:@b"},
      {"nameless unix", V2(0x21, 0x31, std::string(216, '\0')), "unix: > unix:"},
      {"udp", V2(0x21, 0x12, Ends4()), "local"},
      {"no family", V2(0x21, 0x00, ""), "local"},
      {"no family, a TLV", V2(0x21, 0x00, Tlv(4, "pad")), "local"},
      {"local", V2(0x20, 0x00, ""), "local"},
      {"local: the rest is not looked at", V2(0x20, 0x11, "\2"), "local"},
      {"signature", signature, "more"},
      {"half a signature", signature.substr(0, 7), "more"},
      {"one byte short", V2(0x21, 0x11, Ends4()).substr(0, 27), "more"},
      {"version 1 in binary", V2(0x11, 0x11, Ends4()), "not a header"},
      {"a broken signature", "\r\n\r\n\r", "not a header"},
      {"unknown command", V2(0x22, 0x11, Ends4()), "bad header"},
      {"unknown family", V2(0x21, 0x41, Ends4()), "bad header"},
      {"addresses cut off", V2(0x21, 0x11, Ends4().substr(0, 11)), "bad header"},
      {"half a TLV head", V2(0x21, 0x11, Ends4() + "\2"), "bad header"},
      {"a TLV that goes on", V2(0x21, 0x11, Ends4() + std::string("\2\0\5abc", 6)), "bad header"},
      {"authority", V2(0x21, 0x11, Ends4() + Tlv(2, std::string(255, 'a'))),
       "1.2.3.4:1111 > 5.6.7.8:2222"},
      {"long authority", V2(0x21, 0x11, Ends4() + Tlv(2, std::string(256, 'a'))), "bad header"},
      {"unique id", V2(0x21, 0x11, Ends4() + Tlv(5, std::string(128, 'a'))),
       "1.2.3.4:1111 > 5.6.7.8:2222"},
      {"long unique id", V2(0x21, 0x11, Ends4() + Tlv(5, std::string(129, 'a'))), "bad header"},
      {"short sum", V2(0x21, 0x11, Ends4() + Tlv(3, "abc")), "bad header"},
      {"wrong sum", V2(0x21, 0x11, Ends4() + Tlv(3, "abcd")), "bad header"},
      {"short ssl", V2(0x21, 0x11, Ends4() + Tlv(0x20, "abcd")), "bad header"},
      {"ssl with half a TLV", V2(0x21, 0x11, Ends4() + Tlv(0x20, std::string("\1\0\0\0\0!", 6))),
       "bad header"},
      {"the longest", V2(0x21, 0x11, Ends4() + Tlv(4, std::string(16384 - 31, 'x'))),
       "1.2.3.4:1111 > 5.6.7.8:2222"},
      {"longer", V2(0x21, 0x11, Ends4() + Tlv(4, std::string(16384 - 30, 'x'))), "too long"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Describe(test.bytes), test.expected) << test.what;
}

TEST(ProxyProtocol, TellsWhereTheHeaderEndsAndWhatItWaitsFor) {
  const std::string v2 = V2(0x21, 0x11, Ends4());
  for (const std::string& bytes : {std::string(kLine4), v2}) {
    ProxyHeader header;
    EXPECT_EQ(ParseProxyHeader(bytes + "GET /", &header).bytes, bytes.size());
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      const ProxyParse parsed = ParseProxyHeader(std::string_view(bytes).substr(0, cut), &header);
      EXPECT_EQ(parsed.outcome, Outcome::kMore) << cut;
      EXPECT_GT(parsed.bytes, cut);
      EXPECT_LE(parsed.bytes, bytes.size());
    }
  }
}

TEST(ProxyProtocol, SumsAsTheStandardDoes) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), 0xe3069283u);
}

TEST(ProxyProtocol, WritesVersion1) {
  const struct {
    std::string_view source;
    std::string_view destination;
    std::string_view expected;
  } kCases[] = {
      {"1.2.3.4:1111", "5.6.7.8:2222", kLine4},
      {"[::1]:1", "[2001:db8::2]:65535", "PROXY TCP6 ::1 2001:db8::2 1 65535\r\n"},
      {"[2001:db8::1]:7", "127.0.0.1:80", "PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 7 80\r\n"},
      {"unix:/a", "127.0.0.1:80", "PROXY UNKNOWN\r\n"},
  };
  for (const auto& test : kCases) {
    std::string out;
    AppendProxyV1(*Address::Parse(test.source), *Address::Parse(test.destination), &out);
    EXPECT_EQ(out, test.expected);
  }
}

struct V2Fixture {
  Address source = *Address::Parse("1.2.3.4:1111");
  Address destination = *Address::Parse("5.6.7.8:2222");
  ProxyHeaderFacts facts{&source, &destination, {}, {}, {}, {}};
  ProxyHeaderOptions options;

  std::string Write() const {
    std::string out = "before";
    AppendProxyV2(facts, options, &out);
    return out.substr(6);
  }
};

// The bytes are those that HAProxy 2.6 wrote for the same facts.
TEST(ProxyProtocol, WritesVersion2AsHAProxyDoes) {
  V2Fixture f;
  EXPECT_EQ(f.Write(), V2(0x21, 0x11, Ends4()));
  f.facts.authority = "auth";
  EXPECT_EQ(f.Write(), V2(0x21, 0x11, Ends4()));
  f.options.crc32c = f.options.authority = f.options.unique_id = f.options.ssl = true;
  EXPECT_EQ(f.Write(), V2(0x21, 0x11,
                          Ends4() + Tlv(3, "\x7c\x9f\xd0\xb3") + Tlv(2, "auth") + Tlv(5, "") +
                              Tlv(0x20, std::string(5, '\0'))));
}

TEST(ProxyProtocol, WritesMixedFamiliesAsVersion6) {
  V2Fixture f;
  f.source = *Address::Parse("[2001:db8::1]:1111");
  EXPECT_EQ(Describe(f.Write()), "[2001:db8::1]:1111 > [::ffff:5.6.7.8]:2222");
}

TEST(ProxyProtocol, SaysLocalWhenThereAreNoAddresses) {
  V2Fixture f;
  f.source = *Address::FromUnixPath("/a");
  EXPECT_EQ(f.Write(), V2(0x20, 0x00, ""));
  f.facts.source = nullptr;
  f.options.unique_id = true;
  EXPECT_EQ(f.Write(), V2(0x20, 0x00, Tlv(5, "")));
  std::string out;
  AppendProxyV2Local(&out);
  EXPECT_EQ(out, V2(0x20, 0x00, ""));
}

TEST(ProxyProtocol, ReadsWhatItWrote) {
  V2Fixture f;
  f.facts.alpn = "h2";
  f.facts.authority = "a.test";
  f.facts.unique_id = "id-1";
  f.facts.tls = {true, true, true, 7, "TLSv1.3", "client", "TLS_AES_128", "SHA256", "RSA2048"};
  f.options = {true, true, true, true, true, true, true, true};
  const std::string bytes = f.Write();
  ProxyHeader header;
  ASSERT_EQ(ParseProxyHeader(bytes, &header).outcome, Outcome::kDone);
  EXPECT_EQ(header.version, 2);
  EXPECT_TRUE(header.has_crc32c);
  EXPECT_EQ(header.source, f.source);
  EXPECT_EQ(header.destination, f.destination);
  EXPECT_EQ(header.alpn, "h2");
  EXPECT_EQ(header.authority, "a.test");
  EXPECT_EQ(header.unique_id, "id-1");
  ASSERT_TRUE(header.tls.has_value());
  EXPECT_TRUE(header.tls->is_tls);
  EXPECT_TRUE(header.tls->has_connection_certificate);
  EXPECT_TRUE(header.tls->has_session_certificate);
  EXPECT_EQ(header.tls->verify, 7u);
  EXPECT_EQ(header.tls->version, "TLSv1.3");
  EXPECT_EQ(header.tls->common_name, "client");
  EXPECT_EQ(header.tls->cipher, "TLS_AES_128");
  EXPECT_EQ(header.tls->signature_algorithm, "SHA256");
  EXPECT_EQ(header.tls->key_algorithm, "RSA2048");
}

TEST(ProxyProtocol, TellsOfTlsOnlyWhatIsAskedFor) {
  V2Fixture f;
  f.facts.tls = {true, false, false, 0, "TLSv1.3", "client", "TLS_AES_128", "SHA256", "RSA2048"};
  f.options.ssl = f.options.ssl_cipher = true;
  const std::string bytes = f.Write();
  ProxyHeader header;
  ASSERT_EQ(ParseProxyHeader(bytes, &header).outcome, Outcome::kDone);
  EXPECT_EQ(header.tls->version, "TLSv1.3");
  EXPECT_EQ(header.tls->cipher, "TLS_AES_128");
  EXPECT_EQ(header.tls->common_name, "");
  EXPECT_EQ(header.tls->signature_algorithm, "");
  EXPECT_EQ(header.tls->key_algorithm, "");
}

TEST(ProxyProtocol, LeavesOutWhatWouldMakeTheHeaderTooLong) {
  V2Fixture f;
  const std::string huge(kMaxProxyHeaderBytes, 'x');
  f.facts.alpn = huge;
  EXPECT_EQ(f.Write(), V2(0x21, 0x11, Ends4()));
}

TEST(ProxyProtocol, ChangingAnyByteBreaksTheSum) {
  V2Fixture f;
  f.options.crc32c = true;
  const std::string bytes = f.Write();
  for (size_t i = 16; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ProxyHeader header;
    const ProxyParse parsed = ParseProxyHeader(changed, &header);
    EXPECT_TRUE(parsed.outcome == Outcome::kError || !header.has_crc32c) << i;
  }
}

}  // namespace
}  // namespace lb::net
