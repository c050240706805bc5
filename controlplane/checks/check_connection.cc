#include "controlplane/checks/check_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/event/waiter.h"
#include "common/net/proxy_protocol.h"
#include "common/net/socket.h"
#include "common/net/tls_channel.h"

namespace lb::checks {
namespace {

using event::kReadable;
using event::kWritable;
using event::WakeReason;
using net::IoResult;
using net::IoStatus;

// The kernel's words: what follows the last colon of "connect: Connection refused".
std::string KernelWords(const absl::Status& status) {
  const std::string text(status.message());
  const size_t colon = text.rfind(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

// Nobody there is the server's fault; anything else that connect(2) refuses at once is ours.
CheckResult RefusedAtOnce(const absl::Status& status) {
  const std::string words = KernelWords(status);
  if (words == strerror(ECONNREFUSED)) return {CheckStatus::kL4Connection, 0, {}, words};
  return {CheckStatus::kSocketError, 0, {}, absl::StrCat("General socket error (", words, ")")};
}

// A check has no client: version 1 names the check's own connection, as HAProxy does, and version 2
// says LOCAL.
std::string ProxyLine(uint32_t version, int fd) {
  std::string line;
  if (version == 2) {
    net::AppendProxyV2Local(&line);
  } else {
    net::AppendProxyV1(Address::LocalOf(fd), Address::PeerOf(fd), &line);
  }
  return line;
}

}  // namespace

// Source: HAProxy configuration manual, "check-ssl", "check-sni".
event::Task<CheckResult> ShakeHands(CheckConnection* connection, const Target* target) {
  if (target->tls == nullptr) {
    co_return CheckResult{CheckStatus::kL6Response, 0, {}, target->tls_error};
  }
  const v1::ServerTls& settings = target->check.tls();
  const std::string name = settings.sni().args_size() > 0 ? settings.sni().args(0) : "";
  net::StartTls(&*connection->stream, target->tls->NewConnection(name), target->tls);
  const absl::Status status =
      co_await net::Handshake(&*connection->stream, connection->answer_deadline);
  if (absl::IsDeadlineExceeded(status)) {
    co_return CheckResult{CheckStatus::kL6Timeout, 0, {}, ""};
  }
  if (!status.ok()) {
    co_return CheckResult{
        CheckStatus::kL6Response,
        0,
        {},
        absl::StrCat("SSL handshake failure (", std::string(status.message()), ")")};
  }
  co_return CheckResult{CheckStatus::kL6Ok, 0, {}, ""};
}

event::Task<CheckResult> Connect(CheckConnection* connection, const CheckContext* context,
                                 std::string address) {
  const absl::StatusOr<Address> where = Address::Parse(address);
  if (!where.ok()) {
    co_return CheckResult{CheckStatus::kSocketError, 0, {}, std::string(where.status().message())};
  }
  absl::StatusOr<UniqueFd> fd = net::StartConnect(*where, net::ConnectOptions{});
  if (!fd.ok()) co_return RefusedAtOnce(fd.status());
  connection->stream.emplace(context->loop, std::move(*fd), /*is_connected=*/false);
  const SteadyTime deadline = ConnectDeadline(context->target->check, context->start);
  const absl::Status status = co_await net::WaitConnected(&*connection->stream, deadline);
  if (absl::IsDeadlineExceeded(status)) {
    co_return CheckResult{CheckStatus::kL4Timeout, 0, {}, ""};
  }
  if (!status.ok()) {
    co_return CheckResult{CheckStatus::kL4Connection, 0, {}, KernelWords(status)};
  }
  connection->answer_deadline =
      AnswerDeadline(context->target->check, context->start, context->loop->now());
  if (context->target->send_proxy != 0) {
    const std::string line = ProxyLine(context->target->send_proxy, connection->stream->fd());
    const bool is_sent = co_await Send(connection, line);
    if (!is_sent) co_return CheckResult{CheckStatus::kL4Connection, 0, {}, ""};
  }
  if (!context->target->check.has_tls()) co_return CheckResult{CheckStatus::kL4Ok, 0, {}, ""};
  CheckResult shaken = co_await ShakeHands(connection, context->target);
  co_return shaken;
}

event::Task<bool> Send(CheckConnection* connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const IoResult put = connection->stream->Write(bytes.data(), bytes.size());
    if (put.ok()) {
      bytes.remove_prefix(put.bytes);
    } else if (put.status != IoStatus::kAgain) {
      co_return false;
    } else {
      const WakeReason why = co_await event::Wait(
          connection->loop, {&*connection->stream, kWritable}, connection->answer_deadline);
      if (why == WakeReason::kTimeout) co_return false;
    }
  }
  co_return true;
}

event::Task<Arrival> Receive(CheckConnection* connection, std::string* info) {
  char space[4096];
  while (true) {
    const size_t room = std::min(
        sizeof(space), kMaxAnswerBytes - std::min(kMaxAnswerBytes, connection->received.size()));
    const IoResult got = connection->stream->Read(space, std::max<size_t>(room, 1));
    switch (got.status) {
      case IoStatus::kOk:
        connection->received.append(space, got.bytes);
        co_return Arrival::kMore;
      case IoStatus::kEof:
        connection->is_closed = true;
        co_return Arrival::kClosed;
      case IoStatus::kAgain:
        break;
      default:
        *info = strerror(got.error);
        co_return Arrival::kError;
    }
    const WakeReason why = co_await event::Wait(connection->loop, {&*connection->stream, kReadable},
                                                connection->answer_deadline);
    if (why == WakeReason::kTimeout) co_return Arrival::kTimeout;
  }
}

}  // namespace lb::checks
