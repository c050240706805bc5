// "log" and what log lines look like.
// Source: HAProxy configuration manual, sections 3.1 and 4.2 "log", 8.2 "Log formats".
#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr std::string_view kFacilities[] = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::string_view kLevels[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
constexpr std::string_view kFormats[] = {"rfc3164",  "rfc5424", "raw", "short",
                                         "priority", "timed",   "iso"};
constexpr uint32_t kLeastLength = 80;
constexpr uint32_t kMostLength = 65535;

template <size_t kSize>
bool IsOneOf(std::string_view word, const std::string_view (&names)[kSize]) {
  return std::ranges::find(names, word) != std::end(names);
}

// "len N", "format F", "sample R:S" before the facility; moves `*i` past them.
bool TargetOptions(const Statement& statement, size_t* i, v1::LogTarget* target, Scope& scope) {
  for (; *i + 1 < statement.args.size(); *i += 2) {
    const std::string& word = statement.args[*i].text;
    const std::string& value = statement.args[*i + 1].text;
    if (word == "len") {
      std::optional<uint32_t> length = scope.Number(statement, *i + 1, kLeastLength, kMostLength);
      if (!length) return false;
      target->set_max_length(*length);
    } else if (word == "format") {
      if (value == "local") {
        scope.Error(statement, *i + 1, "log format 'local' is not supported yet");
        return false;
      }
      if (!IsOneOf(value, kFormats)) {
        scope.Error(statement, *i + 1, absl::StrCat("unknown log format '", value, "'"),
                    DidYouMean(Closest(value, kFormats)));
        return false;
      }
      target->set_format(value);
    } else if (word == "sample") {
      scope.Error(statement, *i, "log sampling is not supported yet");
      return false;
    } else {
      break;
    }
  }
  return true;
}

// "<facility> [<level> [<minlevel>]]" at `i`.
bool FacilityAndLevels(const Statement& statement, size_t i, v1::LogTarget* target, Scope& scope) {
  if (i >= statement.args.size()) {
    scope.Error(statement, i, "a log target needs a facility", "for example: local0");
    return false;
  }
  const std::string& facility = statement.args[i].text;
  if (!IsOneOf(facility, kFacilities)) {
    scope.Error(statement, i, absl::StrCat("unknown log facility '", facility, "'"),
                DidYouMean(Closest(facility, kFacilities)));
    return false;
  }
  target->set_facility(facility);
  for (size_t k = 1; k <= 2 && i + k < statement.args.size(); ++k) {
    const std::string& level = statement.args[i + k].text;
    if (!IsOneOf(level, kLevels)) {
      scope.Error(statement, i + k, absl::StrCat("unknown log level '", level, "'"),
                  DidYouMean(Closest(level, kLevels)));
      return false;
    }
    (k == 1 ? target->mutable_max_level() : target->mutable_min_level())->assign(level);
  }
  if (i + 3 < statement.args.size()) {
    scope.Error(statement, i + 3, absl::StrCat("unexpected '", statement.args[i + 3].text, "'"));
    return false;
  }
  return true;
}

std::optional<v1::LogTarget> ParseTarget(const Statement& statement, Scope& scope) {
  v1::LogTarget target;
  absl::StatusOr<std::string> address = ParseLogAddress(statement.args[0].text, scope.env());
  if (!address.ok()) {
    scope.Error(statement, 0, std::string(address.status().message()));
    return std::nullopt;
  }
  target.set_address(*std::move(address));
  size_t next = 1;
  if (!TargetOptions(statement, &next, &target, scope)) return std::nullopt;
  if (!FacilityAndLevels(statement, next, &target, scope)) return std::nullopt;
  return target;
}

void AddGlobalLog(const Statement& statement, Scope& scope) {
  if (std::optional<v1::LogTarget> target = ParseTarget(statement, scope)) {
    *scope.global().add_log_targets() = *std::move(target);
  }
}

void AddLog(const Statement& statement, Scope& scope) {
  std::vector<LogEntry>& logs = scope.proxy().logs;
  if (statement.prefix != Prefix::kNone) {
    logs.clear();
    return;
  }
  if (statement.args[0].text == "global") {
    if (statement.args.size() > 1) {
      return scope.Error(
          statement, 1,
          absl::StrCat("unexpected '", statement.args[1].text, "' after 'log global'"));
    }
    const bool has = std::ranges::any_of(logs, [](const LogEntry& log) { return log.is_global; });
    if (!has) logs.push_back({/*is_global=*/true, {}});
    return;
  }
  if (std::optional<v1::LogTarget> target = ParseTarget(statement, scope)) {
    logs.push_back({/*is_global=*/false, *std::move(target)});
  }
}

