#include "controlplane/config/tls/file_loader.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/controlplane/config/tls/test_files.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A file system in memory: paths and what they hold.
class TlsFileLoaderTest : public testing::Test {
 protected:
  TlsFileLoaderTest() {
    env_.read_file = [this](std::string_view path) -> absl::StatusOr<std::string> {
      ++reads_[std::string(path)];
      auto it = disk_.find(std::string(path));
      if (it == disk_.end()) return absl::NotFoundError(absl::StrCat("no ", std::string(path)));
      return it->second;
    };
    env_.list_directory =
        [this](std::string_view path) -> absl::StatusOr<std::vector<std::string>> {
      const std::string prefix = absl::StrCat(std::string(path), "/");
      std::vector<std::string> names;
      for (const auto& [name, contents] : disk_) {
        if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
      }
      if (names.empty()) return absl::FailedPreconditionError("no directory");
      std::ranges::reverse(names);
      return names;
    };
    env_.now = TestNow;
  }

  std::vector<std::string> Taken() {
    std::vector<std::string> names;
    for (const v1::TlsFile& file : files_.Take()) {
      names.push_back(absl::StrCat(file.name(), " ", v1::TlsFile::Kind_Name(file.kind())));
    }
    return names;
  }

  std::map<std::string, std::string> disk_;
  std::map<std::string, int> reads_;
  Environment env_;
  TlsDefaults defaults_;
  TlsFileLoader files_{env_, defaults_};
};

TEST_F(TlsFileLoaderTest, OneFileIsReadOnceForEachKind) {
  disk_["site.pem"] = CertFile("site.pem");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(files_.Certificates("site.pem").ok());
    EXPECT_TRUE(files_.Authorities("site.pem").ok());
  }
  EXPECT_EQ(reads_["site.pem"], 2);
  EXPECT_THAT(Taken(), ElementsAre("site.pem CERTIFICATE", "site.pem AUTHORITIES"));
}

TEST_F(TlsFileLoaderTest, BasesGoBeforeRelativeNames) {
  defaults_.crt_base = "/certs";
  defaults_.ca_base = "/authorities/";
  disk_["/certs/site.pem"] = CertFile("site.pem");
  disk_["/else/site.pem"] = CertFile("site.pem");
  disk_["/authorities/ca.pem"] = CertFile("ca.pem");
  disk_["/authorities/crl.pem"] = CertFile("crl.pem");
  EXPECT_THAT(files_.Certificates("site.pem")->names, ElementsAre("/certs/site.pem"));
  EXPECT_THAT(files_.Certificates("/else/site.pem")->names, ElementsAre("/else/site.pem"));
  EXPECT_THAT(files_.Authorities("ca.pem")->names, ElementsAre("/authorities/ca.pem"));
  EXPECT_THAT(files_.Authorities("@system-ca")->names, ElementsAre("@system-ca"));
  EXPECT_THAT(files_.Revocations("crl.pem")->names, ElementsAre("/authorities/crl.pem"));
}

TEST_F(TlsFileLoaderTest, ChainsOfIssuersCompleteCertificatesThatHaveNone) {
  const std::string deep = CertFile("deep.pem");
  const size_t second = deep.rfind("-----BEGIN CERTIFICATE-----");
  const std::string middle =
      deep.substr(second, deep.find("-----END CERTIFICATE-----", second) + 26 - second);
  disk_["issuers/a.pem"] = CertFile("other-ca.pem");
  disk_["issuers/b.pem"] = middle;
  disk_["deep.pem"] = deep;
  disk_["leaf.pem"] = deep.substr(0, second) + deep.substr(second + middle.size());
  disk_["site.pem"] = CertFile("site.pem");
  ASSERT_TRUE(files_.LoadIssuers("issuers").ok());
  std::map<std::string, size_t> lengths;
  for (const char* name : {"deep.pem", "leaf.pem", "site.pem"}) {
    ASSERT_TRUE(files_.Certificates(name).ok());
  }
  for (const v1::TlsFile& file : files_.Take()) {
    lengths[file.name()] = DescribeCertificates(file.pem()).size();
  }
  EXPECT_EQ(lengths,
            (std::map<std::string, size_t>{{"deep.pem", 2}, {"leaf.pem", 2}, {"site.pem", 1}}));
}

TEST_F(TlsFileLoaderTest, ABrokenChainOfIssuersIsRefused) {
  disk_["issuers/a.pem"] = "nothing";
  EXPECT_FALSE(files_.LoadIssuers("issuers").ok());
  EXPECT_FALSE(files_.LoadIssuers("nosuch").ok());
}

