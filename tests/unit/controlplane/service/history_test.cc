#include "controlplane/service/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

class HistoryTest : public ControllerFixture {
 protected:
  void SetUp() override { ASSERT_TRUE(Start(kWeb).ok()); }
};

TEST_F(HistoryTest, AnEventThatCannotBeStoredIsNotTold) {
  bool was_told = false;
  controller_->history().Watch([&](const v1::Event& e) { was_told |= e.text() == "never"; });
  std::optional<absl::Status> stored;
  controller_->history().RecordWith([](store::StateStore*) { return absl::InternalError("disk"); },
                                    store::EventKind::kCommand, "x", "never", "",
                                    [&](absl::Status status) { stored = status; });
  ASSERT_TRUE(TurnUntil([&] { return stored.has_value(); }));
  EXPECT_EQ(*stored, absl::InternalError("disk"));
  EXPECT_FALSE(was_told);
  EXPECT_THAT(EventTexts(), ::testing::Not(::testing::Contains("never")));
}

TEST_F(HistoryTest, AWatcherMayLeaveWhileItIsTold) {
  uint64_t id = 0;
  int heard = 0;
  id = controller_->history().Watch([&](const v1::Event&) {
    ++heard;
    controller_->history().Unwatch(id);
  });
  controller_->history().Record(store::EventKind::kNode, "n", "one");
  controller_->history().Record(store::EventKind::kNode, "n", "two");
  ASSERT_TRUE(TurnUntil([&] { return EventTexts("n").size() == 2; }));
  EXPECT_EQ(heard, 1);
}

TEST_F(HistoryTest, EventsSayWhatWhenAndWho) {
  std::optional<v1::Event> event;
  controller_->history().Watch([&](const v1::Event& e) {
    if (e.subject() == "n") event = e;
  });
  controller_->history().Record(store::EventKind::kNode, "n", "joined", "10.0.0.1:5");
  ASSERT_TRUE(TurnUntil([&] { return event.has_value(); }));
  EXPECT_GT(event->id(), 0u);
  EXPECT_EQ(event->kind(), "node");
  EXPECT_EQ(event->origin(), "10.0.0.1:5");
  EXPECT_EQ(event->at_unix_ms(), 1'700'000'000'000);
}

TEST(OriginText, NamesWhatIsKnown) {
  v1::Origin origin;
  EXPECT_EQ(OriginText(origin), "");
  origin.set_program("SIGHUP");
  EXPECT_EQ(OriginText(origin), "SIGHUP");
  origin.set_host("h");
  EXPECT_EQ(OriginText(origin), "h, SIGHUP");
  origin.set_user("root");
  EXPECT_EQ(OriginText(origin), "root@h, SIGHUP");
}

}  // namespace
}  // namespace lb::service
