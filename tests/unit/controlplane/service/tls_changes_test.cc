#include "controlplane/service/tls_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kCertificate = v1::TlsFile::CERTIFICATE;

std::string CertPath(const std::string& name) { return "tests/testing/certs/" + name; }

std::string CertText(const std::string& name) {
  std::ifstream in(CertPath(name));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class TlsChangesTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Start("tls site.pem " + CertPath("site.pem") + "\n").ok());
    a_ = std::make_unique<LocalNode>(controller_.get(), "a");
    b_ = std::make_unique<LocalNode>(controller_.get(), "b");
    a_->Join();
    b_->Join();
    ASSERT_TRUE(TurnUntil([&] { return a_->serving == 1 && b_->serving == 1; }));
    before_ = a_->served_pem;
  }
  TlsChanges& changes() { return controller_->tls_changes(); }
  absl::StatusOr<v1::SetTlsFileReply> Commit() {
    v1::Origin origin;
    origin.set_user("root");
    return Await<v1::SetTlsFileReply>(
        [&](auto done) { changes().Commit(kCertificate, origin, done); });
  }
  absl::StatusOr<v1::SetTlsFileReply> Replace(const std::string& name, const std::string& pem,
                                              const std::string& kind = "cert") {
    v1::SetTlsFileRequest request;
    request.set_kind(kind);
    request.set_name(name);
    request.set_contents(pem);
    request.mutable_origin()->set_user("root");
    return Await<v1::SetTlsFileReply>([&](auto done) { changes().Replace(request, done); });
  }

  std::unique_ptr<LocalNode> a_, b_;
  std::string before_;
};

TEST_F(TlsChangesTest, WhatIsCommittedServesEverywhereUnderTheSameRevision) {
  auto is_new = changes().Set(kCertificate, "site.pem", CertText("wildcard.pem"));
  ASSERT_TRUE(is_new.ok()) << is_new.status();
  EXPECT_TRUE(*is_new);
  EXPECT_EQ(a_->served_pem, before_);
  auto reply = Commit();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->nodes_size(), 2);
  EXPECT_EQ(reply->nodes(0).stage(), "serving");
  EXPECT_NE(a_->served_pem, before_);
  EXPECT_EQ(a_->served_pem, b_->served_pem);
  EXPECT_EQ(a_->serving, 1u);
  EXPECT_EQ(changes().Pending(kCertificate), nullptr);
  EXPECT_THAT(EventTexts("site.pem"), Contains(HasSubstr("replaced while serving: /C=XX")));
  const auto& replaced = controller_->revisions().serving()->replaced;
  EXPECT_THAT(replaced.at({kCertificate, "site.pem"}), StartsWith("root, "));
}

TEST_F(TlsChangesTest, TheNextConfigurationReadsTheFileAgain) {
  ASSERT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok());
  ASSERT_NE(a_->served_pem, before_);
  auto reply = Apply("tls site.pem " + CertPath("site.pem") + "\n");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->revision(), 2u);
  EXPECT_EQ(a_->served_pem, before_);
  EXPECT_TRUE(controller_->revisions().serving()->replaced.empty());
}

TEST_F(TlsChangesTest, AFileThatHasCaughtUpIsNoLongerReplaced) {
  ASSERT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok());
  auto reply = Apply("tls site.pem " + CertPath("wildcard.pem") + "\n");
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->unchanged());
  EXPECT_TRUE(controller_->revisions().serving()->replaced.empty());
}

TEST_F(TlsChangesTest, ACertificateAloneKeepsTheChainOfTheOneBefore) {
  const std::string whole = CertText("deep.pem");
  ASSERT_TRUE(Replace("site.pem", whole).ok());
  const std::string with_chain = a_->served_pem;
  const size_t issuer = whole.find("-----BEGIN CERT", whole.find("-----BEGIN CERT") + 1);
  ASSERT_NE(issuer, std::string::npos);
  const std::string end = "-----END CERTIFICATE-----\n";
  std::string alone = whole;
  alone.erase(issuer, whole.find(end, issuer) + end.size() - issuer);
  auto reply = Replace("site.pem", alone);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->unchanged());
  EXPECT_EQ(a_->served_pem, with_chain);
  // Another authority's certificate has nothing of it.
  ASSERT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok());
  EXPECT_EQ(a_->served_pem.find(whole.substr(issuer, 200)), std::string::npos);
}

