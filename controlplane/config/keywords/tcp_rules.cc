// "tcp-request". Source: HAProxy configuration manual, section 4.2.
#include "absl/strings/str_cat.h"

#include "controlplane/config/acl.h"
#include "controlplane/config/keywords/set_var.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr std::string_view kActions[] = {"accept", "reject", "set-var", "set-var-fmt", "unset-var"};

ExpressionSite SiteOf(v1::TcpRule::Phase phase) {
  if (phase == v1::TcpRule::CONTENT) {
    return {catalog::Direction::kRequest, catalog::kRequest | catalog::kConnection};
  }
  return kConnectionSite;
}

template <v1::TcpRule::Phase kPhase>
void AddTcpRule(const Statement& statement, Scope& scope) {
  const ExpressionSite site = SiteOf(kPhase);
  const std::string& action = statement.args[0].text;
  v1::TcpRule rule;
  rule.set_phase(kPhase);
  size_t next = 1;
  if (action == "accept") {
    rule.set_accept(true);
  } else if (action == "reject") {
    rule.set_reject(true);
  } else if (IsSetVar(action)) {
    std::optional<ParsedSetVar> parsed = ParseSetVar(statement, 0, site, scope);
    if (!parsed) return;
    *rule.mutable_set_var() = std::move(parsed->set_var);
    next = parsed->next;
  } else {
    return scope.Error(
        statement, 0,
        absl::StrCat("action '", action, "' of '", statement.name.text, "' is not supported yet"),
        DidYouMean(Closest(action, kActions)));
  }
  std::optional<ParsedCondition> parsed = ParseCondition(statement, next, site, scope);
  if (!parsed) return;
  if (parsed->condition) *rule.mutable_condition() = *std::move(parsed->condition);
  scope.proxy().tcp_rules.push_back(std::move(rule));
}

constexpr Keyword Rule(std::string_view name, Sections sections,
                       void (*apply)(const Statement&, Scope&), std::string_view summary) {
  Keyword keyword;
  keyword.text = {name, "<action> [if|unless <condition>]", summary, "", "4.2"};
  keyword.sections = sections | kInDefaults;
  keyword.min_args = 1;
  keyword.max_args = kAnyNumber;
  keyword.must_be_here = true;
  keyword.only_named_defaults = true;
  keyword.apply = apply;
  return keyword;
}

constexpr Keyword kTcpRulesKeywords[] = {
    Rule("tcp-request connection", kInFrontend, AddTcpRule<v1::TcpRule::CONNECTION>,
         "Acts on a new connection: accept, reject, set-var."),
    Rule("tcp-request session", kInFrontend, AddTcpRule<v1::TcpRule::SESSION>,
         "Acts on a connection whose handshakes are done."),
    Rule("tcp-request content", kInProxy, AddTcpRule<v1::TcpRule::CONTENT>,
         "Acts on what the client sent."),
    {.text = {"tcp-request inspect-delay", "<duration>",
              "How long content rules may wait for bytes.", "0", "4.2", Support::kNotYet,
              "content rules look at what is there when the session begins"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = 1,
     .only_named_defaults = true,
     .apply = SetDuration<&Proxy::tcp_inspect_delay>},
};

}  // namespace

std::span<const Keyword> TcpRuleKeywords() { return kTcpRulesKeywords; }

}  // namespace lb::config
