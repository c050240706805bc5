#include "common/tls/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <string>

#include "common/tls/channel_identity.h"
#include "common/tls/context.h"
#include "tests/testing/temp_dir.h"

namespace lb::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST(Pki, IssuesCertificatesThatTheAuthorityVouchesFor) {
  auto authority = MakeAuthority("test authority", 10);
  ASSERT_TRUE(authority.ok()) << authority.status();
  auto issued = Issue(*authority, ChannelRole::kControl, "control", {"10.0.0.1", "ctl.test"}, 5);
  ASSERT_TRUE(issued.ok()) << issued.status();
  auto leaf = ReadCertificates({.name = "leaf", .pem = issued->certificate});
  auto root = ReadCertificates({.name = "root", .pem = authority->certificate});
  ASSERT_TRUE(leaf.ok() && root.ok());
  X509* certificate = leaf->front().get();
  EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(root->front().get())), 1);
  EXPECT_THAT(NamesOf(certificate), IsSupersetOf({"control", "ctl.test"}));
  EXPECT_EQ(X509_check_ip_asc(certificate, "10.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "10.0.0.2", 0), 0);
}

TEST(Pki, ACertificateSaysWhoseItIs) {
  auto authority = MakeAuthority("test authority", 10);
  auto issued = Issue(*authority, ChannelRole::kNode, "edge1", {}, 5);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const ChannelPeer peer = PeerOf(issued->certificate);
  EXPECT_EQ(peer.role, "node");
  EXPECT_EQ(peer.name, "edge1");
  EXPECT_EQ(PeerOf("rubbish").role, "");
}

TEST(Pki, RefusesWhatCannotBe) {
  auto authority = MakeAuthority("test authority", 10);
  EXPECT_FALSE(MakeAuthority("x", 0).ok());
  EXPECT_FALSE(Issue(*authority, ChannelRole::kNode, "x", {"a b"}, 5).ok());
  auto other = MakeAuthority("other", 10);
  EXPECT_THAT(
      std::string(Issue({authority->certificate, other->key}, ChannelRole::kNode, "x", {}, 5)
                      .status()
                      .message()),
      HasSubstr("not that of its certificate"));
}

class LoadIdentityTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = temp_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  testing::TempDir temp_;
};

TEST_F(LoadIdentityTest, TakesAllThreeFilesOrNone) {
  EXPECT_FALSE(LoadIdentity({})->has_value());
  auto authority = MakeAuthority("test authority", 10);
  auto issued = Issue(*authority, ChannelRole::kNode, "edge1", {}, 5);
  ChannelFiles files{Write("c", issued->certificate), Write("k", issued->key),
                     Write("a", authority->certificate)};
  EXPECT_TRUE(LoadIdentity(files).ok());
  ChannelFiles incomplete = files;
  incomplete.key.clear();
  EXPECT_THAT(std::string(LoadIdentity(incomplete).status().message()), HasSubstr("go together"));
  ChannelFiles mixed = files;
  mixed.key = Write("other", authority->key);
  EXPECT_FALSE(LoadIdentity(mixed).ok());
  ChannelFiles absent = files;
  absent.authority = temp_.path() + "/none";
  EXPECT_THAT(std::string(LoadIdentity(absent).status().message()), HasSubstr("cannot read"));
}

}  // namespace
}  // namespace lb::tls
