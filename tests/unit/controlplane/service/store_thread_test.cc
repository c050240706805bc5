#include "controlplane/service/store_thread.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/store/sqlite.h"
#include "controlplane/store/sqlite_store.h"
#include "tests/testing/temp_dir.h"

namespace lb::service {
namespace {

class StoreThreadTest : public ::testing::Test {
 protected:
  StoreThreadTest() { thread_ = std::make_unique<StoreThread>(&loop_, Open()); }
  ~StoreThreadTest() override { thread_.reset(); }
  std::unique_ptr<store::StateStore> Open() {
    auto opened = store::SqliteStore::Open(directory_ + "/state.db");
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  static absl::Status AddEvent(store::StateStore* store, const std::string& text) {
    store::Event event;
    event.text = text;
    return store->AddEvent(event).status();
  }
  static size_t CountEvents(store::StateStore* store) { return store->ListEvents({})->size(); }

  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
  event::EventLoop loop_;
  std::unique_ptr<StoreThread> thread_;
};

TEST_F(StoreThreadTest, WritesInOrderAndAnswersOnTheLoop) {
  std::vector<std::string> done;
  for (const char* text : {"a", "b", "c"}) {
    thread_->Write([text](store::StateStore* store) { return AddEvent(store, text); },
                   [&, text](absl::Status status) {
                     EXPECT_TRUE(status.ok());
                     done.push_back(text);
                   });
  }
  while (done.size() < 3) loop_.RunOnce(Millis(100));
  EXPECT_EQ(done, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(StoreThreadTest, AFailedWriteDoesNotFailItsNeighbours) {
  std::vector<absl::Status> done;
  auto note = [&](absl::Status status) { done.push_back(status); };
  thread_->Write([](store::StateStore* store) { return AddEvent(store, "good"); }, note);
  thread_->Write(
      [](store::StateStore* store) {
        AddEvent(store, "half of a bad one").IgnoreError();
        return absl::InternalError("bad");
      },
      note);
  thread_->Write([](store::StateStore* store) { return AddEvent(store, "good too"); }, note);
  while (done.size() < 3) loop_.RunOnce(Millis(100));
  EXPECT_TRUE(done[0].ok());
  EXPECT_EQ(done[1], absl::InternalError("bad"));
  EXPECT_TRUE(done[2].ok());
  thread_.reset();
  EXPECT_EQ(CountEvents(Open().get()), 2u);
}

TEST_F(StoreThreadTest, ReadsWhatWasWrittenBefore) {
  thread_->Write([](store::StateStore* store) { return AddEvent(store, "x"); });
  size_t count = 0;
  thread_->Read([](store::StateStore* store) { return store->ListEvents({}); },
                [&](absl::StatusOr<std::vector<store::Event>> events) { count = events->size(); });
  while (count == 0) loop_.RunOnce(Millis(100));
  EXPECT_EQ(count, 1u);
}

// As on a full disk: every statement succeeds, and the transaction does not.
TEST_F(StoreThreadTest, AResultThatDidNotBecomeDurableIsNotGiven) {
  thread_.reset();
  {
    auto file =
        store::Database::Open(directory_ + "/state.db", store::Database::Access::kReadWrite);
    ASSERT_TRUE(file.ok()) << file.status();
    for (const char* sql : {"CREATE TABLE fault (x INTEGER REFERENCES revision (number) DEFERRABLE "
                            "INITIALLY DEFERRED)",
                            "CREATE TRIGGER fail_at_commit AFTER INSERT ON revision "
                            "BEGIN INSERT INTO fault VALUES (-1); END"}) {
      const absl::Status done = (*file)->Exec(sql);
      ASSERT_TRUE(done.ok()) << done;
    }
  }
  thread_ = std::make_unique<StoreThread>(&loop_, Open());
  std::optional<absl::StatusOr<uint64_t>> number;
  thread_->Read([](store::StateStore* store) { return store->AddRevision({}); },
                [&](absl::StatusOr<uint64_t> added) { number = std::move(added); });
  while (!number.has_value()) loop_.RunOnce(Millis(100));
  EXPECT_FALSE(number->ok()) << "revision " << **number << " is in no file";
}

TEST_F(StoreThreadTest, FinishesEveryWriteBeforeItEnds) {
  for (int i = 0; i < 50; ++i) {
    thread_->Write([](store::StateStore* store) { return AddEvent(store, "x"); },
                   [](absl::Status) { FAIL() << "nobody is there to hear it"; });
  }
  thread_.reset();
  loop_.RunOnce(Millis(0));
  EXPECT_EQ(CountEvents(Open().get()), 50u);
}

}  // namespace
}  // namespace lb::service
