// A controller behind its gRPC server, with the loop on a thread of its own, as in the programs.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_
#define LB_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_

#include <grpcpp/grpcpp.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "controlplane/service/grpc_server.h"
#include "lb/v1/admin.grpc.pb.h"
#include "lb/v1/dataplane.grpc.pb.h"
#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {

class GrpcFixture : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Start(kWeb).ok());
    auto server = GrpcServer::Start({"unix:" + directory_ + "/admin.sock", "127.0.0.1:0"},
                                    /*identity=*/{}, controller_.get(),
                                    [](const std::string& line, const v1::Origin& origin,
                                       auto done) { done(origin.program() + " ran " + line); });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_->Run(); });
    channel_ = server_->InProcessChannel();
    admin_ = v1::Admin::NewStub(channel_);
  }
  void TearDown() override {
    if (thread_.joinable()) ShutDown();
  }
  void ShutDown() {
    loop_->Post([this] { server_->ShutDown([this] { loop_->Stop(); }); });
    thread_.join();
    server_.reset();
  }
  // Runs `fn` on the loop and gives what it returns.
  template <typename Fn>
  auto OnLoop(Fn fn) {
    std::promise<decltype(fn())> result;
    loop_->Post([&] { result.set_value(fn()); });
    return result.get_future().get();
  }

  std::unique_ptr<GrpcServer> server_;
  std::thread thread_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

}  // namespace lb::service

#endif  // LB_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_
