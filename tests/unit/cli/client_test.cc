#include "cli/client.h"

#include <grpcpp/grpcpp.h>

#include "cli/exit_code.h"
#include "gtest/gtest.h"

namespace lb::cli {
namespace {

TEST(Client, ExitCodesTellARefusalFromSilence) {
  EXPECT_EQ(ExitCodeOf(grpc::Status::OK), kExitOk);
  for (grpc::StatusCode code :
       {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::DEADLINE_EXCEEDED}) {
    EXPECT_EQ(ExitCodeOf(grpc::Status(code, "")), kExitUnreachable);
  }
  for (grpc::StatusCode code : {grpc::StatusCode::NOT_FOUND, grpc::StatusCode::INVALID_ARGUMENT,
                                grpc::StatusCode::FAILED_PRECONDITION}) {
    EXPECT_EQ(ExitCodeOf(grpc::Status(code, "")), kExitRefused);
  }
}

TEST(Client, SaysWhoAsks) {
  const v1::Origin origin = ThisOrigin();
  EXPECT_EQ(origin.program(), "lbctl");
  EXPECT_NE(origin.user(), "");
  EXPECT_NE(origin.host(), "");
}

TEST(Client, GivesUpWhenNobodyListens) {
  Client client("unix:/nonexistent/admin.sock", /*identity=*/{}, std::chrono::seconds(30));
  v1::ListNodesReply reply;
  const grpc::Status status =
      client.Call(&v1::Admin::Stub::ListNodes, v1::ListNodesRequest(), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace lb::cli
