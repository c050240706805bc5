// "set-var(<scope>.<name>) <expression>" and its fellows, of HTTP and TCP rules.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_SET_VAR_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_SET_VAR_H_

#include <optional>
#include <string_view>

#include "controlplane/config/expression.h"
#include "controlplane/config/scope.h"

namespace lb::config {

// Whether `action` is "set-var(...", "set-var-fmt(..." or "unset-var(...".
bool IsSetVar(std::string_view action);

struct ParsedSetVar {
  v1::SetVar set_var;
  size_t next = 0;  // the first argument after the action's own
};

// Reads the action at argument `first`; nullopt after reporting an error.
std::optional<ParsedSetVar> ParseSetVar(const Statement& statement, size_t first,
                                        const ExpressionSite& site, Scope& scope);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_SET_VAR_H_
