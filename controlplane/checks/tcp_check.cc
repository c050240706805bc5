// The plain check: a connection that is made.
// Source: HAProxy configuration manual, "check" (server option), "timeout check".
#include "controlplane/checks/run_check.h"

namespace lb::checks {

event::Task<CheckResult> RunTcpCheck(const CheckContext* context) {
  CheckConnection connection(context->loop);
  CheckResult result = co_await Connect(&connection, context, context->target->check.address());
  // Nothing was said, so nothing is lost by a reset, and no TIME_WAIT stays behind.
  if (result.passed()) connection.stream->ResetOnClose();
  co_return result;
}

}  // namespace lb::checks
