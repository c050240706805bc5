// The MySQL check: the server's greeting and, with a user, a login without password.
// Source: HAProxy configuration manual, "option mysql-check".
#include <utility>

#include "controlplane/checks/mysql_packets.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {
namespace {

using Kind = MysqlPacket::Kind;

CheckResult Failed(CheckStatus status, std::string info) {
  return {status, 0, {}, std::move(info)};
}

// Receives until `read` finds a whole packet. The result fails when there is none.
event::Task<CheckResult> ReceivePacket(CheckConnection* connection,
                                       MysqlPacket (*read)(std::string_view), MysqlPacket* packet) {
  *packet = read(connection->received);
  while (packet->kind == Kind::kPartial) {
    std::string info;
    const Arrival arrival = co_await Receive(connection, &info);
    if (arrival == Arrival::kTimeout) co_return Failed(CheckStatus::kL7Timeout, "");
    if (arrival == Arrival::kError) co_return Failed(CheckStatus::kSocketError, std::move(info));
    if (arrival == Arrival::kClosed) {
      co_return Failed(CheckStatus::kL7Response, "connection closed by the MySQL server");
    }
    *packet = read(connection->received);
  }
  if (packet->kind == Kind::kBad) {
    co_return Failed(CheckStatus::kL7Response, "not a MySQL packet");
  }
  if (packet->kind == Kind::kError) {
    co_return CheckResult{CheckStatus::kL7Status, packet->code, {}, packet->text};
  }
  co_return CheckResult{CheckStatus::kL7Ok, 0, {}, ""};
}

}  // namespace

event::Task<CheckResult> RunMysqlCheck(const CheckContext* context) {
  const v1::HealthCheck& check = context->target->check;
  CheckConnection connection(context->loop);
  CheckResult result = co_await Connect(&connection, context, check.address());
  if (!result.passed()) co_return result;
  MysqlPacket greeting;
  result = co_await ReceivePacket(&connection, &ReadMysqlGreeting, &greeting);
  if (!result.passed()) co_return result;
  if (!check.mysql_user().empty()) {
    connection.received.erase(0, greeting.bytes);
    const std::string login = BuildMysqlLogin(check.mysql_user(), check.mysql_pre_41());
    co_await Send(&connection, login);
    MysqlPacket answer;
    result = co_await ReceivePacket(&connection, &ReadMysqlAnswer, &answer);
    if (!result.passed()) co_return result;
  }
  result.info = greeting.text;
  co_return result;
}

}  // namespace lb::checks
