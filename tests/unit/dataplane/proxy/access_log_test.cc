#include "dataplane/proxy/access_log.h"

#include <string>

#include "gtest/gtest.h"

#include "tests/testing/proxy_fixture.h"

namespace lb::proxy {
namespace {

using testing::ProxyFixture;

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() : proxy_(ProxyFixture::kHttp) {
    facts_.status = 200;
    facts_.bytes_uploaded = 10;
    txn_.log = &facts_;
  }
  // How many lines one call writes.
  size_t Write(bool is_error) {
    proxy_.log_lines.clear();
    WriteAccessLog(&proxy_.worker, *proxy_.frontend, &txn_, is_error);
    proxy_.Settle();
    return proxy_.log_lines.size();
  }

  ProxyFixture proxy_;
  rules::LogFacts facts_;
  rules::TxnContext txn_;
};

TEST_F(AccessLogTest, WritesTheFormat) {
  EXPECT_TRUE(IsLogged(*proxy_.frontend));
  EXPECT_EQ(Write(/*is_error=*/false), 1u);
  EXPECT_EQ(proxy_.log_lines[0], "<NOSRV> 200 -- 0 0 10");
}

TEST_F(AccessLogTest, NothingWithoutAFormat) {
  proxy_.frontend->has_log_format = false;
  EXPECT_FALSE(IsLogged(*proxy_.frontend));
  EXPECT_EQ(Write(/*is_error=*/true), 0u);
}

TEST_F(AccessLogTest, NormalTrafficCanBeLeftOut) {
  proxy_.frontend->dont_log_normal = true;
  EXPECT_EQ(Write(/*is_error=*/false), 0u);
  EXPECT_EQ(Write(/*is_error=*/true), 1u);
}

TEST_F(AccessLogTest, ConnectionsWithoutABytesCanBeLeftOut) {
  proxy_.frontend->dont_log_null = true;
  EXPECT_EQ(Write(/*is_error=*/true), 1u);
  facts_.bytes_uploaded = 0;
  EXPECT_EQ(Write(/*is_error=*/true), 0u);
}

TEST_F(AccessLogTest, ARuleCanSilenceIt) {
  txn_.log_level = rules::kLogLevelSilent;
  EXPECT_EQ(Write(/*is_error=*/true), 0u);
}

TEST_F(AccessLogTest, TextsOfTheMessagesAreNotAskedFor) {
  http::RequestHead request;
  txn_.request = &request;
  Write(/*is_error=*/false);
  EXPECT_EQ(txn_.request, nullptr);
}

}  // namespace
}  // namespace lb::proxy
