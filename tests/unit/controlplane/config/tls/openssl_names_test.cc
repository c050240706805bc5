#include "controlplane/config/tls/openssl_names.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;

TEST(OpensslNames, AreTriedOnOpenssl) {
  struct Case {
    OpensslList list;
    const char* good;
  };
  for (const Case& c : std::vector<Case>{{OpensslList::kCiphers, "ECDHE+AESGCM:!aNULL"},
                                         {OpensslList::kCiphersuites, "TLS_AES_128_GCM_SHA256"},
                                         {OpensslList::kCurves, "X25519:P-256"},
                                         {OpensslList::kSigalgs, "RSA+SHA256:ECDSA+SHA256"},
                                         {OpensslList::kClientSigalgs, "ECDSA+SHA256"}}) {
    EXPECT_TRUE(IsOpensslList(c.list, c.good)) << c.good;
    EXPECT_FALSE(IsOpensslList(c.list, "nonsense")) << c.good;
  }
}

TEST(Alpn, IsNamesOfAtMost255Bytes) {
  const auto names = SplitAlpn("h2,http/1.1");
  ASSERT_TRUE(names.ok());
  EXPECT_THAT(*names, ElementsAre("h2", "http/1.1"));
  EXPECT_TRUE(SplitAlpn(std::string(255, 'x')).ok());
  EXPECT_FALSE(SplitAlpn(std::string(256, 'x')).ok());
  for (const char* text : {"", ",", "h2,", "h2,,http/1.1"}) EXPECT_FALSE(SplitAlpn(text).ok());
  std::string many = "x";
  for (int i = 0; i < 40'000; ++i) many += ",y";
  EXPECT_FALSE(SplitAlpn(many).ok());
}

}  // namespace
}  // namespace lb::config
