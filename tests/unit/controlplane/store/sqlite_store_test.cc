#include "controlplane/store/sqlite_store.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "controlplane/store/schema.h"
#include "controlplane/store/sqlite.h"

namespace lb::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/lb_store_test.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/state.db";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Open() {
    store_.reset();
    auto opened = SqliteStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  uint64_t AddRevision(std::string message, std::string outcome, int64_t at = 1000) {
    Revision revision;
    revision.files = {{"a.cfg", "global\n"}, {"b.cfg", std::string("x\0y", 3)}};
    revision.hash = "abc";
    revision.author = "root";
    revision.message = std::move(message);
    revision.created_unix_ms = at;
    revision.outcome = std::move(outcome);
    auto number = store_->AddRevision(revision);
    EXPECT_TRUE(number.ok()) << number.status();
    return number.value_or(0);
  }

  uint64_t AddEvent(std::string subject, std::string text, int64_t at = 1000,
                    EventKind kind = EventKind::kServer) {
    auto id = store_->AddEvent({0, at, kind, std::move(subject), std::move(text), "test"});
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }

  std::vector<std::string> Texts(const EventQuery& query = {}) {
    std::vector<std::string> texts;
    auto events = store_->ListEvents(query);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const Event& event : *events) texts.push_back(event.text);
    return texts;
  }

  void WriteFile(std::string_view bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

  std::string directory_;
  std::string path_;
  std::unique_ptr<StateStore> store_;
};

TEST_F(StoreTest, GivesBackRevisionsAfterReopening) {
  Open();
  EXPECT_EQ(AddRevision("first", "serving"), 1u);
  EXPECT_EQ(AddRevision("second", ""), 2u);
  ASSERT_TRUE(store_->SetRevisionOutcome(2, "refused: port in use").ok());
  Open();
  auto revision = store_->GetRevision(2);
  ASSERT_TRUE(revision.ok());
  EXPECT_EQ(revision->message, "second");
  EXPECT_EQ(revision->outcome, "refused: port in use");
  EXPECT_EQ(revision->created_unix_ms, 1000);
  ASSERT_THAT(revision->files, SizeIs(2));
  EXPECT_EQ(revision->files[1].path, "b.cfg");
  EXPECT_EQ(revision->files[1].text, std::string("x\0y", 3));
  EXPECT_EQ(*store_->CurrentRevision(), 1u);
  auto listed = store_->ListRevisions(10);
  ASSERT_TRUE(listed.ok());
  ASSERT_THAT(*listed, SizeIs(2));
  EXPECT_EQ((*listed)[0].number, 2u);
}

