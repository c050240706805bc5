// The "stats" family: the statistics page of a proxy, the runtime socket of the global section.
// Source: HAProxy configuration manual, sections 3.1 "stats socket" and 4.2 "stats ...".
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "controlplane/config/acl.h"
#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

// Any "stats" keyword of a proxy but these two turns the page on.
StatsSettings& Enabled(Scope& scope) {
  scope.proxy().stats.is_enabled = true;
  return scope.proxy().stats;
}

std::string JoinArgs(const Statement& statement) {
  std::string text;
  for (const Word& word : statement.args) {
    absl::StrAppend(&text, text.empty() ? "" : " ", word.text);
  }
  return text;
}

void SetRefresh(const Statement& statement, Scope& scope) {
  std::optional<Millis> value = scope.Duration(statement, 0, std::chrono::seconds(1));
  if (!value) return;
  Enabled(scope).page.set_refresh_seconds(
      static_cast<uint32_t>(std::chrono::ceil<std::chrono::seconds>(*value).count()));
}

void AddAuth(const Statement& statement, Scope& scope) {
  const std::string& text = statement.args[0].text;
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    return scope.Error(statement, 0, "expected NAME:PASSWORD");
  }
  Enabled(scope).page.add_users(text);
}

void SetAdmin(const Statement& statement, Scope& scope) {
  std::optional<ParsedCondition> parsed = ParseCondition(statement, 0, kRequestSite, scope);
  if (!parsed) return;
  Enabled(scope).page.set_admin(true);
  if (parsed->condition) *scope.proxy().stats.page.mutable_admin_condition() = *parsed->condition;
}

void SetShowNode(const Statement& statement, Scope& scope) {
  StatsSettings& stats = Enabled(scope);
  stats.shows_node = true;
  if (!statement.args.empty()) stats.page.set_show_node(statement.args[0].text);
}

void SetShowDescription(const Statement& statement, Scope& scope) {
  StatsSettings& stats = Enabled(scope);
  stats.shows_description = true;
  if (!statement.args.empty()) stats.page.set_show_description(JoinArgs(statement));
}

// One parameter of "stats socket" at `*i`, moved to its last argument. False after an error.
bool SocketParameter(const Statement& statement, size_t* i, StatsSocket* socket, Scope& scope) {
  const std::string& word = statement.args[*i].text;
  constexpr std::string_view kNames[] = {
      "mode",    "uid",     "user", "gid",     "group",           "level", "expose-fd",
      "maxconn", "process", "name", "backlog", "severity-output", "thread"};
  if (std::ranges::find(kNames, word) == std::end(kNames)) {
    scope.Error(statement, *i, absl::StrCat("unknown parameter '", word, "' of 'stats socket'"),
                DidYouMean(Closest(word, kNames)));
    return false;
  }
  if (*i + 1 >= statement.args.size()) {
    scope.Error(statement, *i, absl::StrCat("'", word, "' expects an argument"));
    return false;
  }
  const std::string& value = statement.args[++*i].text;
  if (word == "user" || word == "uid") socket->user = value;
  if (word == "group" || word == "gid") socket->group = value;
  if (word == "mode") {
    char* end = nullptr;
    socket->mode = static_cast<uint32_t>(std::strtoul(value.c_str(), &end, 8));
    if (*end != '\0' || socket->mode > 07777) {
      scope.Error(statement, *i, absl::StrCat("'", value, "' is not an octal file mode"));
      return false;
    }
  }
  if (word == "level") {
    if (value != "user" && value != "operator" && value != "admin") {
      scope.Error(statement, *i,
                  absl::StrCat("unknown level '", value, "' (expected user, operator or admin)"));
      return false;
    }
    socket->level = value;
  }
  if (word == "expose-fd") {
    if (value != "listeners") {
      scope.Error(statement, *i, "expected 'expose-fd listeners'");
      return false;
    }
    socket->expose_fd = true;
  }
  return true;
}

void AddSocket(const Statement& statement, Scope& scope) {
  StatsSocket socket;
  absl::StatusOr<std::vector<std::string>> addresses =
      ParseBindAddress(statement.args[0].text, scope.env());
  if (!addresses.ok()) return scope.Error(statement, 0, std::string(addresses.status().message()));
  for (size_t i = 1; i < statement.args.size(); ++i) {
    if (!SocketParameter(statement, &i, &socket, scope)) return;
  }
  for (const std::string& address : *addresses) {
    socket.address = address;
    scope.control().stats_sockets.push_back(socket);
  }
}

