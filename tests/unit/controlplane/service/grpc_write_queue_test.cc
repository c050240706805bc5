#include "controlplane/service/grpc_write_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace lb::service {
namespace {

using ::testing::ElementsAre;

struct FakeReactor {
  void StartWrite(const std::string* message) { written.push_back(*message); }
  void Finish(const grpc::Status& status) { finished.push_back(status.error_message()); }

  std::vector<std::string> written;
  std::vector<std::string> finished;
};

class WriteQueueTest : public ::testing::Test {
 protected:
  bool Push(const std::string& text) {
    return queue_.Push(std::make_shared<const std::string>(text));
  }
  static grpc::Status Saying(const std::string& text) {
    return {grpc::StatusCode::CANCELLED, text};
  }

  FakeReactor reactor_;
  WriteQueue<FakeReactor, std::string> queue_{&reactor_};
};

TEST_F(WriteQueueTest, WritesOneAtATimeInOrder) {
  Push("a");
  Push("b");
  EXPECT_THAT(reactor_.written, ElementsAre("a"));
  queue_.OnWriteDone(true);
  EXPECT_THAT(reactor_.written, ElementsAre("a", "b"));
}

TEST_F(WriteQueueTest, ClosesAfterWhatIsQueued) {
  Push("a");
  Push("b");
  queue_.Close(Saying("end"));
  EXPECT_TRUE(Push("too late"));
  queue_.OnWriteDone(true);
  EXPECT_TRUE(reactor_.finished.empty());
  queue_.OnWriteDone(true);
  EXPECT_THAT(reactor_.finished, ElementsAre("end"));
  EXPECT_THAT(reactor_.written, ElementsAre("a", "b"));
}

TEST_F(WriteQueueTest, AbandonsAllButTheWriteUnderWay) {
  Push("a");
  Push("b");
  queue_.Abandon(Saying("gone"));
  queue_.OnWriteDone(false);
  EXPECT_THAT(reactor_.written, ElementsAre("a"));
  EXPECT_THAT(reactor_.finished, ElementsAre("gone"));
}

TEST_F(WriteQueueTest, FinishesOnceHoweverOften) {
  queue_.Close(Saying("first"));
  queue_.Close(Saying("second"));
  queue_.Abandon(Saying("third"));
  EXPECT_THAT(reactor_.finished, ElementsAre("first"));
  bool has_run = false;
  queue_.RunUnlessFinished([&] { has_run = true; });
  EXPECT_FALSE(has_run);
}

TEST_F(WriteQueueTest, RefusesWhatAPeerThatDoesNotReadWouldPileUp) {
  for (size_t i = 0; i < WriteQueue<FakeReactor, std::string>::kMaxWaiting; ++i) {
    ASSERT_TRUE(Push("x"));
  }
  EXPECT_FALSE(Push("x"));
}

TEST_F(WriteQueueTest, AFailedWriteEndsTheStream) {
  Push("a");
  Push("b");
  queue_.OnWriteDone(false);
  EXPECT_THAT(reactor_.written, ElementsAre("a"));
  EXPECT_EQ(reactor_.finished.size(), 1u);
}

}  // namespace
}  // namespace lb::service
