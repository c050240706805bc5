#include "controlplane/service/grpc_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/controlplane/service/grpc_fixture.h"

namespace lb::service {
namespace {

using ::testing::HasSubstr;

class GrpcServerTest : public GrpcFixture {};

TEST_F(GrpcServerTest, TheAdminSocketIsItsOwners) {
  const std::string path = directory_ + "/admin.sock";
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto stub =
      v1::Admin::NewStub(grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::GetVersionReply reply;
  EXPECT_TRUE(stub->GetVersion(&context, {}, &reply).ok());
}

TEST_F(GrpcServerTest, AnAddressInUseIsNamed) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->ports()[1]);
  auto second = GrpcServer::Start({taken}, /*identity=*/{}, controller_.get(), nullptr);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("cannot listen on " + taken));
}

}  // namespace
}  // namespace lb::service
