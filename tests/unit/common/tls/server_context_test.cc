#include "common/tls/server_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/tls/client_context.h"
#include "common/tls/context.h"
#include "common/tls/facts.h"
#include "common/tls/ticket_keys.h"
#include "tests/testing/certs.h"

namespace lb::tls {
namespace {

using lb::testing::TestCertificate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ServerSettings::Entry Entry(const std::string& file, std::vector<std::string> filters = {}) {
  ServerSettings::Entry entry;
  entry.certificate = TestCertificate(file);
  entry.sni_filters = std::move(filters);
  return entry;
}

ServerSettings WithEntries(std::vector<ServerSettings::Entry> entries) {
  ServerSettings settings;
  settings.entries = std::move(entries);
  return settings;
}

std::shared_ptr<const ServerContext> MakeServer(ServerSettings settings) {
  auto made = ServerContext::Make(std::move(settings));
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *made : nullptr;
}

ClientSettings Trusting(const std::string& authorities) {
  ClientSettings settings;
  settings.settings.verify = Verify::kRequired;
  settings.settings.authorities = TestCertificate(authorities);
  return settings;
}

// What a handshake over memory came to.
struct Meeting {
  SslPtr client;
  SslPtr server;
  bool is_done = false;
  std::string error;  // the first side's that failed

  Meeting(SslPtr client_side, SslPtr server_side)
      : client(std::move(client_side)), server(std::move(server_side)) {}
  Meeting(Meeting&&) = default;
  ~Meeting() {
    if (client == nullptr) return;
    SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN);  // else its session counts as bad
    SSL_set_shutdown(server.get(), SSL_SENT_SHUTDOWN);
  }

