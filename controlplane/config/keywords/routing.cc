// "acl", "use_backend", "default_backend".
// Source: HAProxy configuration manual, section 4.2.
#include "absl/strings/str_cat.h"

#include "controlplane/config/acl.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"
#include "controlplane/config/log_format.h"

namespace lb::config {
namespace {

void AddUseBackend(const Statement& statement, Scope& scope) {
  const ExpressionSite site = {catalog::Direction::kRequest,
                               catalog::kRequest | catalog::kConnection | catalog::kContent};
  const std::string& name = statement.args[0].text;
  v1::UseBackend rule;
  if (name.find('%') == std::string::npos) {
    rule.set_backend(name);
  } else {
    absl::StatusOr<v1::LogFormat> format = ParseLogFormat(name, TagScope::kAny, site);
    if (!format.ok()) return scope.Error(statement, 0, std::string(format.status().message()));
    *rule.mutable_format() = *std::move(format);
  }
  std::optional<ParsedCondition> parsed = ParseCondition(statement, 1, site, scope);
  if (!parsed) return;
  if (parsed->condition) *rule.mutable_condition() = *std::move(parsed->condition);
  if (!rule.backend().empty()) {
    scope.proxy().backend_references.push_back({name, statement.Place(0)});
  }
  scope.proxy().use_backend.push_back(std::move(rule));
}

constexpr Keyword kRoutingKeywords[] = {
    {.text = {"acl", "<name> <criterion> [-i] [-m <match>] [-f <file>] [--] [<pattern>...]",
              "Names a test, for conditions below it.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = kAnyNumber,
     .only_named_defaults = true,
     .apply = AddNamedAcl},
    {.text = {"use_backend", "<backend> [if|unless <condition>]",
              "Chooses a backend; the first whose condition holds.", "", "4.2"},
     .sections = kInFrontend,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = AddUseBackend},
    {.text = {"default_backend", "<backend>", "The backend when no 'use_backend' holds.", "none",
              "4.2"},
     .sections = kInFrontend | kInDefaults,
     .min_args = 1,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           scope.proxy().default_backend = BackendReference{s.args[0].text, s.Place(0)};
         }},
};

}  // namespace

std::span<const Keyword> RoutingKeywords() { return kRoutingKeywords; }

}  // namespace lb::config
