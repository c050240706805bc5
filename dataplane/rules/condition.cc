#include "dataplane/rules/condition.h"

#include <algorithm>

namespace lb::rules {

bool Condition::HoldsAny(TxnContext& context) const {
  return std::any_of(any_of_.begin(), any_of_.end(), [&context](const Terms& terms) {
    return std::all_of(terms.begin(), terms.end(), [&context](const Term& term) {
      return term.acl->Holds(context) != term.is_negated;
    });
  });
}

}  // namespace lb::rules
