// The scripted TCP check: connections, bytes to send and bytes to expect, step by step.
// Source: HAProxy configuration manual, "option tcp-check", "tcp-check connect", "tcp-check send",
// "tcp-check expect".
//
// Steps count from 1, comments among them, and messages name them as HAProxy does. What has arrived
// stays in view of every expectation until the next send. Without a connect step first, the
// connection is implied and does not count.
#include "controlplane/checks/tcp_script.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "controlplane/checks/regex.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {
namespace {

using Kind = v1::TcpCheckExpect;

// "string '+PONG'", "(regex)": how messages name what is expected.
std::string NameOf(const v1::TcpCheckExpect& expect) {
  switch (expect.kind()) {
    case Kind::RSTRING:
      return "(regex)";
    case Kind::BINARY:
      return "(binary)";
    default:
      return absl::StrCat("'", expect.pattern(), "'");
  }
}

std::string DescriptionOf(const v1::TcpCheckStep& step) {
  if (step.has_connect()) {
    const uint32_t port = step.connect().port();
    return port == 0 ? "connect" : absl::StrCat("connect port ", port);
  }
  if (!step.has_expect()) return "send";
  switch (step.expect().kind()) {
    case Kind::RSTRING:
      return "expect regex";
    case Kind::BINARY:
      return "expect binary";
    default:
      return absl::StrCat("expect string '", step.expect().pattern(), "'");
  }
}

// " at step 3 of tcp-check (expect string '+PONG')", behind what went wrong.
std::string PlaceOf(const v1::HealthCheck& check, int index) {
  if (index < 0) return " at initial connection step of tcp-check";
  const v1::TcpCheckStep& step = check.tcp_steps(index);
  std::string text =
      absl::StrCat(" at step ", index + 1, " of tcp-check (", DescriptionOf(step), ")");
  if (!step.comment().empty()) absl::StrAppend(&text, " comment: '", step.comment(), "'");
  return text;
}

std::string AddressOf(const v1::HealthCheck& check, const v1::TcpCheckStep& step) {
  const uint32_t port = step.connect().port();
  absl::StatusOr<Address> address = Address::Parse(check.address());
  if (port == 0 || !address.ok()) return check.address();
  address->set_port(static_cast<uint16_t>(port));
  return address->ToString();
}

// One run: the connection of the moment and the step it is at.
struct Script {
  const CheckContext* context;
  const v1::HealthCheck& check;
  std::unique_ptr<CheckConnection> connection;
  bool has_talked = false;  // a send or an expectation has been done

  explicit Script(const CheckContext* c) : context(c), check(c->target->check) {}
};

CheckResult Passed(CheckStatus status) { return {status, 0, {}, ""}; }

event::Task<CheckResult> ConnectStep(Script* script, int index) {
  script->connection = std::make_unique<CheckConnection>(script->context->loop);
  const std::string address = index < 0 ? script->check.address()
                                        : AddressOf(script->check, script->check.tcp_steps(index));
  CheckResult result = co_await Connect(script->connection.get(), script->context, address);
  if (!result.passed() && !script->check.tcp_steps().empty()) {
    result.info += PlaceOf(script->check, index);
  }
  co_return result;
}

event::Task<CheckResult> SendStep(Script* script, int index) {
  script->has_talked = true;
  script->connection->received.clear();
  const std::string& bytes = script->check.tcp_steps(index).send();
  // What the server said before it broke off is for the next expectation to judge.
  co_await Send(script->connection.get(), bytes);
  co_return Passed(CheckStatus::kL7Ok);
}

event::Task<CheckResult> ExpectStep(Script* script, int index) {
  script->has_talked = true;
  CheckConnection* connection = script->connection.get();
  const v1::TcpCheckStep& step = script->check.tcp_steps(index);
  while (true) {
    const bool is_last = connection->is_closed || connection->is_full();
    // Nothing has been received: not even an unwanted match can be told.
    if (!connection->received.empty() || is_last) {
      std::optional<CheckResult> result =
          JudgeTcpStep(step, index + 1, connection->received, is_last);
      if (result) co_return *std::move(result);
    }
    std::string info;
    const Arrival arrival = co_await Receive(connection, &info);
    if (arrival == Arrival::kTimeout) {
      co_return CheckResult{CheckStatus::kL7Timeout, 0, {}, PlaceOf(script->check, index)};
    }
    if (arrival == Arrival::kError) {
      co_return CheckResult{CheckStatus::kSocketError, 0, {}, info + PlaceOf(script->check, index)};
    }
  }
}

event::Task<CheckResult> RunStep(Script* script, int index) {
  const v1::TcpCheckStep& step = script->check.tcp_steps(index);
  if (step.has_connect()) return ConnectStep(script, index);
  if (step.has_expect()) return ExpectStep(script, index);
  return SendStep(script, index);
}

bool IsComment(const v1::TcpCheckStep& step) {
  return step.step_case() == v1::TcpCheckStep::STEP_NOT_SET;
}

bool BeginsWithConnect(const v1::HealthCheck& check) {
  for (const v1::TcpCheckStep& step : check.tcp_steps()) {
    if (!IsComment(step)) return step.has_connect();
  }
  return false;
}

}  // namespace

std::optional<CheckResult> JudgeTcpStep(const v1::TcpCheckStep& step, int number,
                                        std::string_view received, bool is_last) {
  const v1::TcpCheckExpect& expect = step.expect();
  auto fail = [&](std::string text) {
    if (!step.comment().empty()) absl::StrAppend(&text, " comment: ", step.comment());
    return CheckResult{CheckStatus::kL7Response, 0, {}, std::move(text)};
  };
  if (received.empty()) {
    if (!is_last) return std::nullopt;
    return fail(absl::StrCat("TCPCHK got an empty response at step ", number));
  }
  bool is_match = false;
  if (expect.kind() == Kind::RSTRING) {
    std::optional<Regex> regex = Regex::Compile(expect.pattern());
    if (!regex) return fail(absl::StrCat("'", expect.pattern(), "' is not a regular expression"));
    is_match = regex->IsFoundIn(received);
  } else {
    is_match = received.find(expect.pattern()) != std::string_view::npos;
  }
  const std::string place = absl::StrCat(" ", NameOf(expect), " at step ", number);
  if (is_match && expect.negate()) return fail("TCPCHK matched unwanted content" + place);
  if (is_match) return Passed(CheckStatus::kL7Ok);
  // "min-recv": so many bytes without a match decide.
  const bool is_enough = expect.min_recv() != 0 && received.size() >= expect.min_recv();
  if (!is_last && !is_enough) return std::nullopt;
  if (expect.negate()) return Passed(CheckStatus::kL7Ok);
  return fail("TCPCHK did not match content" + place);
}

event::Task<CheckResult> RunTcpScript(const CheckContext* context) {
  Script script(context);
  const int steps = script.check.tcp_steps_size();
  if (!BeginsWithConnect(script.check)) {
    CheckResult connected = co_await ConnectStep(&script, -1);
    if (!connected.passed()) co_return connected;
  }
  CheckResult result = Passed(CheckStatus::kL4Ok);
  for (int i = 0; i < steps; ++i) {
    if (IsComment(script.check.tcp_steps(i))) continue;
    result = co_await RunStep(&script, i);
    if (!result.passed()) co_return result;
  }
  const CheckStatus silent = script.check.has_tls() ? CheckStatus::kL6Ok : CheckStatus::kL4Ok;
  result.status = script.has_talked ? CheckStatus::kL7Ok : silent;
  if (steps > 0) result.info = "(tcp-check)";
  co_return result;
}

}  // namespace lb::checks
