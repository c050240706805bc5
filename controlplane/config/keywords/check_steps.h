// Steps of HTTP checks and of scripted TCP checks.
// Source: HAProxy configuration manual, section 4.2, "http-check ...", "tcp-check ...".
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_CHECK_STEPS_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_CHECK_STEPS_H_

#include "controlplane/config/scope.h"

namespace lb::config {

// A proxy's first step of its own replaces those that came with the defaults.
void OwnHttpSteps(CheckSettings& check);

void AddHttpSend(const Statement& statement, Scope& scope);
void AddHttpExpect(const Statement& statement, Scope& scope);
void AddHttpConnect(const Statement& statement, Scope& scope);
void AddTcpConnect(const Statement& statement, Scope& scope);
void AddTcpSend(const Statement& statement, Scope& scope);
void AddTcpSendBinary(const Statement& statement, Scope& scope);
void AddTcpExpect(const Statement& statement, Scope& scope);
void AddTcpComment(const Statement& statement, Scope& scope);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_CHECK_STEPS_H_
