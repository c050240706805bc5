#include "cli/client.h"

#include <pwd.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/address.h"
#include "cli/exit_code.h"

namespace lb::cli {

Client::Client(const std::string& target, const std::optional<tls::ChannelIdentity>& identity,
               std::chrono::milliseconds timeout)
    : timeout_(timeout) {
  grpc::ChannelArguments arguments;
  // A control plane is near; a proxy from the environment would not know it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  const bool is_tls = identity.has_value() && !target.starts_with("unix:");
  is_private_ = is_tls || IsOfThisHost(target);
  stub_ = v1::Admin::NewStub(grpc::CreateCustomChannel(
      target,
      is_tls ? grpc::SslCredentials({identity->authority, identity->key, identity->certificate})
             : grpc::InsecureChannelCredentials(),
      arguments));
}

v1::Origin ThisOrigin() {
  v1::Origin origin;
  origin.set_program("lbctl");
  const passwd* user = ::getpwuid(::getuid());
  origin.set_user(user != nullptr ? user->pw_name : absl::StrCat("uid ", ::getuid()));
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) == 0) origin.set_host(host);
  return origin;
}

std::string MessageOf(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return "the control plane did not answer in time";
  }
  // gRPC's own words for a failed connection; what follows them says why.
  const std::string message = status.error_message();
  absl::string_view text = message;
  if (absl::ConsumePrefix(&text, "failed to connect to all addresses; last error: ")) {
    absl::ConsumePrefix(&text, "UNKNOWN: ");
    return absl::StrCat("no control plane answers: ", text);
  }
  return std::string(text);
}

int ExitCodeOf(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return kExitOk;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return kExitUnreachable;
    default:
      return kExitRefused;
  }
}

}  // namespace lb::cli
