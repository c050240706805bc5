#include "controlplane/checks/run_check.h"

#include <chrono>

namespace lb::checks {
namespace {

event::Task<CheckResult> OfKind(const CheckContext* context) {
  switch (context->target->check.kind()) {
    case v1::HealthCheck::HTTP:
      return RunHttpCheck(context);
    case v1::HealthCheck::MYSQL:
      return RunMysqlCheck(context);
    case v1::HealthCheck::EXTERNAL:
      return RunExternalCheck(context);
    case v1::HealthCheck::TCP_SCRIPT:
      return RunTcpScript(context);
    default:
      return RunTcpCheck(context);
  }
}

}  // namespace

event::Task<CheckResult> RunCheck(const CheckContext* context) {
  CheckResult result = co_await OfKind(context);
  const Nanos took = context->loop->clock().Now() - context->start;
  result.duration = std::chrono::duration_cast<Millis>(took);
  co_return result;
}

}  // namespace lb::checks