  std::string ServedSubject() const {
    X509Ptr certificate(SSL_get1_peer_certificate(client.get()));
    if (certificate == nullptr) return "";
    const std::vector<std::string> names = NamesOf(certificate.get());
    return names.empty() ? "" : names[0];
  }
  bool is_resumed() const { return SSL_session_reused(client.get()) == 1; }
};

Meeting Meet(const ServerContext& server, ClientContext* client, const std::string& name) {
  Meeting meeting(client->NewConnection(name), server.NewConnection());
  BIO* client_bio = nullptr;
  BIO* server_bio = nullptr;
  BIO_new_bio_pair(&client_bio, 0, &server_bio, 0);
  SSL_set_bio(meeting.client.get(), client_bio, client_bio);
  SSL_set_bio(meeting.server.get(), server_bio, server_bio);
  for (int i = 0; i < 20 && meeting.error.empty(); ++i) {
    bool is_done = true;
    for (SSL* side : {meeting.client.get(), meeting.server.get()}) {
      const int result = SSL_do_handshake(side);
      is_done = is_done && result == 1;
      const int error = SSL_get_error(side, result);
      if (error == SSL_ERROR_SSL && meeting.error.empty()) meeting.error = TakeError();
    }
    if (!is_done) continue;
    // The tickets of TLS 1.3 come behind the handshake.
    char byte;
    SSL_read(meeting.client.get(), &byte, 1);
    if (SSL_read(meeting.server.get(), &byte, 1) <= 0 &&
        SSL_get_error(meeting.server.get(), -1) == SSL_ERROR_SSL) {
      meeting.error = TakeError();
    }
    meeting.is_done = meeting.error.empty();
    return meeting;
  }
  return meeting;
}

Meeting MeetAs(const ServerContext& server, ClientSettings settings, const std::string& name) {
  auto client = ClientContext::Make(std::move(settings));
  EXPECT_TRUE(client.ok()) << client.status();
  return Meet(server, client->get(), name);
}

TEST(ServerContext, ChoosesTheCertificateByTheNameAskedFor) {
  auto server = MakeServer(
      WithEntries({Entry("site.pem"), Entry("wildcard.pem", {"*.example.test", "!no.example.test"}),
                   Entry("expired.pem", {"old.example.test"})}));
  struct Row {
    const char* name;
    const char* file;
  };
  for (const Row& row : std::vector<Row>{{"", "site.pem"},
                                         {"www.example.test", "site.pem"},
                                         {"WWW.Example.Test", "site.pem"},
                                         {"other.example.test", "wildcard.pem"},
                                         {"no.example.test", "site.pem"},
                                         {"a.b.example.test", "site.pem"},
                                         {"old.example.test", "expired.pem"},
                                         {"elsewhere.test", "site.pem"}}) {
    EXPECT_EQ(server->CertificateFor(row.name), row.file) << row.name;
  }
}

TEST(ServerContext, StrictSniServesOnlyTheNamesItHas) {
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.is_sni_strict = true;
  auto server = MakeServer(std::move(settings));
  EXPECT_EQ(server->CertificateFor("www.example.test"), "site.pem");
  EXPECT_EQ(server->CertificateFor("elsewhere.test"), "");
  EXPECT_EQ(server->CertificateFor(""), "");
  ClientSettings anybody;
  EXPECT_FALSE(MeetAs(*server, anybody, "elsewhere.test").is_done);
  EXPECT_TRUE(MeetAs(*server, anybody, "www.example.test").is_done);
}

TEST(ServerContext, StrictSniWithoutACertificateRefusesEverybody) {
  ServerSettings settings;
  EXPECT_FALSE(ServerContext::Make(settings).ok());
  settings.is_sni_strict = true;
  auto server = MakeServer(std::move(settings));
  EXPECT_EQ(server->CertificateFor("www.example.test"), "");
  for (const char* name : {"www.example.test", ""}) {
    EXPECT_FALSE(MeetAs(*server, ClientSettings(), name).is_done) << name;
  }
}

TEST(ServerContext, TheNameOfTheClientHelloCounts) {
  auto server = MakeServer(WithEntries({Entry("site.pem"), Entry("wildcard.pem")}));
  EXPECT_EQ(MeetAs(*server, Trusting("ca.pem"), "any.example.test").ServedSubject(),
            "*.example.test");
  EXPECT_EQ(MeetAs(*server, Trusting("ca.pem"), "www.example.test").ServedSubject(),
            "www.example.test");
}

TEST(ServerContext, APairOfKeysServesBothKindsOfClients) {
  auto server = MakeServer(WithEntries({Entry("site-rsa.pem"), Entry("site.pem")}));
  for (const auto& [sigalgs, kind] : std::vector<std::pair<std::string, int>>{
           {"ECDSA+SHA256", EVP_PKEY_EC}, {"RSA-PSS+SHA256", EVP_PKEY_RSA}}) {
    ClientSettings client = Trusting("ca.pem");
    client.settings.sigalgs = sigalgs;
    Meeting meeting = MeetAs(*server, client, "www.example.test");
    ASSERT_TRUE(meeting.is_done) << sigalgs << meeting.error;
    X509Ptr certificate(SSL_get1_peer_certificate(meeting.client.get()));
    EXPECT_EQ(EVP_PKEY_get_base_id(X509_get0_pubkey(certificate.get())), kind) << sigalgs;
  }
}

TEST(ServerContext, APairOfKeysWithSettingsOnOneLineServesBothKindsOfClients) {
  struct Row {
    const char* first;
    const char* second;
    size_t with_settings;  // which of the two
  };
  for (const Row& row : std::vector<Row>{{"site.pem", "site-rsa.pem", 0},
                                         {"site.pem", "site-rsa.pem", 1},
                                         {"site-rsa.pem", "site.pem", 0},
                                         {"site-rsa.pem", "site.pem", 1}}) {
    const std::string shown = absl::StrCat(row.first, ", settings ", row.with_settings);
    ServerSettings settings = WithEntries({Entry(row.first), Entry(row.second)});
    auto& own = settings.entries[row.with_settings].settings.emplace(settings.settings);
    own.max_version = Version::kTls12;
    auto server = MakeServer(std::move(settings));
    struct Client {
      const char* ciphers;  // of TLS 1.2, or empty: TLS 1.3
      const char* sigalgs;
      int kind;
    };
    // A client that takes both is given the ECDSA key, as by HAProxy.
    for (const Client& asked : std::vector<Client>{
             {"ECDHE-RSA-AES256-GCM-SHA384", "", EVP_PKEY_RSA},
             {"ECDHE-ECDSA-AES256-GCM-SHA384", "", EVP_PKEY_EC},
             {"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384", "", EVP_PKEY_EC},
             {"", "RSA-PSS+SHA256", EVP_PKEY_RSA},
             {"", "ECDSA+SHA256", EVP_PKEY_EC}}) {
      ClientSettings client = Trusting("ca.pem");
      client.settings.ciphers = asked.ciphers;
      client.settings.sigalgs = asked.sigalgs;
      if (asked.ciphers[0] != '\0') client.settings.max_version = Version::kTls12;
      for (const char* name : {"www.example.test", ""}) {
        Meeting meeting = MeetAs(*server, client, name);
        ASSERT_TRUE(meeting.is_done)
            << shown << " " << name << " " << asked.ciphers << asked.sigalgs << meeting.error;
        X509Ptr certificate(SSL_get1_peer_certificate(meeting.client.get()));
        EXPECT_EQ(EVP_PKEY_get_base_id(X509_get0_pubkey(certificate.get())), asked.kind)
            << shown << asked.ciphers << asked.sigalgs;
      }
    }
  }
}

TEST(ServerContext, SettingsOfTheFirstCertificateDoNotReachOtherNames) {
  ServerSettings settings = WithEntries({Entry("wildcard.pem"), Entry("site.pem")});
  settings.entries[0].settings = settings.settings;
  settings.entries[0].settings->max_version = Version::kTls12;
  settings.entries[0].settings->verify = Verify::kRequired;
  settings.entries[0].settings->authorities = TestCertificate("ca.pem");
  auto server = MakeServer(std::move(settings));
  Meeting meeting = MeetAs(*server, ClientSettings(), "www.example.test");
  EXPECT_TRUE(meeting.is_done) << meeting.error;
  EXPECT_EQ(SSL_version(meeting.client.get()), TLS1_3_VERSION);
  EXPECT_FALSE(MeetAs(*server, ClientSettings(), "any.example.test").is_done);
  EXPECT_FALSE(MeetAs(*server, ClientSettings(), "").is_done);
}

// A crt-list names one file in thousands of lines, each of which would cost a context.
TEST(ServerContext, LinesThatDifferInTheirFiltersShareAContext) {
  ServerSettings settings =
      WithEntries({Entry("site.pem"), Entry("wildcard.pem", {"a.test"}),
                   Entry("wildcard.pem", {"b.test"}), Entry("wildcard.pem", {"c.test"})});
  settings.entries[1].certificate = settings.entries[2].certificate;
  settings.entries[3].certificate = settings.entries[2].certificate;
  settings.entries[3].settings.emplace(settings.settings).no_tickets = true;
  auto server = MakeServer(std::move(settings));
  auto context_of = [&](const char* name) {
    Meeting meeting = MeetAs(*server, ClientSettings(), name);
    EXPECT_TRUE(meeting.is_done) << name << meeting.error;
    return SSL_get_SSL_CTX(meeting.server.get());
  };
  EXPECT_EQ(context_of("a.test"), context_of("b.test"));
  EXPECT_NE(context_of("a.test"), context_of("c.test"));
  EXPECT_NE(context_of("a.test"), context_of("www.example.test"));
}

TEST(ServerContext, AsksForClientCertificatesAsItIsTold) {
  struct Row {
    Verify verify;
    const char* certificate;
    bool is_accepted;
  };
  for (const Row& row : std::vector<Row>{{Verify::kNone, "foreign-client.pem", true},
                                         {Verify::kOptional, "", true},
                                         {Verify::kOptional, "client.pem", true},
                                         {Verify::kOptional, "foreign-client.pem", false},
                                         {Verify::kRequired, "", false},
                                         {Verify::kRequired, "client.pem", true},
                                         {Verify::kRequired, "foreign-client.pem", false}}) {
    ServerSettings settings = WithEntries({Entry("site.pem")});
    settings.settings.verify = row.verify;
    settings.settings.authorities = TestCertificate("ca.pem");
    auto server = MakeServer(std::move(settings));
    ClientSettings client = Trusting("ca.pem");
    if (*row.certificate != '\0') client.certificate = TestCertificate(row.certificate);
    EXPECT_EQ(MeetAs(*server, client, "www.example.test").is_done, row.is_accepted)
        << static_cast<int>(row.verify) << row.certificate;
  }
}

TEST(ServerContext, IgnoredErrorsAreRememberedAndPass) {
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.settings.verify = Verify::kRequired;
  settings.settings.authorities = TestCertificate("ca.pem");
  settings.ignored_certificate_errors.all = true;
  settings.ignored_authority_errors.all = true;
  auto server = MakeServer(std::move(settings));
  ClientSettings client;
  client.certificate = TestCertificate("foreign-client.pem");
  Meeting meeting = MeetAs(*server, client, "");
  ASSERT_TRUE(meeting.is_done) << meeting.error;
  EXPECT_NE(OutcomeOf(meeting.server.get()).certificate_error, 0);
}

TEST(ServerContext, RevokedCertificatesAreRefused) {
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.settings.verify = Verify::kRequired;
  settings.settings.authorities = TestCertificate("ca.pem");
  settings.settings.revocations = TestCertificate("crl.pem");
  auto server = MakeServer(std::move(settings));
  ClientSettings client;
  client.certificate = TestCertificate("revoked-client.pem");
  EXPECT_FALSE(MeetAs(*server, client, "").is_done);
  client.certificate = TestCertificate("client.pem");
  EXPECT_TRUE(MeetAs(*server, client, "").is_done);
}

TEST(ServerContext, VersionsBelow12AreOffByDefault) {
  auto server = MakeServer(WithEntries({Entry("site-rsa.pem")}));
  ClientSettings old;
  old.settings.min_version = Version::kTls10;
  old.settings.max_version = Version::kTls11;
  old.settings.ciphers = "ALL:@SECLEVEL=0";
  EXPECT_FALSE(MeetAs(*server, old, "").is_done);
  for (Version version : {Version::kTls12, Version::kTls13}) {
    ClientSettings modern;
    modern.settings.min_version = modern.settings.max_version = version;
    EXPECT_TRUE(MeetAs(*server, modern, "").is_done);
  }
}

TEST(ServerContext, ChoosesTheProtocolByItsOwnPreference) {
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.settings.alpn = {"h2", "http/1.1"};
  auto server = MakeServer(std::move(settings));
  struct Row {
    std::vector<std::string> offered;
    const char* chosen;
  };
  for (const Row& row : std::vector<Row>{
           {{"http/1.1", "h2"}, "h2"}, {{"http/1.1"}, "http/1.1"}, {{"spdy/3"}, ""}, {{}, ""}}) {
    ClientSettings client;
    client.settings.alpn = row.offered;
    Meeting meeting = MeetAs(*server, client, "");
    ASSERT_TRUE(meeting.is_done);
    const unsigned char* name = nullptr;
    unsigned int bytes = 0;
    SSL_get0_alpn_selected(meeting.client.get(), &name, &bytes);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(name), bytes), row.chosen);
  }
}