TEST_F(TlsFileLoaderTest, ADirectoryIsItsCertificatesByName) {
  disk_["certs/b.pem"] = CertFile("site.pem");
  disk_["certs/a.pem"] = CertFile("wildcard.pem");
  disk_["certs/c.crt"] = CertFile("split/site.crt");
  disk_["certs/c.crt.key"] = CertFile("split/site.crt.key");
  disk_["certs/b.pem.ocsp"] = "";
  disk_["certs/.hidden"] = "not a certificate";
  EXPECT_THAT(files_.Certificates("certs")->names,
              ElementsAre("certs/a.pem", "certs/b.pem", "certs/c.crt"));
  disk_["certs/notes.txt"] = "not a certificate";
  EXPECT_FALSE(files_.Certificates("certs").ok());
}

TEST_F(TlsFileLoaderTest, ADirectoryWithAnUnreadableNameIsRefused) {
  disk_["certs/\xff.pem"] = CertFile("site.pem");
  EXPECT_FALSE(files_.Certificates("certs").ok());
}

TEST_F(TlsFileLoaderTest, ABundleStandsForANameThatIsNotThere) {
  disk_["site.pem.rsa"] = CertFile("site-rsa.pem");
  disk_["site.pem.ecdsa"] = CertFile("site.pem");
  EXPECT_THAT(files_.Certificates("site.pem")->names,
              ElementsAre("site.pem.ecdsa", "site.pem.rsa"));
  EXPECT_FALSE(files_.Certificate("site.pem", TlsFileLoader::Bundles::kNo).ok());
  EXPECT_FALSE(files_.Certificates("other.pem").ok());
}

TEST_F(TlsFileLoaderTest, ExtraFilesMayBeForbidden) {
  disk_["x.crt"] = CertFile("split/site.crt");
  disk_["x.crt.key"] = CertFile("split/site.crt.key");
  disk_["y.pem.rsa"] = CertFile("site-rsa.pem");
  defaults_.loads_keys = false;
  defaults_.loads_bundles = false;
  EXPECT_FALSE(files_.Certificates("x.crt").ok());
  EXPECT_FALSE(files_.Certificates("y.pem").ok());
}

TEST_F(TlsFileLoaderTest, ExtraFilesMayBeNamedWithoutTheExtension) {
  defaults_.drops_extension = true;
  disk_["x.crt"] = CertFile("split/site.crt");
  disk_["x.key"] = CertFile("split/site.crt.key");
  EXPECT_TRUE(files_.Certificates("x.crt").ok());
}

TEST_F(TlsFileLoaderTest, ListsOfTimestampsAreNotSentAndSaidSo) {
  disk_["site.pem"] = CertFile("site.pem");
  disk_["site.pem.sctl"] = "anything";
  EXPECT_THAT(files_.Certificates("site.pem")->warnings, ElementsAre(HasSubstr(".sctl")));
}

TEST_F(TlsFileLoaderTest, ADirectoryOfAuthoritiesIsOneFile) {
  disk_["cas/a.pem"] = CertFile("ca.pem");
  disk_["cas/b.crt"] = CertFile("other-ca.pem");
  disk_["cas/c.crl"] = CertFile("crl.pem");
  disk_["cas/d.txt"] = "not read";
  disk_["cas/e.pem"] = "not a certificate";
  const auto found = files_.Authorities("cas");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->names, ElementsAre("cas"));
  EXPECT_THAT(found->warnings, ElementsAre(HasSubstr("'e.pem' is left out")));
  const std::vector<v1::TlsFile> taken = files_.Take();
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(DescribeCertificates(taken[0].pem()).size(), 2u);
  EXPECT_THAT(taken[0].pem(), HasSubstr("X509 CRL"));
}

TEST_F(TlsFileLoaderTest, OnlyWhatIsGoodIsTaken) {
  disk_["bad.pem"] = "nothing";
  EXPECT_FALSE(files_.Certificates("bad.pem").ok());
  EXPECT_FALSE(files_.TicketKeys("bad.pem").ok());
  EXPECT_FALSE(files_.DhParameters("bad.pem").ok());
  EXPECT_FALSE(files_.Revocations("nosuch.pem").ok());
  EXPECT_THAT(Taken(), IsEmpty());
}

}  // namespace
}  // namespace lb::config