TEST_F(TlsChangesTest, AFileThatWasReplacedSinceEndsTheTransaction) {
  ASSERT_TRUE(changes().Set(kCertificate, "site.pem", CertText("site.pem")).ok());
  ASSERT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok());
  const std::string serving = a_->served_pem;
  auto reply = Commit();
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("replaced since"));
  EXPECT_EQ(a_->served_pem, serving);
  EXPECT_EQ(changes().Pending(kCertificate), nullptr);
}

TEST_F(TlsChangesTest, ARefusalOfANodeChangesNothing) {
  b_->nack = "no memory";
  auto reply = Replace("site.pem", CertText("wildcard.pem"));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("node 'b' refused"));
  EXPECT_EQ(a_->served_pem, before_);
  EXPECT_TRUE(controller_->revisions().serving()->replaced.empty());
  EXPECT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok()) << "the same again";
  EXPECT_NE(b_->served_pem, before_);
}

TEST_F(TlsChangesTest, TheSameAgainIsNoChange) {
  ASSERT_TRUE(Replace("site.pem", CertText("wildcard.pem")).ok());
  auto reply = Replace("site.pem", CertText("wildcard.pem"));
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->unchanged());
}

TEST_F(TlsChangesTest, WhatDoesNotFitIsRefusedBeforeAnyNodeHears) {
  struct Row {
    const char* name;
    const char* kind;
    const char* path;
    absl::StatusCode code;
    const char* message;
  };
  for (const Row& row : {
           Row{"site.pem", "cert", "bad/other_key.pem", absl::StatusCode::kInvalidArgument,
               "does not belong"},
           Row{"site.pem", "cert", "bad/no_key.pem", absl::StatusCode::kInvalidArgument,
               "private key"},
           Row{"site.pem", "cert", "bad/empty.pem", absl::StatusCode::kInvalidArgument,
               "no certificate"},
           Row{"site.pem", "cert", "bad/weak.pem", absl::StatusCode::kFailedPrecondition,
               "key too small"},
           Row{"nosuch", "cert", "site.pem", absl::StatusCode::kNotFound, "'nosuch'"},
           Row{"site.pem", "ca-file", "ca.pem", absl::StatusCode::kNotFound, "no CA file"},
           Row{"site.pem", "key", "ca.pem", absl::StatusCode::kInvalidArgument, "'key'"},
       }) {
    auto reply = Replace(row.name, CertText(row.path), row.kind);
    EXPECT_EQ(reply.status().code(), row.code) << row.path << ": " << reply.status();
    EXPECT_THAT(std::string(reply.status().message()), HasSubstr(row.message)) << row.path;
  }
  EXPECT_EQ(a_->served_pem, before_);
}

TEST_F(TlsChangesTest, TheKeyMayComeBehindItsCertificate) {
  ASSERT_TRUE(changes().Set(kCertificate, "site.pem", CertText("split/site.crt")).ok());
  auto early = Commit();
  EXPECT_EQ(early.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(changes().Pending(kCertificate), nullptr) << "it stays open";
  auto is_new = changes().Set(kCertificate, "site.pem.key", CertText("split/site.crt.key"));
  ASSERT_TRUE(is_new.ok()) << is_new.status();
  EXPECT_FALSE(*is_new);
  EXPECT_TRUE(Commit().ok());
}

TEST_F(TlsChangesTest, OneTransactionAtATime) {
  EXPECT_TRUE(absl::IsNotFound(changes().Set(kCertificate, "nosuch", "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(changes().Set(kCertificate, "site.pem", "x").status()));
  EXPECT_EQ(changes().Pending(kCertificate), nullptr) << "a bad payload opens none";
  ASSERT_TRUE(changes().Set(kCertificate, "site.pem", CertText("wildcard.pem")).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(changes().Set(kCertificate, "site.pem.ocsp", "%%").status()));
  changes().Abort(kCertificate);
  EXPECT_EQ(changes().Pending(kCertificate), nullptr);
  EXPECT_EQ(a_->served_pem, before_);
}

}  // namespace
}  // namespace lb::service