TEST(ServerContext, SettingsOfACertificateHoldForItsNamesAlone) {
  ServerSettings settings = WithEntries({Entry("site.pem"), Entry("wildcard.pem")});
  settings.entries[1].settings = settings.settings;
  settings.entries[1].settings->max_version = Version::kTls12;
  settings.entries[1].settings->verify = Verify::kRequired;
  settings.entries[1].settings->authorities = TestCertificate("ca.pem");
  auto server = MakeServer(std::move(settings));
  ClientSettings client;
  EXPECT_EQ(SSL_version(MeetAs(*server, client, "www.example.test").client.get()), TLS1_3_VERSION);
  EXPECT_FALSE(MeetAs(*server, client, "any.example.test").is_done);
  client.certificate = TestCertificate("client.pem");
  Meeting meeting = MeetAs(*server, client, "any.example.test");
  EXPECT_TRUE(meeting.is_done) << meeting.error;
  EXPECT_EQ(SSL_version(meeting.client.get()), TLS1_2_VERSION);
}

TEST(ServerContext, AuthoritiesAreToldAsTheLineOfTheCertificateSays) {
  ServerSettings settings = WithEntries({Entry("site.pem"), Entry("wildcard.pem")});
  settings.settings.verify = Verify::kOptional;
  settings.settings.authorities = TestCertificate("ca.pem");
  settings.entries[1].settings = settings.settings;
  auto told = [&](const char* name) {
    auto server = MakeServer(settings);
    Meeting meeting = MeetAs(*server, ClientSettings(), name);
    EXPECT_TRUE(meeting.is_done) << meeting.error;
    return sk_X509_NAME_num(SSL_get0_peer_CA_list(meeting.client.get()));
  };
  EXPECT_EQ(told("www.example.test"), 1);
  EXPECT_EQ(told("any.example.test"), 1);
  settings.entries[1].tells_no_authorities = true;
  EXPECT_EQ(told("www.example.test"), 1);
  EXPECT_LE(told("any.example.test"), 0);
  settings.tells_no_authorities = true;
  EXPECT_LE(told("www.example.test"), 0);
}

