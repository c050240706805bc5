// The external check: a program whose exit status is the verdict.
// Source: HAProxy configuration manual, "external-check command", "external-check path".
//
// It gets four arguments, and HAPROXY_* variables and PATH for its whole environment: what "setenv"
// set is for the configuration's lines, as measured on HAProxy 2.6. It may take
// "timeout check", or "inter" without one; then its process group is killed.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/event/waiter.h"
#include "controlplane/checks/child_process.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {
namespace {

constexpr char kNotUsed[] = "NOT_USED";

// The address and port of one end, as text; empty where it has none.
struct End {
  std::string address;
  std::string port;
};

End EndOf(const std::string& text) {
  const absl::StatusOr<Address> address = Address::Parse(text);
  if (!address.ok()) return {};
  if (address->is_unix()) return {address->UnixPath(), ""};
  return {address->Ip(), absl::StrCat(address->port())};
}

End ProxyEnd(const v1::HealthCheck& check) {
  if (check.proxy_address() == kNotUsed) return {};
  return {check.proxy_address(), check.proxy_port() == 0 ? "" : absl::StrCat(check.proxy_port())};
}

std::string OrNotUsed(const std::string& text) { return text.empty() ? kNotUsed : text; }

std::vector<std::string> EnvironmentOf(const CheckContext& context, const End& proxy,
                                       const End& server) {
  const Target& target = *context.target;
  return {
      absl::StrCat("PATH=", target.check.external_path()),
      absl::StrCat("HAPROXY_PROXY_NAME=", target.backend),
      absl::StrCat("HAPROXY_PROXY_ID=", target.backend_number),
      absl::StrCat("HAPROXY_PROXY_ADDR=", proxy.address),
      absl::StrCat("HAPROXY_PROXY_PORT=", proxy.port),
      absl::StrCat("HAPROXY_SERVER_NAME=", target.server),
      absl::StrCat("HAPROXY_SERVER_ID=", target.server_number),
      absl::StrCat("HAPROXY_SERVER_ADDR=", server.address),
      absl::StrCat("HAPROXY_SERVER_PORT=", server.port),
      absl::StrCat("HAPROXY_SERVER_MAXCONN=", target.maxconn),
      absl::StrCat("HAPROXY_SERVER_CURCONN=", context.current_connections),
      "HAPROXY_SERVER_SSL=0",
      absl::StrCat("HAPROXY_SERVER_PROTO=", target.is_http ? "h1" : "tcp"),
  };
}

CheckResult ResultOf(const ChildExit& exit) {
  if (exit.signal != 0) {
    // 128 + N, as shells say it.
    return {CheckStatus::kProcessError,
            128 + exit.signal,
            {},
            absl::StrCat("killed by signal ", exit.signal)};
  }
  const CheckStatus status = exit.code == 0 ? CheckStatus::kProcessOk : CheckStatus::kProcessError;
  return {status, exit.code, {}, ""};
}

}  // namespace

event::Task<CheckResult> RunExternalCheck(const CheckContext* context) {
  const v1::HealthCheck& check = context->target->check;
  const End proxy = ProxyEnd(check);
  const End server = EndOf(context->target->server_address);
  const std::vector<std::string> arguments = {check.external_command(), OrNotUsed(proxy.address),
                                              OrNotUsed(proxy.port), OrNotUsed(server.address),
                                              OrNotUsed(server.port)};
  absl::StatusOr<ChildProcess> child =
      ChildProcess::Start(arguments, EnvironmentOf(*context, proxy, server), context->graveyard);
  if (!child.ok()) {
    co_return CheckResult{
        CheckStatus::kProcessError, 255, {}, std::string(child.status().message())};
  }
  event::Pollable ended(context->loop);
  ended.Watch(child->pidfd());
  const SteadyTime deadline = AnswerDeadline(check, context->start, context->start);
  const event::WakeReason why =
      co_await event::Wait(context->loop, {&ended, event::kReadable}, deadline);
  if (why == event::WakeReason::kTimeout) {
    co_return CheckResult{CheckStatus::kProcessTimeout, 0, {}, ""};  // ~ChildProcess kills
  }
  co_return ResultOf(child->Reap());
}

}  // namespace lb::checks
