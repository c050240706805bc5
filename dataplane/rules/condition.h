// Condition: "if a !b or c": a disjunction of conjunctions of ACLs. An empty one always holds.
// Immutable once compiled; shared by all workers.
// Source: HAProxy configuration manual, section 7.2.
#ifndef LB_DATAPLANE_RULES_CONDITION_H_
#define LB_DATAPLANE_RULES_CONDITION_H_

#include <memory>
#include <utility>
#include <vector>

#include "dataplane/rules/acl.h"

namespace lb::rules {

class Condition {
 public:
  struct Term {
    std::shared_ptr<const Acl> acl;
    bool is_negated = false;
  };
  using Terms = std::vector<Term>;  // all must hold

  Condition() = default;
  Condition(std::vector<Terms> any_of, bool is_negated)
      : any_of_(std::move(any_of)), is_negated_(is_negated), is_constant_(false) {}

  // While `context.awaits_content`; an empty condition holds.
  Truth Decide(TxnContext& context) const;
  bool Holds(TxnContext& context) const { return is_constant_ || HoldsAny(context) != is_negated_; }

 private:
  bool HoldsAny(TxnContext& context) const;

  std::vector<Terms> any_of_;
  bool is_negated_ = false;
  bool is_constant_ = true;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_CONDITION_H_
