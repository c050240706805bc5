#include "dataplane/rules/client_hello.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace lb::rules {
namespace {

// The corpus of the fuzz target holds hellos that OpenSSL made.
std::string CorpusFile(const std::string& name) {
  std::ifstream file("tests/fuzz/corpus/client_hello/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

HelloOutcome ParseHello(std::string_view bytes, ClientHello* hello, std::string* copy) {
  return ParseClientHello(bytes, copy, hello);
}

TEST(ClientHello, ReadsWhatOpenSslSends) {
  const struct {
    std::string file;
    std::string_view name;
    std::string_view protocol;
  } kCases[] = {
      {"tls13", "a.test", "h2"},
      {"tls12", "b.test", ""},
      {"no_sni", "", ""},
      {"records", "a.test", "h2"},
  };
  for (const auto& test : kCases) {
    ClientHello hello;
    std::string copy;
    const std::string bytes = CorpusFile(test.file);  // the hello's texts point into it
    ASSERT_EQ(ParseHello(bytes, &hello, &copy), HelloOutcome::kDone) << test.file;
    EXPECT_EQ(hello.version, 0x0303);
    EXPECT_EQ(hello.server_name, test.name);
    EXPECT_EQ(hello.first_protocol, test.protocol);
    EXPECT_TRUE(hello.has_supported_groups);
    EXPECT_EQ(hello.session_ticket, SessionTicket::kEmpty);
  }
}

TEST(ClientHello, WaitsForEveryByte) {
  for (const std::string file : {"tls13", "records"}) {
    const std::string bytes = CorpusFile(file);
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      ClientHello hello;
      std::string copy;
      EXPECT_EQ(ParseHello(std::string_view(bytes).substr(0, cut), &hello, &copy),
                HelloOutcome::kMore)
          << file << " " << cut;
    }
  }
}

TEST(ClientHello, IsNotMistakenForAnythingElse) {
  std::string broken = CorpusFile("tls13");
  broken[5 + 4 + 2 + 32] = '\xff';  // the session id goes on behind the message
  const std::string kCases[] = {
      "GET / HTTP/1.1\r\n\r\n",
      std::string("\x15\x03\x01\0\2\2\x28", 7),
      std::string("\x16\x02", 2),
      std::string("\x16\x03\x01\0\0", 5),
      std::string("\x16\x03\x01\xff\xff", 5),
      std::string("\x16\x03\x03\0\4\2\0\0\0", 9),
      std::string("\x16\x03\x01\0\4\1\xff\xff\xff", 9),
      std::string("\x16\x03\x01\0\4\1\0\0\0", 9),
      broken,
  };
  for (const std::string& bytes : kCases) {
    ClientHello hello;
    std::string copy;
    EXPECT_EQ(ParseHello(bytes, &hello, &copy), HelloOutcome::kNotHello) << bytes;
  }
}

}  // namespace
}  // namespace lb::rules
