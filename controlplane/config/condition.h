// Preprocessor conditions: the expressions of ".if", ".elif" and the "-cc" option. Pure.
// Source: HAProxy configuration manual, section 2.4 "Conditional blocks".
#ifndef LB_CONTROLPLANE_CONFIG_CONDITION_H_
#define LB_CONTROLPLANE_CONFIG_CONDITION_H_

#include <span>
#include <string_view>

#include "absl/status/statusor.h"

#include "controlplane/config/lexer.h"

namespace lb::config {

// The HAProxy release whose language this is: what version_atleast() and version_before() compare
// with.
inline constexpr std::string_view kLanguageVersion = "2.6.12";

// What feature() finds, by HAProxy's build option names.
std::span<const std::string_view> Features();

// Whether `expression` holds; an empty one does not. defined() asks `lookup`.
// Errors: anything that is not an expression, naming the offending part.
absl::StatusOr<bool> EvaluateCondition(std::string_view expression, const VariableLookup& lookup);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_CONDITION_H_