TEST_F(StoreTest, CurrentRevisionOfAnEmptyStoreIsZero) {
  Open();
  EXPECT_EQ(*store_->CurrentRevision(), 0u);
  EXPECT_EQ(store_->GetRevision(1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->SetRevisionOutcome(1, "serving").code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, AnOverrideReplacesTheOneBeforeAndCanBeLifted) {
  Open();
  ASSERT_TRUE(store_->SetOverride({"b", "s", OverrideKind::kState, "maint", "root", 5}).ok());
  ASSERT_TRUE(store_->SetOverride({"b", "s", OverrideKind::kWeight, "50", "root", 6}).ok());
  ASSERT_TRUE(store_->SetOverride({"b", "s", OverrideKind::kState, "drain", "bob", 7}).ok());
  Open();
  auto overrides = store_->ListOverrides();
  ASSERT_TRUE(overrides.ok());
  ASSERT_THAT(*overrides, SizeIs(2));
  EXPECT_EQ((*overrides)[0].value, "drain");
  EXPECT_EQ((*overrides)[0].origin, "bob");
  EXPECT_EQ((*overrides)[0].set_unix_ms, 7);
  EXPECT_EQ((*overrides)[1].kind, OverrideKind::kWeight);
  ASSERT_TRUE(store_->LiftOverride("b", "s", OverrideKind::kState).ok());
  ASSERT_TRUE(store_->LiftOverride("b", "s", OverrideKind::kAddress).ok());
  EXPECT_THAT(*store_->ListOverrides(), SizeIs(1));
}

TEST_F(StoreTest, ListsEventsOldestFirstAndBySubjectKindAndPlace) {
  Open();
  AddEvent("b/s1", "one");
  AddEvent("b/s2", "two");
  const uint64_t third = AddEvent("b/s1", "three", 1000, EventKind::kCommand);
  AddEvent("b/s1", "four");
  EXPECT_THAT(Texts(), ElementsAre("one", "two", "three", "four"));
  EXPECT_THAT(Texts({.limit = 2}), ElementsAre("three", "four"));
  EXPECT_THAT(Texts({.subject = "b/s1"}), ElementsAre("one", "three", "four"));
  EXPECT_THAT(Texts({.limit = 1, .subject = "b/s1"}), ElementsAre("four"));
  EXPECT_THAT(Texts({.kind = EventKind::kCommand}), ElementsAre("three"));
  EXPECT_THAT(Texts({.after_id = third}), ElementsAre("four"));
}

TEST_F(StoreTest, KeepsNodesAndServers) {
  Open();
  NodeRecord node;
  node.node = "n1";
  node.instance = 0xfedcba9876543210u;
  node.revision = 3;
  node.is_connected = true;
  ASSERT_TRUE(store_->SaveNode(node).ok());
  node.revision = 4;
  ASSERT_TRUE(store_->SaveNode(node).ok());
  ServerRecord server;
  server.backend = "b";
  server.server = "s";
  server.status = "DOWN";
  server.last_change_unix_ms = 77;
  server.down_transitions = 2;
  server.check_status = "L4CON";
  ASSERT_TRUE(store_->SaveServers({server}).ok());
  Open();
  auto nodes = store_->ListNodes();
  ASSERT_THAT(*nodes, SizeIs(1));
  EXPECT_EQ((*nodes)[0].instance, 0xfedcba9876543210u);
  EXPECT_EQ((*nodes)[0].revision, 4u);
  EXPECT_TRUE((*nodes)[0].is_connected);
  auto servers = store_->ListServers();
  ASSERT_THAT(*servers, SizeIs(1));
  EXPECT_EQ((*servers)[0].status, "DOWN");
  EXPECT_EQ((*servers)[0].last_change_unix_ms, 77);
  EXPECT_EQ((*servers)[0].down_transitions, 2u);
  EXPECT_EQ((*servers)[0].check_status, "L4CON");
  ASSERT_TRUE(store_->ForgetNode("n1").ok());
  EXPECT_THAT(*store_->ListNodes(), IsEmpty());
}

TEST_F(StoreTest, ABatchThatFailsLeavesNothing) {
  Open();
  AddEvent("x", "before");
  const absl::Status status = store_->Batch([&] {
    AddEvent("x", "inside");
    AddRevision("inside", "serving");
    return absl::AbortedError("changed my mind");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(Texts(), ElementsAre("before"));
  EXPECT_EQ(*store_->CurrentRevision(), 0u);
  ASSERT_TRUE(store_
                  ->Batch([&] {
                    AddEvent("x", "after");
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(Texts(), ElementsAre("before", "after"));
}

TEST_F(StoreTest, PruneDeletesByAgeAndByNumberButNotTheCurrentRevision) {
  Open();
  AddRevision("serving", "serving", 100);
  for (int i = 0; i < 4; ++i) AddRevision("refused", "refused: x", 1000 + i);
  for (int i = 0; i < 6; ++i) AddEvent("x", absl::StrCat("e", i), 100 * i);
  EXPECT_EQ(*store_->Prune({}), 0u);
  EXPECT_EQ(*store_->Prune({.oldest_unix_ms = 200, .events = 3, .revisions = 2}), 3u + 2u);
  EXPECT_THAT(Texts(), ElementsAre("e3", "e4", "e5"));
  auto revisions = store_->ListRevisions(10);
  ASSERT_THAT(*revisions, SizeIs(3));
  EXPECT_EQ((*revisions)[2].message, "serving");
  EXPECT_THAT(store_->GetRevision(1)->files, SizeIs(2));
  EXPECT_EQ(AddRevision("next", ""), 6u);
}

TEST_F(StoreTest, AReaderSeesWhatIsCommittedWhileTheWriterWrites) {
  Open();
  AddEvent("x", "one");
  auto reader = SqliteStore::Open(path_, SqliteStore::Access::kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_TRUE(store_
                  ->Batch([&] {
                    AddEvent("x", "two");
                    EXPECT_THAT(*(*reader)->ListEvents({}), SizeIs(1));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(*(*reader)->ListEvents({}), SizeIs(2));
  EXPECT_EQ((*reader)->AddEvent({}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreTest, TheFileIsReadableByItsOwnerOnly) {
  Open();
  AddEvent("x", "one");
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    struct stat status = {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(StoreTest, RefusesWhatIsNotADatabaseOfOurs) {
  WriteFile(
      "this is a text file, long enough to be read as a header of a database file. "
      "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.");
  absl::Status text = SqliteStore::Open(path_).status();
  EXPECT_EQ(text.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(text.message()), HasSubstr(path_));

  std::filesystem::remove(path_);
  ASSERT_TRUE((*Database::Open(path_, Database::Access::kReadWrite))
                  ->Exec("CREATE TABLE cookies (name TEXT)")
                  .ok());
  absl::Status foreign = SqliteStore::Open(path_).status();
  EXPECT_EQ(foreign.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(foreign.message()), HasSubstr("some other program"));

  absl::Status nowhere = SqliteStore::Open(directory_ + "/no/such/state.db").status();
  EXPECT_THAT(std::string(nowhere.message()), HasSubstr("/no/such/state.db"));
}

TEST_F(StoreTest, RefusesADamagedFile) {
  Open();
  for (int i = 0; i < 300; ++i) AddEvent("x", std::string(200, 'x'));
  store_.reset();  // the last to close folds the log into the file
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  for (int page = 8; page < 12; ++page) {
    file.seekp(page * 4096);
    file << std::string(512, '\xff');
  }
  file.close();
  absl::Status status = SqliteStore::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

TEST_F(StoreTest, RefusesAFileOfANewerProgram) {
  Open();
  store_.reset();
  ASSERT_TRUE((*Database::Open(path_, Database::Access::kReadWrite))
                  ->Exec("PRAGMA user_version = 99")
                  .ok());
  absl::Status status = SqliteStore::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer program"));
}

TEST_F(StoreTest, MigratesOnceAndUndoesAMigrationThatFails) {
  auto db = *Database::Open(path_, Database::Access::kReadWrite);
  const std::vector<const char*> first = {"CREATE TABLE t (a);"};
  const std::vector<const char*> broken = {first[0], "CREATE TABLE u (a); NONSENSE;"};
  const std::vector<const char*> mended = {first[0], "CREATE TABLE u (a);"};
  ASSERT_TRUE(Migrate(db.get(), first).ok());
  ASSERT_TRUE(db->Exec("INSERT INTO t VALUES (1)").ok());
  EXPECT_FALSE(Migrate(db.get(), broken).ok());
  EXPECT_FALSE(db->Exec("SELECT * FROM u").ok());
  ASSERT_TRUE(Migrate(db.get(), mended).ok());
  ASSERT_TRUE(Migrate(db.get(), mended).ok());
  Query count(db.get(), "SELECT count(*) FROM t, (SELECT count(*) FROM u)");
  ASSERT_TRUE(count.Next());
  EXPECT_EQ(count.Int(0), 1);
  EXPECT_TRUE(CheckSchema(db.get(), mended).ok());
  EXPECT_FALSE(CheckSchema(db.get(), first).ok());
}

// The child writes events and prints each id once it was acknowledged, until it is killed.
[[noreturn]] void WriteUntilKilled(const std::string& path, int acknowledgements) {
  auto store = SqliteStore::Open(path);
  if (!store.ok()) ::_exit(1);
  for (;;) {
    const auto id = (*store)->AddEvent({0, 1, EventKind::kServer, "x", std::string(3000, 'y'), ""});
    if (!id.ok()) ::_exit(2);
    const uint64_t number = *id;
    if (::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(3);
  }
}

TEST_F(StoreTest, AKillInTheMiddleOfWritingLosesNothingAcknowledged) {
  Open();
  store_.reset();
  uint64_t last = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriteUntilKilled(path_, ends[1]);
    ::close(ends[1]);
    // Each round is killed after a different number of acknowledgements.
    uint64_t id = 0;
    for (int i = 0; i < 5 + 7 * round; ++i) {
      ASSERT_EQ(::read(ends[0], &id, sizeof id), static_cast<ssize_t>(sizeof id));
      last = id;
    }
    ::kill(child, SIGKILL);
    while (::read(ends[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id)) last = id;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    Open();
    auto events = store_->ListEvents({.limit = 1'000'000});
    ASSERT_TRUE(events.ok()) << events.status();
    // At most the one event that was being acknowledged is there in addition.
    EXPECT_GE(events->size(), last);
    EXPECT_LE(events->size(), last + 1);
    for (size_t i = 0; i < events->size(); ++i) ASSERT_EQ((*events)[i].id, i + 1);
    last = events->size();
    store_.reset();
  }
}

MinuteRecord MinuteOf(int64_t minute, std::string name, uint64_t requests, uint64_t queue = 0) {
  MinuteRecord record;
  record.at_unix_ms = minute * 60'000;
  record.proxy = "web";
  record.name = std::move(name);
  record.requests = requests;
  record.bytes_out = requests * 100;
  record.responses_5xx = 1;
  record.max_queue = queue;
  record.failed_checks = 2;
  return record;
}

TEST_F(StoreTest, MinutesComeBackByNameFromATimeOn) {
  Open();
  ASSERT_TRUE(store_->AddMinutes({MinuteOf(1, "s1", 10), MinuteOf(1, "BACKEND", 30)}).ok());
  ASSERT_TRUE(store_->AddMinutes({MinuteOf(2, "s1", 20)}).ok());
  ASSERT_TRUE(store_->AddMinutes({MinuteOf(3, "s1", 40)}).ok());
  Open();
  EXPECT_THAT(*store_->ListMinutes({"web", "s1", 120'000}),
              ElementsAre(MinuteOf(2, "s1", 20), MinuteOf(3, "s1", 40)));
  EXPECT_THAT(*store_->ListMinutes({"web", "BACKEND", 0}), ElementsAre(MinuteOf(1, "BACKEND", 30)));
  EXPECT_THAT(*store_->ListMinutes({"api", "s1", 0}), IsEmpty());
}

TEST_F(StoreTest, PartsOfAMinuteAddUp) {
  Open();
  ASSERT_TRUE(store_->AddMinutes({MinuteOf(1, "s1", 10, 5)}).ok());
  ASSERT_TRUE(store_->AddMinutes({MinuteOf(1, "s1", 7, 3)}).ok());
  MinuteRecord both = MinuteOf(1, "s1", 17, 5);
  both.responses_5xx = 2;
  both.failed_checks = 4;
  EXPECT_THAT(*store_->ListMinutes({"web", "s1", 0}), ElementsAre(both));
}

TEST_F(StoreTest, PrunesMinutesByAgeAndByNumber) {
  Open();
  for (int64_t minute = 1; minute <= 5; ++minute) {
    ASSERT_TRUE(
        store_->AddMinutes({MinuteOf(minute, "s1", 1), MinuteOf(minute, "BACKEND", 1)}).ok());
  }
  Retention retention;
  retention.oldest_minute_unix_ms = 120'000;
  EXPECT_EQ(*store_->Prune(retention), 2u);
  EXPECT_THAT(*store_->ListMinutes({"web", "s1", 0}), SizeIs(4));
  retention.minutes = 4;
  EXPECT_EQ(*store_->Prune(retention), 4u);
  EXPECT_THAT(*store_->ListMinutes({"web", "s1", 0}), SizeIs(2));
}

}  // namespace
}  // namespace lb::store
