#include "controlplane/config/keywords/http_actions.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/acl_pattern.h"
#include "controlplane/config/keywords/set_var.h"
#include "controlplane/config/log_format.h"
#include "controlplane/config/regex_check.h"
#include "controlplane/config/reply.h"

namespace lb::config {
namespace {

constexpr RuleSets kAll = kOnRequest | kOnResponse | kOnAfterResponse;
constexpr uint32_t kDeniedRequest = 403;
constexpr uint32_t kDeniedResponse = 502;

// Argument `i` as a log format.
bool Format(const ActionLine& line, size_t i, v1::LogFormat* out) {
  absl::StatusOr<v1::LogFormat> format = ParseLogFormat(line.Arg(i), TagScope::kAny, line.site);
  if (!format.ok()) {
    line.Error(i, std::string(format.status().message()));
    return false;
  }
  *out = *std::move(format);
  return true;
}

bool Regex(const ActionLine& line, size_t i) {
  const absl::Status status = CheckRegex(line.Arg(i));
  if (!status.ok()) line.Error(i, std::string(status.message()));
  return status.ok();
}

template <v1::HeaderEdit::Kind kKind>
bool EditHeader(const ActionLine& line, v1::HttpRule* rule) {
  v1::HeaderEdit* edit = rule->mutable_header_edit();
  edit->set_kind(kKind);
  edit->set_name(line.Arg(0));
  return Format(line, 1, edit->mutable_value());
}

template <v1::HeaderEdit::Kind kKind>
bool ReplaceInHeader(const ActionLine& line, v1::HttpRule* rule) {
  v1::HeaderEdit* edit = rule->mutable_header_edit();
  edit->set_kind(kKind);
  edit->set_name(line.Arg(0));
  edit->set_regex(line.Arg(1));
  return Regex(line, 1) && Format(line, 2, edit->mutable_value());
}

bool DeleteHeader(const ActionLine& line, v1::HttpRule* rule) {
  v1::HeaderEdit* edit = rule->mutable_header_edit();
  edit->set_kind(v1::HeaderEdit::DEL);
  edit->set_name(line.Arg(0));
  edit->set_match(v1::MATCH_STR);
  if (line.size() == 1) return true;
  if (line.size() != 3 || line.Arg(1) != "-m") {
    line.Error(1, "expected: del-header <name> [-m <match>]");
    return false;
  }
  const std::optional<catalog::Match> match = catalog::FindMatch(line.Arg(2));
  const v1::MatchMethod method = match ? ToWire(*match) : v1::MATCH_METHOD_UNSPECIFIED;
  if (method != v1::MATCH_STR && method != v1::MATCH_BEG && method != v1::MATCH_END &&
      method != v1::MATCH_SUB && method != v1::MATCH_REG) {
    line.Error(2, absl::StrCat("'", line.Arg(2), "' cannot match a name"),
               "expected str, beg, end, sub or reg");
    return false;
  }
  edit->set_match(method);
  return method != v1::MATCH_REG || Regex(line, 0);
}

template <v1::UriEdit::Kind kKind>
bool EditUri(const ActionLine& line, v1::HttpRule* rule) {
  v1::UriEdit* edit = rule->mutable_uri_edit();
  edit->set_kind(kKind);
  return Format(line, 0, edit->mutable_value());
}

template <v1::UriEdit::Kind kKind>
bool ReplaceInUri(const ActionLine& line, v1::HttpRule* rule) {
  v1::UriEdit* edit = rule->mutable_uri_edit();
  edit->set_kind(kKind);
  edit->set_regex(line.Arg(0));
  return Regex(line, 0) && Format(line, 1, edit->mutable_value());
}

bool Deny(const ActionLine& line, v1::HttpRule* rule) {
  const uint32_t status = line.rule_set == kOnRequest ? kDeniedRequest : kDeniedResponse;
  std::optional<v1::Reply> reply =
      ParseDenyReply(line.statement, line.first, line.last, status, line.site, line.scope);
  if (!reply) return false;
  *rule->mutable_deny()->mutable_reply() = *std::move(reply);
  return true;
}

bool Return(const ActionLine& line, v1::HttpRule* rule) {
  std::optional<v1::Reply> reply =
      ParseReply(line.statement, line.first, line.last, 200, line.site, line.scope);
  if (!reply) return false;
  *rule->mutable_return_()->mutable_reply() = *std::move(reply);
  return true;
}

bool Redirect(const ActionLine& line, v1::HttpRule* rule) {
  return ParseRedirect(line, RedirectTarget::kFormat, rule);
}

bool UseService(const ActionLine& line, v1::HttpRule* rule) {
  if (line.Arg(0) != "prometheus-exporter") {
    line.Error(0,
               absl::StrCat("unknown service '", line.Arg(0), "' (expected prometheus-exporter)"));
    return false;
  }
  rule->mutable_use_service()->set_name(line.Arg(0));
  return true;
}

bool SetLogLevel(const ActionLine& line, v1::HttpRule* rule) {
  for (std::string_view level :
       {"silent", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}) {
    if (line.Arg(0) != level) continue;
    rule->mutable_set_log_level()->set_level(line.Arg(0));
    return true;
  }
  line.Error(0, absl::StrCat("unknown log level '", line.Arg(0), "'"));
  return false;
}

bool SetStatus(const ActionLine& line, v1::HttpRule* rule) {
  std::optional<uint32_t> status = line.scope.Number(line.statement, line.first, 100, 999);
  if (!status) return false;
  rule->mutable_set_status()->set_status(*status);
  if (line.size() == 1) return true;
  if (line.size() != 3 || line.Arg(1) != "reason") {
    line.Error(1, "expected: set-status <status> [reason <text>]");
    return false;
  }
  rule->mutable_set_status()->set_reason(line.Arg(2));
  return true;
}

bool WaitForBody(const ActionLine& line, v1::HttpRule* rule) {
  v1::WaitForBody* wait = rule->mutable_wait_for_body();
  bool has_time = false;
  for (size_t i = 0; i < line.size(); i += 2) {
    const bool is_time = line.Arg(i) == "time";
    if ((!is_time && line.Arg(i) != "at-least") || i + 1 >= line.size()) {
      line.Error(i, "expected: wait-for-body time <duration> [at-least <size>]");
      return false;
    }
    if (is_time) {
      const std::optional<Millis> time = line.scope.Duration(line.statement, line.first + i + 1);
      if (!time) return false;
      wait->set_time_ms(static_cast<uint64_t>(time->count()));
      has_time = true;
    } else {
      const std::optional<uint64_t> bytes = line.scope.Size(line.statement, line.first + i + 1);
      if (!bytes) return false;
      wait->set_at_least(*bytes);
    }
  }
  if (!has_time) line.Error(0, "'wait-for-body' needs 'time <duration>'");
  return has_time;
}

constexpr std::string_view kTables = "stick tables are not supported yet";

constexpr HttpAction Refused(std::string_view name, RuleSets sets, std::string_view reason = "") {
  HttpAction action;
  action.text = {name, "", "", "", "4.2", Support::kUnsupported, reason};
  action.rule_sets = sets;
  action.max_args = kAnyNumber;
  return action;
}

constexpr HttpAction kActions[] = {
    {{"allow", "", "Ends the rules.", "", "4.2"},
     kAll,
     0,
     0,
     [](const ActionLine&, v1::HttpRule* rule) {
       rule->mutable_allow();
       return true;
     }},
    {{"deny", "[status <code>] [content-type <type>] [<body>] [hdr <name> <format>]...",
      "Refuses: 403 for a request, 502 for a response.", "", "4.2"},
     kOnRequest | kOnResponse,
     0,
     kAnyNumber,
     Deny},
    {{"return", "[status <code>] [content-type <type>] [<body>] [hdr <name> <format>]...",
      "Answers in place of a server.", "", "4.2"},
     kOnRequest | kOnResponse,
     0,
     kAnyNumber,
     Return},
    {{"redirect", "[<option>...] location|prefix|scheme <format> [code <code>] [<option>...]",
      "Sends the client elsewhere.", "", "4.2"},
     kOnRequest | kOnResponse,
     2,
     kAnyNumber,
     Redirect},
    {{"set-header", "<name> <format>", "Replaces all fields of a name by one.", "", "4.2"},
     kAll,
     2,
     2,
     EditHeader<v1::HeaderEdit::SET>},
    {{"add-header", "<name> <format>", "Adds a field.", "", "4.2"},
     kAll,
     2,
     2,
     EditHeader<v1::HeaderEdit::ADD>},
    {{"del-header", "<name> [-m <match>]", "Removes fields by name.", "", "4.2"},
     kAll,
     1,
     3,
     DeleteHeader},
    {{"replace-header", "<name> <regex> <format>", "Rewrites whole field values.", "", "4.2"},
     kAll,
     3,
     3,
     ReplaceInHeader<v1::HeaderEdit::REPLACE_HEADER>},
    {{"replace-value", "<name> <regex> <format>", "Rewrites each comma-separated value.", "",
      "4.2"},
     kAll,
     3,
     3,
     ReplaceInHeader<v1::HeaderEdit::REPLACE_VALUE>},
    {{"set-uri", "<format>", "Replaces the request's target.", "", "4.2"},
     kOnRequest,
     1,
     1,
     EditUri<v1::UriEdit::SET_URI>},
    {{"set-path", "<format>", "Replaces the path.", "", "4.2"},
     kOnRequest,
     1,
     1,
     EditUri<v1::UriEdit::SET_PATH>},
    {{"set-pathq", "<format>", "Replaces path and query.", "", "4.2"},
     kOnRequest,
     1,
     1,
     EditUri<v1::UriEdit::SET_PATHQ>},
    {{"set-query", "<format>", "Replaces the query.", "", "4.2"},
     kOnRequest,
     1,
     1,
     EditUri<v1::UriEdit::SET_QUERY>},
    {{"set-method", "<format>", "Replaces the method.", "", "4.2"},
     kOnRequest,
     1,
     1,
     EditUri<v1::UriEdit::SET_METHOD>},
    {{"replace-path", "<regex> <format>", "Rewrites the path.", "", "4.2"},
     kOnRequest,
     2,
     2,
     ReplaceInUri<v1::UriEdit::REPLACE_PATH>},
    {{"replace-pathq", "<regex> <format>", "Rewrites path and query.", "", "4.2"},
     kOnRequest,
     2,
     2,
     ReplaceInUri<v1::UriEdit::REPLACE_PATHQ>},
    {{"replace-uri", "<regex> <format>", "Rewrites the request's target.", "", "4.2"},
     kOnRequest,
     2,
     2,
     ReplaceInUri<v1::UriEdit::REPLACE_URI>},
    {{"auth", "[realm <text>]", "Asks for basic authentication.", "", "4.2", Support::kUnsupported,
      "'userlist' is not supported yet"},
     kOnRequest,
     0,
     kAnyNumber},
    {{"use-service", "prometheus-exporter", "Answers from inside.", "", "4.2"},
     kOnRequest,
     1,
     1,
     UseService},
    {{"set-log-level", "<level>|silent", "Changes the level of the exchange's log line.", "",
      "4.2"},
     kOnRequest | kOnResponse,
     1,
     1,
     SetLogLevel},
    {{"set-status", "<status> [reason <text>]", "Changes the response's status.", "", "4.2"},
     kOnResponse | kOnAfterResponse,
     1,
     3,
     SetStatus},
    {{"wait-for-body", "time <duration> [at-least <size>]",
      "Waits for the body, or so much of it, as far as a buffer goes: 'req.body' and its like see "
      "it then. In vain: 408 for a request, 504 for a response.",
      "", "4.2"},
     kOnRequest | kOnResponse,
     2,
     4,
     WaitForBody},
    // The variable and its parentheses are part of the first word; the caller knows.
    {{"set-var", "(<scope>.<name>) <expression>", "Sets a variable.", "", "4.2"}, kAll, 0, 0},
    {{"set-var-fmt", "(<scope>.<name>) <format>", "Sets a variable to text.", "", "4.2"},
     kAll,
     0,
     0},
    {{"unset-var", "(<scope>.<name>)", "Unsets a variable.", "", "4.2"}, kAll, 0, 0},
    Refused("add-acl", kOnRequest | kOnResponse),
    Refused("del-acl", kOnRequest | kOnResponse),
    Refused("set-map", kOnRequest | kOnResponse),
    Refused("del-map", kOnRequest | kOnResponse),
    Refused("cache-use", kOnRequest),
    Refused("cache-store", kOnResponse),
    Refused("capture", kAll),
    Refused("disable-l7-retry", kOnRequest),
    Refused("do-resolve", kOnRequest),
    Refused("early-hint", kOnRequest),
    Refused("normalize-uri", kOnRequest),
    Refused("reject", kOnRequest),
    Refused("tarpit", kOnRequest),
    Refused("silent-drop", kOnRequest | kOnResponse),
    Refused("sc-inc-gpc", kOnRequest | kOnResponse, kTables),
    Refused("sc-inc-gpc0", kOnRequest | kOnResponse, kTables),
    Refused("sc-inc-gpc1", kOnRequest | kOnResponse, kTables),
    Refused("sc-set-gpt", kOnRequest | kOnResponse, kTables),
    Refused("sc-set-gpt0", kOnRequest | kOnResponse, kTables),
    Refused("track-sc0", kOnRequest | kOnResponse, kTables),
    Refused("track-sc1", kOnRequest | kOnResponse, kTables),
    Refused("track-sc2", kOnRequest | kOnResponse, kTables),
    Refused("send-spoe-group", kOnRequest | kOnResponse),
    Refused("set-dst", kOnRequest),
    Refused("set-dst-port", kOnRequest),
    Refused("set-src", kOnRequest),
    Refused("set-src-port", kOnRequest),
    Refused("set-mark", kOnRequest | kOnResponse),
    Refused("set-tos", kOnRequest | kOnResponse),
    Refused("set-nice", kOnRequest | kOnResponse),
    Refused("set-priority-class", kOnRequest),
    Refused("set-priority-offset", kOnRequest),
    Refused("set-timeout", kOnRequest),
    Refused("strict-mode", kAll),
    Refused("wait-for-handshake", kOnRequest),
};

bool SetRedirectCode(const ActionLine& line, size_t i, v1::Redirect* redirect) {
  std::optional<uint32_t> code = line.scope.Number(line.statement, line.first + i);
  if (!code) return false;
  if (*code != 301 && *code != 302 && *code != 303 && *code != 307 && *code != 308) {
    line.Error(i, absl::StrCat("redirect code ", *code, " is not 301, 302, 303, 307 or 308"));
    return false;
  }
  redirect->set_code(*code);
  return true;
}

// "location", "prefix" or "scheme".
std::optional<v1::Redirect::Kind> RedirectKindOf(std::string_view word) {
  if (word == "location") return v1::Redirect::LOCATION;
  if (word == "prefix") return v1::Redirect::PREFIX;
  if (word == "scheme") return v1::Redirect::SCHEME;
  return std::nullopt;
}

// One option of a redirect; `i` goes on to its argument. False: an error, which is told.
bool RedirectOption(const ActionLine& line, size_t* i, v1::Redirect* redirect) {
  const std::string& word = line.Arg(*i);
  if (word == "drop-query") {
    redirect->set_drop_query(true);
  } else if (word == "append-slash") {
    redirect->set_append_slash(true);
  } else if (word == "ignore-empty") {
    line.Error(*i, "'ignore-empty' is not supported yet");
    return false;
  } else if (word != "code" && word != "set-cookie" && word != "clear-cookie") {
    line.Error(*i, absl::StrCat("unexpected '", word, "' in a redirect"),
               "expected location, prefix, scheme, code, drop-query, append-slash, set-cookie or "
               "clear-cookie");
    return false;
  } else if (++*i >= line.size()) {
    line.Error(*i, absl::StrCat("'", word, "' expects an argument"));
    return false;
  } else if (word == "code") {
    return SetRedirectCode(line, *i, redirect);
  } else if (word == "set-cookie") {
    redirect->set_set_cookie(line.Arg(*i));
  } else {
    redirect->set_clear_cookie(line.Arg(*i));
  }
  return true;
}

}  // namespace

std::span<const HttpAction> HttpActions() { return kActions; }

bool ParseRedirect(const ActionLine& line, RedirectTarget target, v1::HttpRule* rule) {
  v1::Redirect* redirect = rule->mutable_redirect();
  redirect->set_code(302);
  size_t target_at = 0;  // the argument; 0: none yet
  for (size_t i = 0; i < line.size(); ++i) {
    const std::optional<v1::Redirect::Kind> kind = RedirectKindOf(line.Arg(i));
    if (!kind.has_value()) {
      if (!RedirectOption(line, &i, redirect)) return false;
      continue;
    }
    redirect->set_kind(*kind);
    target_at = ++i;
  }
  if (target_at == 0 || target_at >= line.size()) {
    line.Error(target_at, "a redirect needs location, prefix or scheme and its target");
    return false;
  }
  if (target == RedirectTarget::kFormat) return Format(line, target_at, redirect->mutable_target());
  redirect->mutable_target()->add_items()->set_text(line.Arg(target_at));
  return true;
}

}  // namespace lb::config
