#include "common/snapshot/tls_files.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::Snapshot WithFiles() {
  return FromText<v1::Snapshot>(R"(
    tls_files { name: "site" kind: AUTHORITIES pem: "as authority" }
    tls_files { name: "site" kind: CERTIFICATE pem: "as certificate" key_pem: "its key" }
    tls_files { name: "crl" kind: REVOCATIONS pem: "revocations" })");
}

// "crt site.pem ca-file site.pem": a certificate signed by itself.
TEST(TlsFiles, OneNameMayStandForSeveralKinds) {
  const TlsFiles files(WithFiles());
  const auto server = files.ServerOf(FromText<v1::BindTls>(R"(
    settings { ca_file: "site" crl_file: "crl" verify: TLS_VERIFY_REQUIRED }
    certificates { file: "site" })"));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(server->entries[0].certificate->key_pem, "its key");
  EXPECT_EQ(server->settings.authorities->pem, "as authority");
  EXPECT_EQ(server->settings.revocations->pem, "revocations");
  const auto client = files.ClientOf(
      FromText<v1::ServerTls>("settings { ca_file: 'site' } certificate_file: 'site'"));
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->certificate->pem, "as certificate");
  EXPECT_EQ(client->settings.verify, tls::Verify::kRequired);
}

TEST(TlsFiles, AFileOfAnotherKindIsNotThere) {
  const TlsFiles files(WithFiles());
  EXPECT_FALSE(files.Find(v1::TlsFile::CERTIFICATE, "crl").ok());
  EXPECT_FALSE(files.Find(v1::TlsFile::CERTIFICATE, "none").ok());
  const auto none = files.Find(v1::TlsFile::CERTIFICATE, "");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, nullptr);
}

TEST(TlsFiles, ACacheOfNoneIsNotTheDefault) {
  const TlsFiles files(WithFiles());
  EXPECT_EQ(files.GlobalOf(v1::TlsGlobal())->cache_size, 20'000u);
  EXPECT_EQ(files.GlobalOf(FromText<v1::TlsGlobal>("cache_size: 5"))->cache_size, 5u);
  EXPECT_EQ(files.GlobalOf(FromText<v1::TlsGlobal>("no_cache: true"))->cache_size, 0u);
}

TEST(TlsFiles, TheSystemsAuthoritiesAreNoFile) {
  const auto settings =
      TlsFiles(WithFiles()).SettingsOf(FromText<v1::TlsSettings>("ca_file: '@system-ca'"));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_TRUE(settings->uses_system_authorities);
  EXPECT_EQ(settings->authorities, nullptr);
}

}  // namespace
}  // namespace lb
