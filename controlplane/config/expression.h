// Sample expressions: "req.hdr(host),lower", checked against the catalog. Pure.
// Source: HAProxy configuration manual, sections 7.3 "Fetching data samples" and 2.2 (the second
// level of quoting inside parentheses).
#ifndef LB_CONTROLPLANE_CONFIG_EXPRESSION_H_
#define LB_CONTROLPLANE_CONFIG_EXPRESSION_H_

#include <string_view>

#include "absl/status/statusor.h"

#include "common/catalog/catalog.h"
#include "lb/v1/rule.pb.h"

namespace lb::config {

// Where an expression stands: which messages and moments it can look at.
struct ExpressionSite {
  catalog::Direction direction = catalog::Direction::kRequest;
  catalog::Places places = catalog::kRequest;  // any of these suffices
};

inline constexpr ExpressionSite kRequestSite = {catalog::Direction::kRequest, catalog::kRequest};
inline constexpr ExpressionSite kResponseSite = {catalog::Direction::kResponse, catalog::kResponse};
inline constexpr ExpressionSite kConnectionSite = {catalog::Direction::kRequest,
                                                   catalog::kConnection};
inline constexpr ExpressionSite kLogSite = {catalog::Direction::kRequest, catalog::kLog};

struct ParsedExpression {
  v1::Expr expr;
  catalog::Match match = catalog::Match::kNone;        // what an ACL uses without "-m"
  catalog::ValueType type = catalog::ValueType::kAny;  // of the result
  bool is_usable_here = true;                          // false: gives nothing at this site
  size_t consumed = 0;                                 // bytes of the text that were read
};

enum class ExpressionUse { kSample, kAcl };  // ACLs also take "path_beg" and its like

// Reads one expression from the front of `text`; stops at the first byte that cannot belong to it
// (see `consumed`). Errors: unknown names (with the closest known one), wrong arguments,
// converters that do not take what comes before them.
absl::StatusOr<ParsedExpression> ParseExpression(std::string_view text, ExpressionUse use,
                                                 const ExpressionSite& site);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_EXPRESSION_H_