template <LogStyle kStyle>
void SetStyle(const Statement& statement, Scope& scope) {
  LogFormatChoice& format = scope.proxy().log_format;
  if (statement.prefix != Prefix::kNone) {
    if (format.style == kStyle) format = {};
    return;
  }
  format = {kStyle, "", statement.NamePlace()};
}

void SetHttpLog(const Statement& statement, Scope& scope) {
  if (!statement.args.empty() && statement.args[0].text != "clf") {
    return scope.Error(
        statement, 0,
        absl::StrCat("unexpected '", statement.args[0].text, "' (expected nothing or 'clf')"));
  }
  if (statement.args.empty()) return SetStyle<LogStyle::kHttp>(statement, scope);
  SetStyle<LogStyle::kClf>(statement, scope);
}

constexpr std::string_view kTargetArguments =
    "<address> [len <bytes>] [format <format>] <facility> [<level> [<minlevel>]]";

// The name is written as it is into every request.
void SetUniqueIdHeader(const Statement& statement, Scope& scope) {
  const std::string& name = statement.args[0].text;
  if (!IsFieldName(name)) {
    return scope.Error(statement, 0, absl::StrCat("'", name, "' is not a header field's name"));
  }
  scope.proxy().unique_id_header = name;
}

constexpr Keyword kLogKeywords[] = {
    {.text = {"log", kTargetArguments, "Where log lines go: UDP syslog, a unix socket, stdout.",
              "none", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = AddGlobalLog},
    {.text = {"log",
              "global|<address> [len <bytes>] [format <format>] <facility> [<level> "
              "[<minlevel>]]",
              "The same for one proxy; 'global' means the global section's.", "none", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = kAnyNumber,
     .can_negate = true,
     .apply = AddLog},
    {.text = {"log-tag", "<text>", "Program name in log lines.", "lb", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement& s, Scope& scope) { scope.global().set_log_tag(s.args[0].text); }},
    {.text = {"log-tag", "<text>", "The same for one proxy.", "the global one", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = 1,
     .apply = SetText<&Proxy::log_tag>},
    {.text = {"log-send-hostname", "[<name>]", "Puts a host name into log lines.", "none", "3.1"},
     .sections = kInGlobal,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           scope.model().log_send_hostname = s.args.empty();
           if (!s.args.empty()) scope.global().set_log_send_hostname(s.args[0].text);
         }},
    {.text = {"log-format", "<format>", "Log lines of one's own.", "", "8.2.4"},
     .sections = kInFrontend | kInDefaults,
     .min_args = 1,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           scope.proxy().log_format = {LogStyle::kCustom, s.args[0].text, s.Place(0)};
         }},
    {.text = {"unique-id-format", "<format>",
              "Gives each request (in TCP mode, each session) an id, made when it has come.", "",
              "4.2"},
     .sections = kInFrontend | kInDefaults,
     .min_args = 1,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           scope.proxy().unique_id_format = {s.args[0].text, s.Place(0)};
         }},
    {.text = {"unique-id-header", "<name>", "Tells the server the id, in a field of that name.",
              "none", "4.2"},
     .sections = kInFrontend | kInDefaults,
     .min_args = 1,
     .max_args = 1,
     .apply = SetUniqueIdHeader},
    {.text = {"option httplog", "[clf]", "One log line for each HTTP exchange.", "off", "8.2.3"},
     .sections = kInAnyProxy,
     .max_args = 1,
     .can_negate = true,
     .apply = SetHttpLog},
    {.text = {"option tcplog", "", "One log line for each TCP session.", "off", "8.2.2"},
     .sections = kInAnyProxy,
     .can_negate = true,
     .apply = SetStyle<LogStyle::kTcp>},
    {.text = {"option httpslog", "", "The same with what is known of TLS.", "off", "8.2.4"},
     .sections = kInAnyProxy,
     .can_negate = true,
     .apply = SetStyle<LogStyle::kHttps>},
};

}  // namespace

std::span<const Keyword> LogKeywords() { return kLogKeywords; }

}  // namespace lb::config
