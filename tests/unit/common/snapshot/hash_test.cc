#include "common/snapshot/hash.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

v1::Snapshot WithErrorFiles(std::initializer_list<uint32_t> statuses) {
  v1::Snapshot snapshot;
  v1::ProxyCommon* common = snapshot.add_frontends()->mutable_common();
  for (uint32_t status : statuses) (*common->mutable_error_files())[status] = "x";
  return snapshot;
}

TEST(SnapshotHash, IsSha256InHex) {
  // SHA-256 of no bytes: an empty snapshot serializes to none.
  EXPECT_EQ(SnapshotHash(v1::Snapshot()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(SnapshotHash, DoesNotDependOnMapOrder) {
  EXPECT_EQ(SnapshotHash(WithErrorFiles({400, 403, 404, 408, 500, 502, 503, 504})),
            SnapshotHash(WithErrorFiles({504, 503, 502, 500, 408, 404, 403, 400})));
}

TEST(SnapshotHash, IgnoresItselfRevisionAndChecks) {
  v1::Snapshot a;
  a.add_backends()->add_servers()->set_name("s");
  v1::Snapshot b = a;
  b.set_revision(7);
  b.set_hash("x");
  b.mutable_backends(0)->mutable_servers(0)->mutable_health_check()->set_rise(2);
  EXPECT_EQ(SnapshotHash(a), SnapshotHash(b));
  b.mutable_backends(0)->mutable_servers(0)->set_weight(2);
  EXPECT_NE(SnapshotHash(a), SnapshotHash(b));
}

TEST(StripForDataPlane, KeepsEverythingElse) {
  v1::Snapshot snapshot;
  snapshot.set_revision(3);
  v1::Server* server = snapshot.add_backends()->add_servers();
  server->set_name("s");
  server->mutable_health_check()->set_rise(2);
  const v1::Snapshot stripped = StripForDataPlane(snapshot);
  EXPECT_EQ(stripped.revision(), 3u);
  EXPECT_EQ(stripped.backends(0).servers(0).name(), "s");
  EXPECT_FALSE(stripped.backends(0).servers(0).has_health_check());
}

}  // namespace
}  // namespace lb