TEST(ServerContext, SelfIssuedAuthoritiesCanBeLeftOut) {
  for (bool skips : {false, true}) {
    auto file = std::make_shared<File>(*TestCertificate("deep.pem"));
    file->pem += TestCertificate("ca.pem")->pem;
    file->skips_self_issued = skips;
    ServerSettings settings = WithEntries({{file, {}}});
    auto server = MakeServer(std::move(settings));
    Meeting meeting = MeetAs(*server, Trusting("ca.pem"), "deep.example.test");
    ASSERT_TRUE(meeting.is_done) << meeting.error;
    EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(meeting.client.get())), skips ? 2 : 3);
  }
}

TEST(ServerContext, TheSizeOfTheDiffieHellmanGroupCanBeSet) {
  struct Row {
    uint32_t asked;
    int bits;
  };
  for (const Row& row : {Row{0, 2048}, Row{1024, 2048}, Row{2048, 2048}, Row{3071, 2048},
                         Row{3072, 3072}, Row{4096, 4096}, Row{8192, 4096}}) {
    ServerSettings settings = WithEntries({Entry("site-rsa.pem")});
    settings.settings.max_version = Version::kTls12;
    settings.settings.ciphers = "DHE-RSA-AES128-GCM-SHA256";
    settings.global.dh_bits = row.asked;
    auto server = MakeServer(std::move(settings));
    Meeting meeting = MeetAs(*server, ClientSettings(), "www.example.test");
    ASSERT_TRUE(meeting.is_done) << meeting.error;
    EVP_PKEY* group = nullptr;
    ASSERT_EQ(SSL_get_server_tmp_key(meeting.client.get(), &group), 1);
    EXPECT_EQ(EVP_PKEY_get_bits(group), row.bits) << row.asked;
    EVP_PKEY_free(group);
  }
}

