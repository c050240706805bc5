// "http-request", "http-response", "http-after-response", "redirect".
// Source: HAProxy configuration manual, section 4.2.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/acl.h"
#include "controlplane/config/keywords/http_actions.h"
#include "controlplane/config/keywords/set_var.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

ExpressionSite SiteOf(RuleSets rule_set) {
  return rule_set == kOnRequest ? kRequestSite : kResponseSite;
}

const HttpAction* FindAction(std::string_view name, RuleSets rule_set) {
  for (const HttpAction& action : HttpActions()) {
    if ((action.rule_sets & rule_set) && action.text.name == name) return &action;
  }
  return nullptr;
}

// Where the action's arguments end: at the first "if" or "unless" after the ones it must have, so
// that a header may be named "if".
size_t ArgumentsEnd(const Statement& statement, const HttpAction& action) {
  const size_t least = 1 + static_cast<size_t>(action.min_args);
  return FindCondition(statement, std::min(least, statement.args.size()));
}

bool CheckCount(const Statement& statement, const HttpAction& action, size_t last, Scope& scope) {
  const int count = static_cast<int>(last) - 1;
  const std::string name(action.text.name);
  if (count < action.min_args) {
    scope.Error(statement, last,
                absl::StrCat("'", statement.name.text, " ", name, "' expects ",
                             std::string(action.text.arguments)));
    return false;
  }
  if (action.max_args != kAnyNumber && count > action.max_args) {
    const size_t extra = 1 + static_cast<size_t>(action.max_args);
    scope.Error(statement, extra,
                absl::StrCat("unexpected '", statement.args[extra].text, "' after '", name, "'"),
                "a condition begins with 'if' or 'unless'");
    return false;
  }
  return true;
}

void UnknownAction(const Statement& statement, RuleSets rule_set, Scope& scope) {
  std::vector<std::string_view> names;
  for (const HttpAction& action : HttpActions()) {
    if ((action.rule_sets & rule_set) && action.text.support == Support::kFull) {
      names.push_back(action.text.name);
    }
  }
  const std::string& name = statement.args[0].text;
  scope.Error(statement, 0,
              absl::StrCat("unknown action '", name, "' of '", statement.name.text, "'"),
              DidYouMean(Closest(name, names)));
}

// Fills `rule` and `next`, the first argument after the action. False after an error.
bool ParseAction(const Statement& statement, RuleSets rule_set, Scope& scope, v1::HttpRule* rule,
                 size_t* next) {
  const std::string& word = statement.args[0].text;
  const ExpressionSite site = SiteOf(rule_set);
  if (IsSetVar(word)) {
    std::optional<ParsedSetVar> parsed = ParseSetVar(statement, 0, site, scope);
    if (!parsed) return false;
    *rule->mutable_set_var() = std::move(parsed->set_var);
    *next = parsed->next;
    return true;
  }
  const HttpAction* action = FindAction(word.substr(0, word.find('(')), rule_set);
  if (action == nullptr) {
    UnknownAction(statement, rule_set, scope);
    return false;
  }
  if (action->text.support == Support::kUnsupported) {
    scope.Error(statement, 0,
                absl::StrCat("action '", std::string(action->text.name), "' of '",
                             statement.name.text, "' is not supported yet"),
                std::string(action->text.reason));
    return false;
  }
  if (action->apply == nullptr) {
    scope.Error(statement, 0,
                absl::StrCat("expected '", word, std::string(action->text.arguments), "'"));
    return false;
  }
  *next = ArgumentsEnd(statement, *action);
  if (!CheckCount(statement, *action, *next, scope)) return false;
  return action->apply(ActionLine{statement, 1, *next, rule_set, site, scope}, rule);
}

template <std::vector<v1::HttpRule> Proxy::*kRules, RuleSets kRuleSet>
void AddRule(const Statement& statement, Scope& scope) {
  v1::HttpRule rule;
  size_t next = 0;
  if (!ParseAction(statement, kRuleSet, scope, &rule, &next)) return;
  std::optional<ParsedCondition> parsed = ParseCondition(statement, next, SiteOf(kRuleSet), scope);
  if (!parsed) return;
  if (parsed->condition) *rule.mutable_condition() = *std::move(parsed->condition);
  (scope.proxy().*kRules).push_back(std::move(rule));
}

void AddRedirect(const Statement& statement, Scope& scope) {
  v1::HttpRule rule;
  const size_t last = FindCondition(statement, 2);
  const ActionLine line{statement, 0, last, kOnRequest, kRequestSite, scope};
  if (!ParseRedirect(line, RedirectTarget::kText, &rule)) return;
  std::optional<ParsedCondition> parsed = ParseCondition(statement, last, kRequestSite, scope);
  if (!parsed) return;
  if (parsed->condition) *rule.mutable_condition() = *std::move(parsed->condition);
  scope.proxy().redirects.push_back(std::move(rule));
}

constexpr Keyword kHttpRulesKeywords[] = {
    {.text = {"http-request", "<action> [if|unless <condition>]",
              "Acts on a request's head; see 'Actions of HTTP rules'.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = kAnyNumber,
     .only_named_defaults = true,
     .apply = AddRule<&Proxy::http_request, kOnRequest>},
    {.text = {"http-response", "<action> [if|unless <condition>]",
              "Acts on a server's response head.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = kAnyNumber,
     .only_named_defaults = true,
     .apply = AddRule<&Proxy::http_response, kOnResponse>},
    {.text = {"http-after-response", "<action> [if|unless <condition>]",
              "Acts on every response head, our own replies included.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = kAnyNumber,
     .only_named_defaults = true,
     .apply = AddRule<&Proxy::http_after_response, kOnAfterResponse>},
    {.text = {"redirect",
              "location|prefix|scheme <target> [code <code>] [drop-query] [append-slash] "
              "[set-cookie <cookie>] [clear-cookie <cookie>] [if|unless <condition>]",
              "Sends the client elsewhere; runs after all 'http-request' rules.", "", "4.2"},
     .sections = kInProxy,
     .min_args = 2,
     .max_args = kAnyNumber,
     .apply = AddRedirect},
};

}  // namespace

std::span<const Keyword> HttpRuleKeywords() { return kHttpRulesKeywords; }

}  // namespace lb::config
