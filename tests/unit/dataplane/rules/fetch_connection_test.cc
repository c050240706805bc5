#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

using FetchConnection = Exchange;

TEST_F(FetchConnection, KnowsBothEndsOfTheClientsConnection) {
  EXPECT_EQ(Eval("src"), "127.0.0.1");
  EXPECT_EQ(Eval("src_port"), "50804");
  EXPECT_EQ(Eval("dst"), "127.0.0.2");
  EXPECT_EQ(Eval("dst_port"), "80");
  client_ = *Address::FromIp("::1", 5);
  EXPECT_EQ(Eval("src"), "::1");
}

TEST_F(FetchConnection, AUnixSocketHasNoAddress) {
  client_ = *Address::FromUnixPath("/tmp/s");
  EXPECT_EQ(Eval("src"), "(none)");
  EXPECT_EQ(Eval("src_port"), "(none)");
}

TEST_F(FetchConnection, TheServersSideAppearsWithTheServer) {
  for (const char* expr : {"bc_dst", "bc_dst_port", "bc_src", "bc_src_port", "srv_name", "srv_id",
                           "be_name", "be_id", "so_name"}) {
    EXPECT_EQ(Eval(expr), "(none)") << expr;
  }
  context_.server_address = &server_address_;
  context_.upstream_local = &upstream_local_;
  context_.backend = {"bk", 3};
  context_.server = {"s1", 7};
  context_.listener_name = "http";
  EXPECT_EQ(Eval("bc_dst"), "10.0.0.1");
  EXPECT_EQ(Eval("bc_dst_port"), "8080");
  EXPECT_EQ(Eval("bc_src"), "10.0.0.9");
  EXPECT_EQ(Eval("bc_src_port"), "40000");
  EXPECT_EQ(Eval("srv_name"), "s1");
  EXPECT_EQ(Eval("srv_id"), "7");
  EXPECT_EQ(Eval("be_name"), "bk");
  EXPECT_EQ(Eval("be_id"), "3");
  EXPECT_EQ(Eval("so_name"), "http");
}

TEST_F(FetchConnection, TheFrontendIsKnownFromTheStart) {
  EXPECT_EQ(Eval("fe_name"), "fe");
  EXPECT_EQ(Eval("fe_id"), "2");
  EXPECT_EQ(Eval("fe_defbe"), "bk");
  EXPECT_EQ(Eval("so_id"), "1");
  EXPECT_EQ(Eval("fc_http_major"), "1");
  EXPECT_EQ(Eval("ssl_fc"), "0");
  context_.is_ssl = true;
  EXPECT_EQ(Eval("ssl_fc"), "1");
}

}  // namespace
}  // namespace lb::rules