TEST(ServerContext, TheSystemsAuthoritiesVerifyClients) {
  ASSERT_EQ(setenv("SSL_CERT_FILE", "tests/testing/certs/ca.pem", 1), 0);
  auto system = std::make_shared<File>();
  system->name = "@system-ca";
  system->is_system = true;
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.settings.verify = Verify::kRequired;
  settings.verify_authorities = system;
  auto server = MakeServer(std::move(settings));
  unsetenv("SSL_CERT_FILE");
  ClientSettings client;
  client.certificate = TestCertificate("client.pem");
  EXPECT_TRUE(MeetAs(*server, client, "www.example.test").is_done);
  client.certificate = TestCertificate("foreign-client.pem");
  EXPECT_FALSE(MeetAs(*server, client, "www.example.test").is_done);
}

TEST(ServerContext, SessionsResumeOnAnyContextWithTheSameKeys) {
  for (Version version : {Version::kTls12, Version::kTls13}) {
    auto keys = std::make_shared<TicketKeys>();
    ServerSettings settings = WithEntries({Entry("site.pem")});
    settings.ticket_keys = keys;
    auto one = MakeServer(settings);
    auto other = MakeServer(settings);
    settings.ticket_keys = nullptr;
    auto foreign = MakeServer(settings);
    ClientSettings client_settings;
    client_settings.settings.max_version = version;
    auto client = ClientContext::Make(client_settings);
    ASSERT_TRUE(client.ok());
    EXPECT_FALSE(Meet(*one, client->get(), "www.example.test").is_resumed());
    const Meeting again = Meet(*other, client->get(), "www.example.test");
    EXPECT_TRUE(again.is_resumed());
    EXPECT_EQ(SniOf(again.server.get()), "www.example.test");
    EXPECT_FALSE(Meet(*foreign, client->get(), "www.example.test").is_resumed());
  }
}

