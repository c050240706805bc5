// "tcp-request". Source: HAProxy configuration manual, section 4.2.
#include "absl/strings/str_cat.h"

#include "controlplane/config/acl.h"
#include "controlplane/config/keywords/set_var.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr std::string_view kActions[] = {"accept",  "expect-proxy", "reject",
                                         "set-var", "set-var-fmt",  "unset-var"};

ExpressionSite SiteOf(v1::TcpRule::Phase phase) {
  if (phase == v1::TcpRule::CONTENT) {
    return {catalog::Direction::kRequest,
            catalog::kRequest | catalog::kConnection | catalog::kContent};
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
  } else if (action == "expect-proxy") {
    if (kPhase != v1::TcpRule::CONNECTION) {
      return scope.Error(statement, 0, "'expect-proxy' is an action of 'tcp-request connection'");
    }
    if (statement.args.size() < 2 || statement.args[1].text != "layer4") {
      return scope.Error(statement, statement.args.size() < 2 ? 0 : 1,
                         "'expect-proxy' expects 'layer4'");
    }
    rule.set_expect_proxy(true);
    next = 2;
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
         "Acts on a new connection: accept, reject, set-var, expect-proxy layer4."),
    Rule("tcp-request session", kInFrontend, AddTcpRule<v1::TcpRule::SESSION>,
         "Acts on a connection whose handshakes are done."),
    Rule("tcp-request content", kInProxy, AddTcpRule<v1::TcpRule::CONTENT>,
         "Acts on what the client sent: accept, reject, set-var."),
    {.text = {"tcp-request inspect-delay", "<duration>",
              "How long content rules may wait for the bytes that decide them, in TCP mode.", "0",
              "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = 1,
     .only_named_defaults = true,
     .apply = SetDuration<&Proxy::tcp_inspect_delay>},
};

}  // namespace

std::span<const Keyword> TcpRuleKeywords() { return kTcpRulesKeywords; }

}  // namespace lb::config
