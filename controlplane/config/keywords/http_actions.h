// The actions of HTTP rules, as a table: "set-header", "deny", "return" and so on.
// Source: HAProxy configuration manual, section 4.2, "http-request ...", "http-response ...".
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_HTTP_ACTIONS_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_HTTP_ACTIONS_H_

#include <span>
#include <string_view>

#include "controlplane/config/expression.h"
#include "controlplane/config/keyword.h"
#include "controlplane/config/scope.h"

namespace lb::config {

// Which rule sets know an action, as bits.
using RuleSets = uint8_t;
inline constexpr RuleSets kOnRequest = 1;        // http-request
inline constexpr RuleSets kOnResponse = 2;       // http-response
inline constexpr RuleSets kOnAfterResponse = 4;  // http-after-response

// One rule being read: arguments [first, last) belong to the action; a condition may follow.
struct ActionLine {
  const Statement& statement;
  size_t first;
  size_t last;
  RuleSets rule_set;
  ExpressionSite site;
  Scope& scope;

  size_t size() const { return last - first; }
  const std::string& Arg(size_t i) const { return statement.args[first + i].text; }
  void Error(size_t i, std::string message, std::string fix = "") const {
    scope.Error(statement, first + i, std::move(message), std::move(fix));
  }
};

struct HttpAction {
  KeywordText text;
  RuleSets rule_sets = 0;
  int min_args = 0;
  int max_args = 0;  // or kAnyNumber
  // Fills the action in; false after reporting an error. Null unless support is kFull.
  bool (*apply)(const ActionLine& line, v1::HttpRule* rule) = nullptr;
};

std::span<const HttpAction> HttpActions();

// "location|prefix|scheme <target> [code N] ...", shared by "redirect" lines, where the target is
// plain text, and "http-request redirect", where it is a log format.
enum class RedirectTarget { kText, kFormat };
bool ParseRedirect(const ActionLine& line, RedirectTarget target, v1::HttpRule* rule);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_HTTP_ACTIONS_H_
