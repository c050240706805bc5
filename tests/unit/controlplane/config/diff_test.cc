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
