#include "controlplane/service/grpc_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

#include "controlplane/service/grpc_session.h"

namespace lb::service {
namespace {

// A snapshot of ten thousand servers is some megabytes.
constexpr int kMaxMessageBytes = 256 << 20;
constexpr int kKeepaliveMs = 5'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr std::chrono::seconds kShutdownLimit(2);

void SetOptions(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder->SetMaxSendMessageSize(kMaxMessageBytes);
  // Two control planes on one port would each get half of the data planes.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A data plane whose host has gone is noticed within ten seconds.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
}

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(
    const std::string& address, const std::optional<tls::ChannelIdentity>& identity) {
  if (!identity.has_value() || address.starts_with("unix:")) {
    return grpc::InsecureServerCredentials();
  }
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = identity->authority;
  options.pem_key_cert_pairs.push_back({identity->key, identity->certificate});
  return grpc::SslServerCredentials(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const std::vector<std::string>& addresses, const std::optional<tls::ChannelIdentity>& identity,
    Controller* controller, RunCommandFunction run_command) {
  std::unique_ptr<GrpcServer> made(new GrpcServer());
  made->loop_ = controller->loop();
  made->admin_ = MakeAdminService(controller, std::move(run_command));
  made->session_ = MakeSessionService(controller->loop(), &controller->fleet());
  made->ports_.resize(addresses.size(), 0);
  grpc::ServerBuilder builder;
  SetOptions(&builder);
  builder.RegisterService(made->admin_->service());
  builder.RegisterService(made->session_.get());
  for (size_t i = 0; i < addresses.size(); ++i) {
    builder.AddListeningPort(addresses[i], CredentialsFor(addresses[i], identity),
                             &made->ports_[i]);
  }
  // Unix sockets are for the owner alone. The umask is the process's: nothing else makes files
  // while the program starts.
  const mode_t before = umask(0177);
  made->server_ = builder.BuildAndStart();
  umask(before);
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (made->ports_[i] != 0) continue;  // gRPC says 1 for unix sockets
    if (made->server_ != nullptr) made->server_->Shutdown();
    return absl::UnavailableError(absl::StrCat("cannot listen on ", addresses[i]));
  }
  if (made->server_ == nullptr) return absl::UnavailableError("cannot start the gRPC server");
  return made;
}

GrpcServer::~GrpcServer() {
  if (shutdown_.joinable()) shutdown_.join();
}

std::shared_ptr<grpc::Channel> GrpcServer::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  return server_->InProcessChannel(arguments);
}

void GrpcServer::ShutDown(std::function<void()> done) {
  admin_->Stop();
  shutdown_ = std::thread([this, done = std::move(done)] {
    server_->Shutdown(std::chrono::system_clock::now() + kShutdownLimit);
    loop_->Post(done);
  });
}

}  // namespace lb::service
