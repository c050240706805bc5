// The verdict of one "tcp-check expect" step, as a pure function.
// Source: HAProxy configuration manual, "tcp-check expect".
#ifndef LB_CONTROLPLANE_CHECKS_TCP_SCRIPT_H_
#define LB_CONTROLPLANE_CHECKS_TCP_SCRIPT_H_

#include <optional>
#include <string_view>

#include "controlplane/checks/check_result.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::checks {

// `received` is what arrived since the last send; `is_last`: nothing will follow. `number` is the
// step's, from 1. nullopt: it depends on what has not arrived yet.
std::optional<CheckResult> JudgeTcpStep(const v1::TcpCheckStep& step, int number,
                                        std::string_view received, bool is_last);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_TCP_SCRIPT_H_