TEST(ServerContext, WithoutTicketsOnlyItsCacheResumes) {
  for (uint32_t cache_size : {0u, 100u}) {
    ServerSettings settings = WithEntries({Entry("site.pem")});
    settings.settings.no_tickets = true;
    settings.global.cache_size = cache_size;
    auto server = MakeServer(settings);
    ClientSettings client_settings;
    client_settings.settings.max_version = Version::kTls12;
    auto client = ClientContext::Make(client_settings);
    ASSERT_TRUE(client.ok());
    EXPECT_FALSE(Meet(*server, client->get(), "www.example.test").is_resumed());
    EXPECT_EQ(Meet(*server, client->get(), "www.example.test").is_resumed(), cache_size != 0);
  }
}

TEST(ServerContext, SessionsDoNotPassFromOneVerificationToAnother) {
  auto keys = std::make_shared<TicketKeys>();
  ServerSettings settings = WithEntries({Entry("site.pem")});
  settings.ticket_keys = keys;
  auto open = MakeServer(settings);
  settings.settings.verify = Verify::kRequired;
  settings.settings.authorities = TestCertificate("ca.pem");
  auto closed = MakeServer(settings);
  auto client = ClientContext::Make({});
  ASSERT_TRUE(client.ok());
  EXPECT_TRUE(Meet(*open, client->get(), "www.example.test").is_done);
  EXPECT_FALSE(Meet(*closed, client->get(), "www.example.test").is_done);
}

TEST(ServerContext, SaysWhatItCannotUse) {
  auto broken = std::make_shared<File>();
  broken->name = "broken.pem";
  broken->pem = "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n";
  ServerSettings::Entry bad;
  bad.certificate = broken;
  EXPECT_THAT(std::string(ServerContext::Make(WithEntries({bad})).status().message()),
              HasSubstr("broken.pem: "));
  ServerSettings ciphers = WithEntries({Entry("site.pem")});
  ciphers.settings.ciphers = "NOSUCH";
  EXPECT_THAT(std::string(ServerContext::Make(ciphers).status().message()),
              HasSubstr("the ciphers 'NOSUCH'"));
  auto mixed = std::make_shared<File>(*TestCertificate("site.pem"));
  mixed->key_pem = TestCertificate("client.pem")->key_pem;
  bad.certificate = mixed;
  EXPECT_FALSE(ServerContext::Make(WithEntries({bad})).ok());
  EXPECT_FALSE(ServerContext::Make({}).ok());
}

TEST(ClientContext, ChecksTheServersCertificateAndName) {
  auto server = MakeServer(WithEntries({Entry("site.pem")}));
  EXPECT_TRUE(MeetAs(*server, Trusting("ca.pem"), "www.example.test").is_done);
  EXPECT_THAT(MeetAs(*server, Trusting("ca.pem"), "elsewhere.test").error,
              HasSubstr("certificate verify failed"));
  EXPECT_FALSE(MeetAs(*server, Trusting("other-ca.pem"), "www.example.test").is_done);
  ClientSettings named = Trusting("ca.pem");
  named.verify_host = "www.example.test";
  EXPECT_TRUE(MeetAs(*server, named, "").is_done);
  EXPECT_FALSE(MeetAs(*server, named, "elsewhere.test").is_done) << "the SNI comes first";
  named.verify_host = "elsewhere.test";
  EXPECT_FALSE(MeetAs(*server, named, "").is_done);
  EXPECT_TRUE(MeetAs(*server, named, "www.example.test").is_done);
  EXPECT_TRUE(MeetAs(*server, {}, "elsewhere.test").is_done) << "verify none";
}

TEST(TicketKeys, AFileHoldsKeysOfTwoLengths) {
  for (const char* name : {"tickets48.keys", "tickets80.keys"}) {
    EXPECT_TRUE(TicketKeys::FromFile(*TestCertificate(name)).ok()) << name;
  }
  File bad;
  bad.name = "t";
  bad.pem = "AAAA\n";
  EXPECT_EQ(TicketKeys::FromFile(bad).status().message(),
            "t:1: a ticket key has 48 or 80 bytes, not 3");
  bad.pem = "!\n";
  EXPECT_FALSE(TicketKeys::FromFile(bad).ok());
  bad.pem = "\n";
  EXPECT_EQ(TicketKeys::FromFile(bad).status().message(), "t: holds no ticket key");
}

}  // namespace
}  // namespace lb::tls
