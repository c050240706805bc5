#include "controlplane/config/tls/certificates.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "controlplane/config/tls/pem.h"
#include "tests/unit/controlplane/config/tls/test_files.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

CertificateParts Parts(const std::string& name) { return {.pem = CertFile(name)}; }

TEST(Certificates, TellWhatPeopleAskOf) {
  const std::vector<CertificateInfo> all = DescribeCertificates(CertFile("site.pem"));
  ASSERT_EQ(all.size(), 1u);
  const CertificateInfo& info = all[0];
  EXPECT_EQ(info.subject, "/C=XX/O=Example/CN=www.example.test");
  EXPECT_EQ(info.issuer, "/C=XX/O=Example/CN=Example Test CA");
  EXPECT_EQ(info.common_name, "www.example.test");
  EXPECT_THAT(info.alternatives,
              ElementsAre("DNS:www.example.test", "DNS:api.example.test", "DNS:localhost",
                          "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"));
  EXPECT_EQ(info.serial, "1001");
  EXPECT_EQ(info.not_before, 1577836800);
  EXPECT_EQ(info.not_after, 4891363200);
  EXPECT_EQ(info.key, "EC256");
  EXPECT_EQ(info.sha1.size(), 40u);
  EXPECT_EQ(info.sha256.size(), 64u);
  EXPECT_EQ(DescribeCertificates(CertFile("site-rsa.pem"))[0].key, "RSA2048");
}

TEST(Certificates, AreDescribedWithTheirChain) {
  const std::vector<CertificateInfo> chain = DescribeCertificates(CertFile("deep.pem"));
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].common_name, "deep.example.test");
  EXPECT_EQ(chain[1].common_name, "Example Middle CA");
  EXPECT_THAT(DescribeCertificates("not a certificate"), IsEmpty());
}

