#include "controlplane/store/schema.h"

#include <gtest/gtest.h>

#include <memory>

#include "controlplane/store/sqlite_store.h"
#include "tests/testing/temp_dir.h"

namespace lb::store {
namespace {

class SchemaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> OpenFile() {
    auto db = Database::Open(path_, Database::Access::kReadWrite);
    EXPECT_TRUE(db.ok()) << db.status();
    return *std::move(db);
  }
  static int64_t VersionOf(Database* db) {
    Query query(db, "PRAGMA user_version");
    return query.Next() ? query.Int(0) : -1;
  }

  testing::TempDir temp_;
  const std::string path_ = temp_.path() + "/state.db";
};

TEST_F(SchemaTest, AFileOfEachEarlierVersionGainsWhatIsNewAndKeepsWhatItHas) {
  for (size_t version = 1; version < Migrations().size(); ++version) {
    SCOPED_TRACE(version);
    (void)::remove(path_.c_str());
    {
      std::unique_ptr<Database> db = OpenFile();
      ASSERT_TRUE(Migrate(db.get(), Migrations().first(version)).ok());
      ASSERT_EQ(VersionOf(db.get()), static_cast<int64_t>(version));
      ASSERT_TRUE(db->Exec("INSERT INTO event (at_unix_ms, kind, subject, text, origin) "
                           "VALUES (5, 0, 'b/s', 'old', '')")
                      .ok());
    }
    auto store = SqliteStore::Open(path_);
    ASSERT_TRUE(store.ok()) << store.status();
    auto events = (*store)->ListEvents({});
    ASSERT_TRUE(events.ok());
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ((*events)[0].text, "old");
    MinuteRecord minute;
    minute.proxy = "b";
    minute.name = "s";
    EXPECT_TRUE((*store)->AddMinutes({minute}).ok());
  }
}

TEST_F(SchemaTest, MigratingTwiceChangesNothing) {
  std::unique_ptr<Database> db = OpenFile();
  ASSERT_TRUE(Migrate(db.get(), Migrations()).ok());
  ASSERT_TRUE(Migrate(db.get(), Migrations()).ok());
  EXPECT_EQ(VersionOf(db.get()), static_cast<int64_t>(Migrations().size()));
  EXPECT_TRUE(CheckSchema(db.get(), Migrations()).ok());
}

}  // namespace
}  // namespace lb::store
