#include "dataplane/rules/set_var.h"

namespace lb::rules {

void SetVar::Apply(TxnContext& context) const {
  VariableSet* set = VariablesOf(context, variable.scope);
  if (set == nullptr) return;
  switch (kind) {
    case Kind::kExpr: {
      Sample value = expr.Evaluate(context);
      if (value.has_value()) set->Set(variable.key, value);
      return;
    }
    case Kind::kFormat:
      set->Set(variable.key, Sample::Text(format.Render(context)));
      return;
    case Kind::kUnset:
      set->Unset(variable.key);
      return;
  }
}

}  // namespace lb::rules
