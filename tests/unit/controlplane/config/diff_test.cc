#include "controlplane/config/diff.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "common/snapshot/apply_delta.h"

namespace lb::config {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::ElementsAre;
using testing::IsEmpty;

v1::Snapshot Parse(const std::string& text) {
  v1::Snapshot snapshot;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &snapshot)) << text;
  return snapshot;
}

constexpr char kBase[] = R"(
  revision: 1
  global { maxconn: 10 }
  frontends { common { name: "www" } binds { address: "0.0.0.0:80" } default_backend: "web" }
  frontends { common { name: "old" } }
  backends {
    common { name: "web" }
    connect_timeout_ms: 5000
    servers { name: "a" address: "10.0.0.1:80" weight: 1 health_check { inter_ms: 1000 } }
    servers { name: "b" address: "10.0.0.2:80" weight: 1 }
  }
)";

constexpr char kNext[] = R"(
  revision: 2
  global { maxconn: 20 }
  frontends { common { name: "new" } }
  frontends {
    common { name: "www" proxy_number: 3 }
    binds { address: "0.0.0.0:80" maxconn: 5 }
    binds { address: "0.0.0.0:81" }
    default_backend: "web"
  }
  backends {
    common { name: "web" log_targets { address: "127.0.0.1:514" } }
    connect_timeout_ms: 10000
    servers { name: "a" address: "10.0.0.1:80" weight: 2 health_check { inter_ms: 2000 } }
    servers { name: "c" address: "10.0.0.3:80" weight: 1 }
  }
)";

TEST(Diff, AppliedGivesTheTarget) {
  const v1::Snapshot from = StripForDataPlane(Parse(kBase));
  const v1::Snapshot to = Parse(kNext);
  const v1::SnapshotDelta delta = Diff(from, to);
  const auto applied = ApplyDelta(from, delta);
  ASSERT_TRUE(applied.ok()) << applied.status();
  v1::Snapshot expected = StripForDataPlane(to);
  expected.set_hash(SnapshotHash(to));
  EXPECT_TRUE(MessageDifferencer::Equals(*applied, expected)) << applied->DebugString();
  EXPECT_EQ(SnapshotHash(*applied), delta.hash());
}

TEST(Diff, SendsOnlyWhatChanged) {
  v1::Snapshot from = Parse(kBase);
  v1::Snapshot to = from;
  to.set_revision(2);
  to.mutable_backends(0)->mutable_servers(0)->set_weight(9);
  const v1::SnapshotDelta delta = Diff(from, to);
  EXPECT_FALSE(delta.has_global());
  EXPECT_EQ(delta.frontends_size(), 0);
  EXPECT_EQ(delta.backends_size(), 1);
  EXPECT_THAT(delta.frontend_order(), ElementsAre("www", "old"));
}

TEST(Diff, AHealthCheckIsNoneOfTheDataPlanesBusiness) {
  v1::Snapshot from = Parse(kBase);
  v1::Snapshot to = from;
  to.mutable_backends(0)->mutable_servers(0)->mutable_health_check()->set_inter_ms(9);
  EXPECT_EQ(Diff(from, to).backends_size(), 0);
  EXPECT_EQ(SnapshotHash(from), SnapshotHash(to));
  EXPECT_THAT(DescribeChanges(from, to),
              ElementsAre("~ server web/a: health check: inter 1s -> 9ms"));
}

constexpr char kFiles[] = R"(
  revision: 1
  global { maxconn: 10 }
  tls_files { name: "a.pem" kind: CERTIFICATE pem: "A" key_pem: "secret A" }
  tls_files { name: "a.pem" kind: AUTHORITIES pem: "A" }
  tls_files { name: "b.pem" kind: CERTIFICATE pem: "B" key_pem: "secret B" }
)";

constexpr char kOtherFiles[] = R"(
  revision: 2
  global { maxconn: 10 }
  tls_files { name: "a.pem" kind: CERTIFICATE pem: "A2" key_pem: "secret A2" }
  tls_files { name: "b.pem" kind: CERTIFICATE pem: "B" key_pem: "secret B" }
  tls_files { name: "c.keys" kind: TICKET_KEYS pem: "secret C" }
)";

TEST(Diff, SendsOnlyFilesThatChanged) {
  const v1::Snapshot from = Parse(kFiles);
  const v1::Snapshot to = Parse(kOtherFiles);
  const v1::SnapshotDelta delta = Diff(from, to);
  ASSERT_EQ(delta.tls_files_size(), 2);
  EXPECT_EQ(delta.tls_files(0).key_pem(), "secret A2");
  EXPECT_EQ(delta.tls_files(1).name(), "c.keys");
  ASSERT_EQ(delta.removed_tls_files_size(), 1);
  EXPECT_EQ(delta.removed_tls_files(0).kind(), v1::TlsFile::AUTHORITIES);
  EXPECT_TRUE(delta.removed_tls_files(0).pem().empty());
  const auto applied = ApplyDelta(from, delta);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(SnapshotHash(*applied), SnapshotHash(to));
}

TEST(Diff, ACertificateChangesTheHash) {
  v1::Snapshot from = Parse(kFiles);
  v1::Snapshot to = from;
  to.mutable_tls_files(0)->set_key_pem("other");
  EXPECT_NE(SnapshotHash(from), SnapshotHash(to));
}

TEST(DescribeChanges, NamesFilesAndTellsNothingOfThem) {
  EXPECT_THAT(DescribeChanges(Parse(kFiles), Parse(kOtherFiles)),
              ElementsAre("~ certificate a.pem", "+ ticket keys c.keys", "- authorities a.pem"));
}

TEST(DescribeChanges, SaysNothingOfEqualSnapshots) {
  EXPECT_THAT(DescribeChanges(Parse(kBase), Parse(kBase)), IsEmpty());
}

TEST(DescribeChanges, NamesEveryChange) {
  EXPECT_THAT(
      DescribeChanges(Parse(kBase), Parse(kNext)),
      ElementsAre("~ global: maxconn 10 -> 20", "+ frontend new",
                  "~ bind www 0.0.0.0:80: maxconn 0 -> 5", "+ bind www 0.0.0.0:81",
                  "- frontend old", "~ backend web: log targets changed",
                  "~ backend web: connect timeout 5s -> 10s", "~ server web/a: weight 1 -> 2",
                  "~ server web/a: health check: inter 1s -> 2s", "+ server web/c 10.0.0.3:80",
                  "- server web/b"));
}

}  // namespace
}  // namespace lb::config