constexpr Keyword Page(std::string_view name, std::string_view arguments, int min, int max,
                       void (*apply)(const Statement&, Scope&), std::string_view summary,
                       std::string_view fallback) {
  Keyword keyword;
  keyword.text = {name, arguments, summary, fallback, "4.2"};
  keyword.sections = kInAnyProxy;
  keyword.min_args = min;
  keyword.max_args = max;
  keyword.apply = apply;
  return keyword;
}

constexpr Keyword kStatsKeywords[] = {
    {.text = {"stats socket",
              "<address> [mode <octal>] [user <name>] [group <name>] [level "
              "user|operator|admin] [expose-fd listeners]",
              "A socket that speaks the runtime language.", "none", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = AddSocket},
    {.text = {"stats timeout", "<duration>", "How long a runtime session may stay silent.", "10s",
              "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           if (auto value = scope.Duration(s, 0)) scope.control().stats_timeout = *value;
         }},
    {.text = {"stats maxconn", "<number>", "Runtime sessions at one time.", "10", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           if (auto value = scope.Number(s, 0, 1)) scope.control().stats_maxconn = *value;
         }},
    {.text = {"stats bind-process", "<set>", "Accepted, of no effect.", "", "3.1", Support::kNotice,
              "there is one process"},
     .sections = kInGlobal,
     .max_args = kAnyNumber},
    Page(
        "stats enable", "", 0, 0, [](const Statement&, Scope& scope) { Enabled(scope); },
        "Serves the statistics page.", "off"),
    Page(
        "stats uri", "<prefix>", 1, 1,
        [](const Statement& s, Scope& scope) { Enabled(scope).page.set_uri(s.args[0].text); },
        "Where the page is.", "/haproxy?stats"),
    Page(
        "stats realm", "<text>", 1, 1,
        [](const Statement& s, Scope& scope) { Enabled(scope).page.set_realm(s.args[0].text); },
        "Realm of the page's authentication.", "HAProxy Statistics"),
    Page("stats auth", "<name>:<password>", 1, 1, AddAuth, "A user of the page.", "open to all"),
    Page("stats refresh", "<duration>", 1, 1, SetRefresh,
         "How often browsers reload the page; a bare number is seconds.", "never"),
    Page(
        "stats hide-version", "", 0, 0,
        [](const Statement&, Scope& scope) { Enabled(scope).page.set_hide_version(true); },
        "Leaves the version out of the page.", "shown"),
    Page(
        "stats show-legends", "", 0, 0,
        [](const Statement&, Scope& scope) { Enabled(scope).page.set_show_legends(true); },
        "Adds explanations and addresses to the page.", "off"),
    Page(
        "stats show-modules", "", 0, 0, [](const Statement&, Scope& scope) { Enabled(scope); },
        "Accepted: there are no modules.", "off"),
    Page("stats show-node", "[<name>]", 0, 1, SetShowNode, "Shows the node's name.", "off"),
    Page("stats show-desc", "[<text>]", 0, kAnyNumber, SetShowDescription, "Shows a description.",
         "off"),
    Page(
        "stats scope", "<proxy>|.", 1, 1,
        [](const Statement& s, Scope& scope) { Enabled(scope).page.add_scopes(s.args[0].text); },
        "Shows only the proxies named; '.' is this one.", "all"),
    {.text = {"stats admin", "if|unless <condition>",
              "Lets the page change server states when the condition holds.", "off", "4.2",
              Support::kNotYet, "the page shows only; use 'lbctl' or the runtime socket"},
     .sections = kInProxy,
     .min_args = 2,
     .max_args = kAnyNumber,
     .apply = SetAdmin},
    {.text = {"stats http-request", "<action> [if|unless <condition>]", "", "", "4.2",
              Support::kUnsupported, "use 'http-request' rules"},
     .sections = kInProxy,
     .max_args = kAnyNumber},
};

}  // namespace

std::span<const Keyword> StatsKeywords() { return kStatsKeywords; }

}  // namespace lb::config
