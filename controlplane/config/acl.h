// ACLs and conditions: "acl NAME CRITERION ...", "{ CRITERION ... }", "if A B or !C".
// Fills the ACL list of a proxy; conditions refer to it by index.
// Source: HAProxy configuration manual, sections 7.1 "ACL basics", 7.2 "Using ACLs to form
// conditions", 7.4 "Pre-defined ACLs".
#ifndef LB_CONTROLPLANE_CONFIG_ACL_H_
#define LB_CONTROLPLANE_CONFIG_ACL_H_

#include <optional>

#include "controlplane/config/expression.h"
#include "controlplane/config/scope.h"

namespace lb::config {

// Adds the ACL of an "acl" statement; lines with one name are alternatives of one ACL.
void AddNamedAcl(const Statement& statement, Scope& scope);

// Reads "if ..." or "unless ..." from argument `first` to the end of the line. No such argument:
// an absent condition (always). nullopt after an error, which is reported.
struct ParsedCondition {
  std::optional<v1::Condition> condition;
};
std::optional<ParsedCondition> ParseCondition(const Statement& statement, size_t first,
                                              const ExpressionSite& site, Scope& scope);

// Whether `word` begins a condition: "if" or "unless".
bool BeginsCondition(std::string_view word);

// The first argument from `from` on that begins a condition; the number of arguments when none.
size_t FindCondition(const Statement& statement, size_t from);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_ACL_H_