TEST(Certificates, WarnThirtyDaysAhead) {
  struct Case {
    int64_t days_left;
    const char* warning;  // null: none
  };
  constexpr int64_t kNotAfter = int64_t{86400} * 22'000;
  for (const Case& c : std::vector<Case>{{-1, "has expired on 2030-03-27"},
                                         {0, "has expired on 2030-03-27"},
                                         {1, "expires on 2030-03-27, in 1 day"},
                                         {30, "expires on 2030-03-27, in 30 days"},
                                         {31, nullptr}}) {
    const WallTime now(std::chrono::days(22'000 - c.days_left));
    const auto warning = ExpiryWarning(kNotAfter, now);
    EXPECT_EQ(warning.value_or("none"), c.warning == nullptr ? "none" : c.warning) << c.days_left;
  }
}

TEST(ParseCertificate, TakesTheFileApart) {
  const auto loaded = ParseCertificate("deep.pem", Parts("deep.pem"), TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->file.name(), "deep.pem");
  EXPECT_EQ(loaded->file.kind(), v1::TlsFile::CERTIFICATE);
  EXPECT_EQ(DescribeCertificates(loaded->file.pem()).size(), 2u);
  EXPECT_THAT(loaded->file.pem(), Not(HasSubstr("PRIVATE KEY")));
  EXPECT_NE(ReadKey(loaded->file.key_pem()), nullptr);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(ParseCertificate, TakesTheKeyFromBesideIt) {
  CertificateParts parts = Parts("split/site.crt");
  EXPECT_FALSE(ParseCertificate("x", parts, TestNow()).ok());
  parts.key = CertFile("split/site.crt.key");
  const auto loaded = ParseCertificate("x", parts, TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_NE(ReadKey(loaded->file.key_pem()), nullptr);
}

TEST(ParseCertificate, TheKeyInTheFileWinsOverTheOneBesideIt) {
  CertificateParts parts = Parts("site.pem");
  parts.key = CertFile("client.pem");
  EXPECT_TRUE(ParseCertificate("x", parts, TestNow()).ok());
}

TEST(ParseCertificate, RefusesWhatCannotServe) {
  struct Case {
    const char* file;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{{"bad/no_key.pem", "no private key"},
                                         {"bad/no_certificate.pem", "no certificate"},
                                         {"bad/other_key.pem", "does not belong"},
                                         {"bad/encrypted_key.pem", "is encrypted"},
                                         {"bad/broken.pem", "broken certificate"},
                                         {"bad/empty.pem", "no certificate"},
                                         {"tickets48.keys", "no certificate"}}) {
    const auto loaded = ParseCertificate("x", Parts(c.file), TestNow());
    ASSERT_FALSE(loaded.ok()) << c.file;
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(c.message)) << c.file;
  }
}

TEST(ParseCertificate, RefusesPemThatIsCutOff) {
  const std::string whole = CertFile("site.pem");
  const size_t key = whole.find("-----BEGIN PRIVATE");
  for (size_t size : {key + 40, whole.size() - 10, size_t{100}}) {
    EXPECT_FALSE(ParseCertificate("x", {.pem = whole.substr(0, size)}, TestNow()).ok()) << size;
  }
}

TEST(ParseCertificate, WarnsOfOneThatHasExpired) {
  const auto loaded = ParseCertificate("x", Parts("expired.pem"), TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, ElementsAre("the certificate has expired on 2021-01-01"));
}

TEST(ParseCertificate, StaplesAResponseOfItsIssuer) {
  CertificateParts parts = Parts("split/stapled.pem");
  parts.ocsp = CertFile("split/stapled.pem.ocsp");
  EXPECT_FALSE(ParseCertificate("x", parts, TestNow()).ok()) << "its issuer is not known";
  parts.issuer = CertFile("split/stapled.pem.issuer");
  auto loaded = ParseCertificate("x", parts, TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->file.ocsp(), *parts.ocsp);
  EXPECT_THAT(loaded->warnings, IsEmpty());

  // The same response beside another certificate of the same authority.
  parts.pem = CertFile("wildcard.pem");
  loaded = ParseCertificate("x", parts, TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->file.ocsp().empty());
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("not about this certificate")));
}

TEST(ParseCertificate, DoesNotStapleWhatIsOfNoUse) {
  CertificateParts parts = Parts("split/stapled.pem");
  parts.issuer = CertFile("split/stapled.pem.issuer");
  parts.ocsp = "nonsense";
  auto loaded = ParseCertificate("x", parts, TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("not an OCSP response")));

  parts.ocsp = "";
  loaded = ParseCertificate("x", parts, TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, IsEmpty());

  parts.ocsp = CertFile("split/stapled.pem.ocsp");
  loaded = ParseCertificate("x", parts, WallTime(std::chrono::days(70'000)));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->file.ocsp().empty());
  EXPECT_THAT(loaded->warnings, testing::Contains(HasSubstr("has expired: not stapled")));
}

TEST(ParseAuthorities, KeepsNoKey) {
  const auto loaded = ParseAuthorities("x", CertFile("site.pem"), TestNow());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->file.kind(), v1::TlsFile::AUTHORITIES);
  EXPECT_EQ(DescribeCertificates(loaded->file.pem()).size(), 1u);
  EXPECT_THAT(loaded->file.pem(), Not(HasSubstr("PRIVATE KEY")));
  EXPECT_TRUE(loaded->file.key_pem().empty());
}

TEST(ParseAuthorities, TakesCertificatesWithTheirRevocations) {
  const auto both =
      ParseAuthorities("x", absl::StrCat(CertFile("ca.pem"), CertFile("crl.pem")), TestNow());
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(both->file.pem(), HasSubstr("X509 CRL"));
  EXPECT_FALSE(ParseAuthorities("x", CertFile("crl.pem"), TestNow()).ok());
  EXPECT_FALSE(ParseAuthorities("x", "", TestNow()).ok());
}

TEST(ParseRevocations, NeedsAListOfThem) {
  EXPECT_TRUE(ParseRevocations("x", CertFile("crl.pem"), TestNow()).ok());
  EXPECT_FALSE(ParseRevocations("x", CertFile("ca.pem"), TestNow()).ok());
  const auto expired =
      ParseRevocations("x", CertFile("crl.pem"), WallTime(std::chrono::days(70'000)));
  ASSERT_TRUE(expired.ok()) << expired.status();
  EXPECT_THAT(expired->warnings, ElementsAre(HasSubstr("has expired")));
}

TEST(ParseTicketKeys, TakesBothSizesOfKeys) {
  EXPECT_TRUE(ParseTicketKeys("x", CertFile("tickets48.keys")).ok());
  EXPECT_TRUE(ParseTicketKeys("x", CertFile("tickets80.keys")).ok());
  EXPECT_FALSE(ParseTicketKeys("x", CertFile("tickets48.keys") + CertFile("tickets80.keys")).ok());
  EXPECT_FALSE(ParseTicketKeys("x", "").ok());
  EXPECT_FALSE(ParseTicketKeys("x", "QUJD\nQUJD\nQUJD\n").ok());
}

// A message that quoted a file could give a key away.
TEST(ParseTicketKeys, SaysNothingOfTheKeys) {
  const auto loaded = ParseTicketKeys("x", "c2VjcmV0c2VjcmV0\n!secret!\n");
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(std::string(loaded.status().message()), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace lb::config
