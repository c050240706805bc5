// RunCheck: one check of one target, whatever its kind. Every kind is a coroutine in a file of its
// own; this is where they meet. Loop thread only.
#ifndef LB_CONTROLPLANE_CHECKS_RUN_CHECK_H_
#define LB_CONTROLPLANE_CHECKS_RUN_CHECK_H_

#include "common/event/task.h"
#include "controlplane/checks/check_connection.h"
#include "controlplane/checks/check_result.h"

namespace lb::checks {

// The result with its duration. `context` outlives the task. Destroying the task ends the check:
// the connection is closed, the process group killed.
event::Task<CheckResult> RunCheck(const CheckContext* context);

event::Task<CheckResult> RunTcpCheck(const CheckContext* context);       // tcp_check.cc
event::Task<CheckResult> RunHttpCheck(const CheckContext* context);      // http_check.cc
event::Task<CheckResult> RunMysqlCheck(const CheckContext* context);     // mysql_check.cc
event::Task<CheckResult> RunExternalCheck(const CheckContext* context);  // external_check.cc
event::Task<CheckResult> RunTcpScript(const CheckContext* context);      // tcp_script.cc

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_RUN_CHECK_H_
