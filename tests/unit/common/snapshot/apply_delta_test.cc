#include "common/snapshot/apply_delta.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::Snapshot Base() {
  return Parse<v1::Snapshot>(R"(
    revision: 4
    global { maxconn: 1 }
    frontends { common { name: "f1" } maxconn: 1 }
    frontends { common { name: "f2" } maxconn: 2 }
    backends { common { name: "b1" } })");
}

TEST(ApplyDelta, ChangesAddsRemovesAndOrders) {
  const auto result = ApplyDelta(Base(), Parse<v1::SnapshotDelta>(R"(
    base_revision: 4
    revision: 5
    hash: "h"
    frontends { common { name: "f2" } maxconn: 9 }
    frontends { common { name: "f3" } maxconn: 3 }
    removed_frontends: "f1"
    frontend_order: "f3"
    frontend_order: "f2"
    backend_order: "b1")"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->revision(), 5u);
  EXPECT_EQ(result->hash(), "h");
  EXPECT_EQ(result->global().maxconn(), 1u);
  ASSERT_EQ(result->frontends_size(), 2);
  EXPECT_EQ(result->frontends(0).common().name(), "f3");
  EXPECT_EQ(result->frontends(1).maxconn(), 9u);
  EXPECT_EQ(result->backends_size(), 1);
}

TEST(ApplyDelta, KnowsFilesByNameAndKind) {
  v1::Snapshot base = Base();
  base.MergeFrom(Parse<v1::Snapshot>(R"(
    tls_files { name: "a" kind: CERTIFICATE pem: "1" }
    tls_files { name: "a" kind: AUTHORITIES pem: "2" }
    tls_files { name: "c" kind: CERTIFICATE pem: "3" })"));
  const std::string head =
      "base_revision: 4 revision: 5 frontend_order: 'f1' frontend_order: 'f2' backend_order: 'b1' ";
  const auto result = ApplyDelta(base, Parse<v1::SnapshotDelta>(head + R"(
    tls_files { name: "b" kind: REVOCATIONS pem: "4" }
    tls_files { name: "c" kind: CERTIFICATE pem: "5" }
    removed_tls_files { name: "a" kind: CERTIFICATE })"));
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tls_files_size(), 3);
  EXPECT_EQ(result->tls_files(0).pem(), "2");
  EXPECT_EQ(result->tls_files(1).pem(), "4");
  EXPECT_EQ(result->tls_files(2).pem(), "5");
  EXPECT_FALSE(ApplyDelta(base, Parse<v1::SnapshotDelta>(
                                    head + "removed_tls_files { name: 'c' kind: AUTHORITIES }"))
                   .ok());
}

TEST(ApplyDelta, RefusesAnotherBase) {
  const auto result = ApplyDelta(Base(), Parse<v1::SnapshotDelta>("base_revision: 3"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ApplyDelta, RefusesListsThatDoNotAddUp) {
  const std::string head = "base_revision: 4 revision: 5 backend_order: 'b1' ";
  for (const std::string lists :
       {"frontend_order: 'f1'", "frontend_order: 'f1' frontend_order: 'f2' frontend_order: 'f9'",
        "removed_frontends: 'f9' frontend_order: 'f1' frontend_order: 'f2'",
        "frontend_order: 'f1' frontend_order: 'f1' frontend_order: 'f2'"}) {
    const auto result = ApplyDelta(Base(), Parse<v1::SnapshotDelta>(head + lists));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << lists;
  }
}

}  // namespace
}  // namespace lb
