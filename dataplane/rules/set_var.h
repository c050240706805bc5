// SetVar: "set-var(txn.name) <expr>", "set-var-fmt(...)" and "unset-var(...)".
#ifndef LB_DATAPLANE_RULES_SET_VAR_H_
#define LB_DATAPLANE_RULES_SET_VAR_H_

#include <cstdint>

#include "dataplane/rules/expr.h"
#include "dataplane/rules/log_format.h"

namespace lb::rules {

struct SetVar {
  enum class Kind : uint8_t { kExpr, kFormat, kUnset };
  Kind kind = Kind::kExpr;
  VariableRef variable;
  Expr expr;
  LogFormat format;

  // An expression without a value leaves the variable as it was.
  void Apply(TxnContext& context) const;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_SET_VAR_H_
