#include "controlplane/service/grpc_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/grpc_fixture.h"

namespace lb::service {
namespace {

class GrpcAdminTest : public GrpcFixture {};

TEST_F(GrpcAdminTest, SaysWhatItIs) {
  grpc::ClientContext context;
  v1::GetVersionReply reply;
  ASSERT_TRUE(admin_->GetVersion(&context, {}, &reply).ok());
  EXPECT_EQ(reply.program(), "lbcontrold");
  EXPECT_EQ(reply.state_dir(), directory_);
}

TEST_F(GrpcAdminTest, ErrorsKeepTheirCodeAndMessage) {
  grpc::ClientContext context;
  v1::SetServerRequest request;
  request.set_backend("nope");
  request.set_server("s1");
  request.set_state("maint");
  v1::SetServerReply reply;
  const grpc::Status status = admin_->SetServer(&context, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "No such backend.");
}

TEST_F(GrpcAdminTest, AppliesAConfiguration) {
  grpc::ClientContext context;
  v1::ApplyRequest request;
  request.add_files()->set_text("web: s9=10.0.0.9:80\n");
  request.mutable_origin()->set_user("root");
  v1::ApplyReply reply;
  ASSERT_TRUE(admin_->Apply(&context, request, &reply).ok());
  EXPECT_TRUE(reply.applied()) << reply.reason();
  EXPECT_EQ(reply.revision(), 2u);
  grpc::ClientContext second;
  v1::ListRevisionsReply revisions;
  ASSERT_TRUE(admin_->ListRevisions(&second, {}, &revisions).ok());
  EXPECT_EQ(revisions.revisions(0).author(), "root@in-process");
}

TEST_F(GrpcAdminTest, RunsALineOfTheRuntimeLanguage) {
  grpc::ClientContext context;
  v1::RunCommandRequest request;
  request.set_line("show info");
  request.mutable_origin()->set_program("lbctl");
  v1::RunCommandReply reply;
  ASSERT_TRUE(admin_->RunCommand(&context, request, &reply).ok());
  EXPECT_EQ(reply.output(), "lbctl ran show info");
}

TEST_F(GrpcAdminTest, WatchersGetEventsAsTheyHappen) {
  grpc::ClientContext context;
  auto events = admin_->WatchEvents(&context, {});
  events->WaitForInitialMetadata();
  grpc::ClientContext setting;
  v1::SetServerRequest request;
  request.set_backend("web");
  request.set_server("s1");
  request.set_state("drain");
  v1::SetServerReply reply;
  ASSERT_TRUE(admin_->SetServer(&setting, request, &reply).ok());
  v1::Event event;
  bool was_told = false;
  while (!was_told && events->Read(&event)) was_told = event.text() == "set state drain";
  EXPECT_TRUE(was_told);
  context.TryCancel();
  events->Finish().IgnoreError();
}

TEST_F(GrpcAdminTest, AShutdownEndsWatchersAndRefusesCalls) {
  grpc::ClientContext context;
  auto events = admin_->WatchEvents(&context, {});
  events->WaitForInitialMetadata();
  ShutDown();
  v1::Event event;
  while (events->Read(&event)) {
  }
  EXPECT_EQ(events->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace lb::service
