#include "controlplane/service/revisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class RevisionsTest : public ControllerFixture {
 protected:
  v1::ListRevisionsReply List() {
    auto reply =
        Await<v1::ListRevisionsReply>([&](auto done) { controller_->revisions().List({}, done); });
    return reply.ok() ? *reply : v1::ListRevisionsReply();
  }
};

TEST_F(RevisionsTest, ANewConfigurationIsStoredAndServedByEveryNode) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode a(controller_.get(), "a"), b(controller_.get(), "b");
  a.Join();
  b.Join();
  ASSERT_TRUE(TurnUntil([&] { return a.serving == 1 && b.serving == 1; }));
  auto reply = Apply("web: s1=10.0.0.1:80\n");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->applied()) << reply->reason();
  EXPECT_EQ(reply->revision(), 2u);
  ASSERT_EQ(reply->nodes_size(), 2);
  EXPECT_EQ(reply->nodes(0).stage(), "serving");
  EXPECT_EQ(a.serving, 2u);
  EXPECT_EQ(b.serving, 2u);
  EXPECT_EQ(controller_->book().Find(s2_), nullptr);
  EXPECT_EQ(List().revisions(0).outcome(), "serving");
  EXPECT_EQ(List().revisions(0).author(), "root");
  EXPECT_EQ(List().revisions(0).message(), "a change");
  EXPECT_TRUE(List().revisions(0).is_current());
}

TEST_F(RevisionsTest, ErrorsChangeNothingAndStoreNothing) {
  ASSERT_TRUE(Start(kWeb).ok());
  auto reply = Apply("error\n");
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(reply->applied());
  EXPECT_THAT(reply->diagnostics(), HasSubstr("unknown keyword 'error'"));
  EXPECT_EQ(reply->reason(), "the configuration has 1 error");
  EXPECT_EQ(List().revisions_size(), 1);
}

TEST_F(RevisionsTest, TheSameMeaningIsNoNewRevision) {
  ASSERT_TRUE(Start(kWeb).ok());
  auto reply = Apply(std::string("# a comment\n") + kWeb);
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->unchanged());
  EXPECT_EQ(reply->revision(), 1u);
  EXPECT_EQ(List().revisions_size(), 1);
}

TEST_F(RevisionsTest, ARefusedRevisionStaysInTheHistoryAndTheOldOneServes) {
  ASSERT_TRUE(Start(kWeb).ok());
  LocalNode a(controller_.get(), "a"), b(controller_.get(), "b");
  a.Join();
  b.Join();
  ASSERT_TRUE(TurnUntil([&] { return a.serving == 1 && b.serving == 1; }));
  b.nack = "Address already in use";
  auto reply = Apply("web: s1=10.0.0.1:80 s3=10.0.0.3:80\n");
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(reply->applied());
  EXPECT_EQ(reply->reason(), "node 'b' refused: frontend www, bind *:80: Address already in use");
  EXPECT_EQ(a.serving, 1u);
  EXPECT_EQ(controller_->book().Find(ServerIdOf("web", "s3")), nullptr);
  EXPECT_EQ(controller_->revisions().serving()->revision, 1u);
  EXPECT_THAT(List().revisions(0).outcome(), HasSubstr("refused: node 'b' refused"));
  EXPECT_THAT(EventTexts("2"), Contains(HasSubstr("revision 2 refused")));
}

TEST_F(RevisionsTest, AStatsSocketThatCannotBeBoundRefusesBeforeAnyNodeIsAsked) {
  ASSERT_TRUE(Start(kWeb).ok());
  auto reply = Apply(std::string(kWeb) + "socket unix:/taken\n");
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(reply->applied());
  EXPECT_THAT(reply->reason(), HasSubstr("unix:/taken: in use"));
  reply = Apply(std::string(kWeb) + "socket unix:/free\n");
  EXPECT_TRUE(reply.ok() && reply->applied());
  EXPECT_EQ(sockets_.open, 1u);
}

TEST_F(RevisionsTest, ChangesWaitTheirTurn) {
  ASSERT_TRUE(Start(kWeb).ok());
  std::vector<uint64_t> revisions;
  for (const char* text : {"web: s1=10.0.0.1:80\n", "web: s2=10.0.0.2:80\n"}) {
    v1::ApplyRequest request;
    request.add_files()->set_text(text);
    controller_->revisions().Apply(request, [&](absl::StatusOr<v1::ApplyReply> reply) {
      ASSERT_TRUE(reply.ok());
      revisions.push_back(reply->revision());
    });
  }
  ASSERT_TRUE(TurnUntil([&] { return revisions.size() == 2; }));
  EXPECT_THAT(revisions, ::testing::ElementsAre(2, 3));
  EXPECT_NE(controller_->book().Find(s2_), nullptr);
}

TEST_F(RevisionsTest, ARollbackServesTheOldFilesAsANewRevision) {
  ASSERT_TRUE(Start(kWeb).ok());
  ASSERT_TRUE(Apply("web: s1=10.0.0.1:80\n").ok());
  v1::RollbackRequest request;
  request.set_revision(1);
  auto reply =
      Await<v1::ApplyReply>([&](auto done) { controller_->revisions().Rollback(request, done); });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->applied());
  EXPECT_EQ(reply->revision(), 3u);
  EXPECT_NE(controller_->book().Find(s2_), nullptr);
  EXPECT_EQ(List().revisions(0).message(), "rollback to revision 1");
  request.set_revision(99);
  reply =
      Await<v1::ApplyReply>([&](auto done) { controller_->revisions().Rollback(request, done); });
  EXPECT_TRUE(absl::IsNotFound(reply.status()));
  EXPECT_EQ(reply.status().message(), "no revision 99");
}

TEST_F(RevisionsTest, TheSameFilesKeepTheirNumberOverARestart) {
  ASSERT_TRUE(Start(kWeb).ok());
  Stop();
  ASSERT_TRUE(Start(kWeb).ok());
  EXPECT_EQ(controller_->revisions().serving()->revision, 1u);
  Stop();
  ASSERT_TRUE(Start("web: s1=10.0.0.1:80\n").ok());
  EXPECT_EQ(controller_->revisions().serving()->revision, 2u);
  Stop();
  ASSERT_TRUE(Start("").ok());
  EXPECT_EQ(controller_->revisions().serving()->revision, 2u);
}

TEST_F(RevisionsTest, GivesTheFilesOfARevision) {
  ASSERT_TRUE(Start(kWeb).ok());
  auto reply =
      Await<v1::GetConfigReply>([&](auto done) { controller_->revisions().GetConfig({}, done); });
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->files_size(), 1);
  EXPECT_EQ(reply->files(0).text(), kWeb);
  EXPECT_EQ(reply->files(0).path(), "lb.cfg");
}

TEST_F(RevisionsTest, ChecksWithoutApplying) {
  ASSERT_TRUE(Start(kWeb).ok());
  v1::CheckRequest request;
  request.add_files()->set_text("error\n");
  auto reply =
      Await<v1::CheckReply>([&](auto done) { controller_->revisions().Check(request, done); });
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(reply->valid());
  EXPECT_THAT(reply->diagnostics(), HasSubstr("unknown keyword"));
}

TEST_F(RevisionsTest, AStatsSocketThatCannotBeBoundFailsTheStart) {
  EXPECT_THAT(std::string(Start(std::string(kWeb) + "socket unix:/taken\n").message()),
              HasSubstr("in use"));
}

}  // namespace
}  // namespace lb::service
