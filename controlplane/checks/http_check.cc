// The HTTP check: requests and what is expected of their answers, in the order of the file.
// Source: HAProxy configuration manual, "option httpchk", "http-check send", "http-check expect".
//
// Each request has a connection of its own. A request that no expectation follows is expected to
// be answered by 2xx or 3xx.
#include <utility>
#include <vector>

#include "controlplane/checks/http_answer.h"
#include "controlplane/checks/run_check.h"

namespace lb::checks {
namespace {

struct Exchange {
  v1::HttpCheckSend send;
  std::vector<v1::HttpCheckExpect> expects;
};

std::vector<Exchange> ExchangesOf(const v1::HealthCheck& check) {
  std::vector<Exchange> exchanges;
  for (const v1::HttpCheckStep& step : check.http_steps()) {
    if (step.has_send() || exchanges.empty()) exchanges.emplace_back();
    if (step.has_send()) {
      exchanges.back().send = step.send();
    } else {
      exchanges.back().expects.push_back(step.expect());
    }
  }
  if (exchanges.empty()) exchanges.emplace_back();
  for (Exchange& exchange : exchanges) {
    if (!exchange.expects.empty()) continue;
    v1::HttpCheckExpect& good = exchange.expects.emplace_back();
    good.set_kind(v1::HttpCheckExpect::STATUS);
    good.set_pattern("200-399");
  }
  return exchanges;
}

// The verdict of all expectations; nullopt: it depends on what has not arrived yet.
std::optional<CheckResult> JudgeAll(const Exchange& exchange, const HttpAnswer& answer) {
  if (answer.state == HttpAnswer::State::kBad) {
    return CheckResult{CheckStatus::kL7Response, 0, {}, ""};
  }
  if (answer.state == HttpAnswer::State::kHead) return std::nullopt;
  std::optional<CheckResult> result;
  for (const v1::HttpCheckExpect& expect : exchange.expects) {
    result = Judge(expect, answer);
    if (!result || !result->passed()) return result;
  }
  return result;
}

event::Task<CheckResult> RunExchange(const CheckContext* context, const Exchange* exchange) {
  CheckConnection connection(context->loop);
  CheckResult connected = co_await Connect(&connection, context, context->target->check.address());
  if (!connected.passed()) co_return connected;
  const std::string request = BuildHttpRequest(exchange->send);
  // A server may answer and close without taking the whole request: its answer counts.
  co_await Send(&connection, request);
  while (true) {
    std::string info;
    const Arrival arrival = co_await Receive(&connection, &info);
    if (arrival == Arrival::kTimeout) co_return CheckResult{CheckStatus::kL7Timeout, 0, {}, ""};
    if (arrival == Arrival::kError) {
      co_return CheckResult{CheckStatus::kSocketError, 0, {}, std::move(info)};
    }
    const bool is_last = connection.is_closed || connection.is_full();
    const HttpAnswer answer = ReadHttpAnswer(connection.received, is_last);
    std::optional<CheckResult> result = JudgeAll(*exchange, answer);
    if (result) co_return *std::move(result);
  }
}

}  // namespace

event::Task<CheckResult> RunHttpCheck(const CheckContext* context) {
  const std::vector<Exchange> exchanges = ExchangesOf(context->target->check);
  CheckResult result;
  for (const Exchange& exchange : exchanges) {
    result = co_await RunExchange(context, &exchange);
    if (!result.passed()) break;
  }
  co_return result;
}

}  // namespace lb::checks
