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

namespace {

Truth Negate(Truth truth) {
  if (truth == Truth::kUndecided) return truth;
  return truth == Truth::kYes ? Truth::kNo : Truth::kYes;
}

// All must hold. As in HAProxy, what follows one that is undecided is not looked at.
Truth DecideAll(const Condition::Terms& terms, TxnContext& context) {
  for (const Condition::Term& term : terms) {
    Truth truth = term.acl->Decide(context);
    if (term.is_negated) truth = Negate(truth);
    if (truth != Truth::kYes) return truth;
  }
  return Truth::kYes;
}

}  // namespace

Truth Condition::Decide(TxnContext& context) const {
  if (is_constant_) return Truth::kYes;
  Truth truth = Truth::kNo;
  for (const Terms& terms : any_of_) {
    truth = std::max(truth, DecideAll(terms, context));
    if (truth == Truth::kYes) break;
  }
  return is_negated_ ? Negate(truth) : truth;
}

}  // namespace lb::rules
