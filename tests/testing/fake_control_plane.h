// FakeControlPlane: a gRPC server whose sessions follow a script, in the process of the test.
#ifndef LB_TESTS_TESTING_FAKE_CONTROL_PLANE_H_
#define LB_TESTS_TESTING_FAKE_CONTROL_PLANE_H_

#include <functional>
#include <memory>
#include <string>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

#include "lb/v1/dataplane.grpc.pb.h"

namespace lb::testing {

class FakeControlPlane : public v1::DataPlaneSession::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ToDataPlane, v1::FromDataPlane>;
  // Runs for each session, on a thread of gRPC's; the session ends when it returns.
  using Script = std::function<void(Stream*)>;

  explicit FakeControlPlane(Script script) : script_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    server_ = builder.BuildAndStart();
  }
  ~FakeControlPlane() override {
    server_->Shutdown();
    server_->Wait();
  }

  std::shared_ptr<grpc::Channel> Channel() {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(port_),
                               grpc::InsecureChannelCredentials());
  }

 private:
  grpc::Status Join(grpc::ServerContext*, Stream* stream) override {
    script_(stream);
    return grpc::Status::OK;
  }

  const Script script_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_FAKE_CONTROL_PLANE_H_
