#include "controlplane/config/keywords/set_var.h"

#include "absl/strings/str_cat.h"

#include "controlplane/config/log_format.h"

namespace lb::config {
namespace {

// The whole argument as one sample expression.
bool SetExpression(const Statement& statement, size_t i, const ExpressionSite& site,
                   v1::SetVar* out, Scope& scope) {
  const std::string& text = statement.args[i].text;
  absl::StatusOr<ParsedExpression> parsed = ParseExpression(text, ExpressionUse::kSample, site);
  if (!parsed.ok()) {
    scope.Error(statement, i, std::string(parsed.status().message()));
    return false;
  }
  if (parsed->consumed != text.size()) {
    scope.Error(
        statement, i,
        absl::StrCat("unexpected '", text.substr(parsed->consumed), "' after the expression"));
    return false;
  }
  if (!parsed->is_usable_here) {
    scope.Error(statement, i, absl::StrCat("'", text, "' gives nothing at this point"));
    return false;
  }
  *out->mutable_expr() = std::move(parsed->expr);
  return true;
}

}  // namespace

bool IsSetVar(std::string_view action) {
  return action.starts_with("set-var(") || action.starts_with("set-var-fmt(") ||
         action.starts_with("unset-var(");
}

std::optional<ParsedSetVar> ParseSetVar(const Statement& statement, size_t first,
                                        const ExpressionSite& site, Scope& scope) {
  const std::string& action = statement.args[first].text;
  const size_t open = action.find('(');
  const std::string verb = action.substr(0, open);
  std::string_view variable = std::string_view(action).substr(open + 1);
  if (!variable.ends_with(')')) {
    scope.Error(statement, first, absl::StrCat("missing ')' in '", action, "'"));
    return std::nullopt;
  }
  variable.remove_suffix(1);
  const std::optional<catalog::VariableName> name = catalog::ParseVariableName(variable);
  if (!name) {
    scope.Error(statement, first, absl::StrCat("'", std::string(variable), "' is not a variable"),
                "expected SCOPE.NAME, scope proc, sess, txn, req or res");
    return std::nullopt;
  }
  ParsedSetVar parsed;
  parsed.set_var.set_scope(std::string(name->scope));
  parsed.set_var.set_name(std::string(name->name));
  parsed.next = first + 1;
  if (verb == "unset-var") {
    parsed.set_var.set_unset(true);
    return parsed;
  }
  if (parsed.next >= statement.args.size()) {
    scope.Error(statement, parsed.next, absl::StrCat("'", verb, "' expects a value"));
    return std::nullopt;
  }
  if (verb == "set-var-fmt") {
    absl::StatusOr<v1::LogFormat> format =
        ParseLogFormat(statement.args[parsed.next].text, TagScope::kAny, site);
    if (!format.ok()) {
      scope.Error(statement, parsed.next, std::string(format.status().message()));
      return std::nullopt;
    }
    *parsed.set_var.mutable_format() = *std::move(format);
  } else if (!SetExpression(statement, parsed.next, site, &parsed.set_var, scope)) {
    return std::nullopt;
  }
  ++parsed.next;
  return parsed;
}

}  // namespace lb::config
