#include "dataplane/proxy/upstream_identity.h"

#include <string>

#include "gtest/gtest.h"

#include "common/net/proxy_protocol.h"
#include "dataplane/proxy/session_list.h"

namespace lb::proxy {
namespace {

using upstream::SourceUse;

// A session of a client at 198.51.100.9:5555, without a connection.
class IdentitySession final : public Session {
 public:
  explicit IdentitySession(SessionList* list)
      : Session(list, /*id=*/1, /*client=*/static_cast<net::Stream*>(nullptr)) {
    client_address = *Address::Parse("198.51.100.9:5555");
    local_address = *Address::Parse("203.0.113.1:443");
  }
};

class UpstreamIdentityTest : public ::testing::Test {
 protected:
  UpstreamIdentityTest() : session_(&list_) {
    server_.source = *Address::Parse("10.0.0.1:0");
    txn_.request = &request_;
  }
  std::string Source(const std::string& target = "192.0.2.1:80") const {
    return MakeSource(server_, *Address::Parse(target), session_, txn_).ToString();
  }

  SessionList list_;
  IdentitySession session_;
  upstream::ServerConfig server_;
  http::RequestHead request_;
  rules::TxnContext txn_;
};

TEST_F(UpstreamIdentityTest, TheSourceIsWhoseTheServerLineSays) {
  request_.headers.Add("X-Client", "192.0.2.3, 192.0.2.4");
  request_.headers.Add("x-client", "192.0.2.5");
  request_.headers.Add("x-bad", "nobody");
  server_.source_header = "x-client";
  const struct {
    SourceUse use;
    int occurrence;
    const char* expected;
  } kCases[] = {
      {SourceUse::kOwn, -1, "10.0.0.1:0"},           {SourceUse::kForeign, -1, "10.0.0.1:0"},
      {SourceUse::kClient, -1, "198.51.100.9:5555"}, {SourceUse::kClientIp, -1, "198.51.100.9:0"},
      {SourceUse::kHeaderIp, -1, "192.0.2.5:0"},     {SourceUse::kHeaderIp, 1, "192.0.2.3:0"},
      {SourceUse::kHeaderIp, -2, "192.0.2.4:0"},     {SourceUse::kHeaderIp, 4, "10.0.0.1:0"},
      {SourceUse::kHeaderIp, -4, "10.0.0.1:0"},
  };
  for (const auto& test : kCases) {
    server_.source_use = test.use;
    server_.source_occurrence = test.occurrence;
    EXPECT_EQ(Source(), test.expected) << static_cast<int>(test.use) << " " << test.occurrence;
  }
  server_.source_header = "x-bad";
  EXPECT_EQ(Source(), "10.0.0.1:0");
  txn_.request = nullptr;
  EXPECT_EQ(Source(), "10.0.0.1:0");
}

TEST_F(UpstreamIdentityTest, AnAddressOfAnotherFamilyIsNoSource) {
  server_.source_use = SourceUse::kClientIp;
  EXPECT_EQ(Source("[::1]:80"), "10.0.0.1:0");
}

TEST_F(UpstreamIdentityTest, TheHeaderIsOfTheVersionAskedFor) {
  EXPECT_FALSE(SpeaksForOneClient(server_));
  EXPECT_EQ(MakeProxyHeader(server_, session_, txn_), "");
  server_.send_proxy = 1;
  EXPECT_TRUE(SpeaksForOneClient(server_));
  EXPECT_EQ(MakeProxyHeader(server_, session_, txn_),
            "PROXY TCP4 198.51.100.9 203.0.113.1 5555 443\r\n");
  server_.send_proxy = 2;
  server_.proxy_options.authority = true;
  session_.proxy_texts =
      std::make_shared<const ProxyHeaderTexts>(ProxyHeaderTexts{"a.test", "id of another"});
  net::ProxyHeader header;
  const std::string bytes = MakeProxyHeader(server_, session_, txn_);
  ASSERT_EQ(net::ParseProxyHeader(bytes, &header).outcome, net::ProxyParse::Outcome::kDone);
  EXPECT_EQ(header.source, session_.client_address);
  EXPECT_EQ(header.authority, "a.test");
  EXPECT_EQ(header.unique_id, "");
  EXPECT_FALSE(header.tls.has_value());
}

TEST_F(UpstreamIdentityTest, Version2TellsTheExchangesId) {
  server_.send_proxy = 2;
  server_.proxy_options.unique_id = true;
  txn_.unique_id = "id-7";
  net::ProxyHeader header;
  const std::string bytes = MakeProxyHeader(server_, session_, txn_);
  ASSERT_EQ(net::ParseProxyHeader(bytes, &header).outcome, net::ProxyParse::Outcome::kDone);
  EXPECT_EQ(header.unique_id, "id-7");
}

}  // namespace
}  // namespace lb::proxy
