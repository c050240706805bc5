// Keywords of the "global" section that change how we run.
// Source: HAProxy configuration manual, section 3.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr uint32_t kMaxThreads = 64;

// Stores a number in a field of v1::Global through its generated setter.
template <void (v1::Global::*kSet)(uint32_t), uint32_t kLeast, uint32_t kMost = UINT32_MAX>
void SetGlobalNumber(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0, kLeast, kMost)) (scope.global().*kSet)(*value);
}

void SetBufferSize(const Statement& statement, Scope& scope) {
  constexpr uint32_t kLeast = 1024;
  constexpr uint32_t kMost = 64u << 20;
  if (auto value = scope.Number(statement, 0, kLeast, kMost)) scope.global().set_bufsize(*value);
}

void SetHardStop(const Statement& statement, Scope& scope) {
  if (auto value = scope.Duration(statement, 0)) {
    scope.global().set_hard_stop_after_ms(static_cast<uint64_t>(value->count()));
  }
}

void SetMaxSpread(const Statement& statement, Scope& scope) {
  if (auto value = scope.Duration(statement, 0)) scope.control().max_spread_checks = *value;
}

// Adds one name of "h1-case-adjust" to `names`; what is wrong with it otherwise.
std::string AddCaseName(const std::string& from, const std::string& to, const Scope& scope,
                        std::vector<std::string>* names) {
  if (!IsFieldName(to)) return absl::StrCat("'", to, "' is not a header field's name");
  if (from != absl::AsciiStrToLower(to)) {
    return absl::StrCat("'", from, "' must be '", to, "' in lower case");
  }
  const auto is_same = [&](const std::string& name) { return absl::EqualsIgnoreCase(name, to); };
  if (std::any_of(names->begin(), names->end(), is_same) ||
      std::any_of(scope.global().h1_names().begin(), scope.global().h1_names().end(), is_same)) {
    return absl::StrCat("the case of '", from, "' is given already");
  }
  names->push_back(to);
  return "";
}

void SetCaseName(const Statement& statement, Scope& scope) {
  std::vector<std::string> names = scope.model().h1_names_of_file;
  const std::string problem =
      AddCaseName(statement.args[0].text, statement.args[1].text, scope, &names);
  if (!problem.empty()) return scope.Error(statement, 0, problem);
  scope.global().add_h1_names(names.back());
}

// Of two files the last one counts, as in HAProxy.
void SetCaseFile(const Statement& statement, Scope& scope) {
  const std::optional<std::string> text = scope.File(statement, 0);
  if (!text.has_value()) return;
  std::vector<std::string> names;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const std::string problem = words.size() == 2
                                    ? AddCaseName(words[0], words[1], scope, &names)
                                    : "expected a name in lower case and the same name";
    if (problem.empty()) continue;
    return scope.Error(statement, 0,
                       absl::StrCat(statement.args[0].text, ":", number, ": ", problem));
  }
  scope.model().h1_names_of_file = std::move(names);
}

constexpr Keyword kGlobalKeywords[] = {
    {.text = {"nbthread", "<number>", "Worker threads of a data plane.", "one for each core",
              "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetGlobalNumber<&v1::Global::set_nbthread, 1, kMaxThreads>},
    {.text = {"maxconn", "<number>", "Connections a data plane takes at one time.",
              "from the file descriptor limit", "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetGlobalNumber<&v1::Global::set_maxconn, 0>},
    {.text = {"hard-stop-after", "<duration>",
              "How long a stopping data plane lets its sessions finish.", "no limit", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetHardStop},
    {.text = {"node", "<name>", "Name shown on the statistics page.", "the host's name", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement& s, Scope& scope) { scope.global().set_node(s.args[0].text); }},
    {.text = {"description", "<text>", "Text shown on the statistics page.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply =
         [](const Statement& s, Scope& scope) {
           std::string text = s.args[0].text;
           for (size_t i = 1; i < s.args.size(); ++i) absl::StrAppend(&text, " ", s.args[i].text);
           scope.global().set_description(text);
         }},
    {.text = {"pidfile", "<path>", "File that gets the process id.", "none", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement& s, Scope& scope) { scope.control().pidfile = s.args[0].text; }},
    {.text = {"external-check", "", "Allows 'option external-check', which runs commands.",
              "not allowed", "3.1"},
     .sections = kInGlobal,
     .apply = [](const Statement&,
                 Scope& scope) { scope.control().external_check_allowed = true; }},
    {.text = {"spread-checks", "<percent>", "Random spread added to the intervals of checks.", "0",
              "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetGlobalNumber<&v1::Global::set_spread_checks, 0, 50>},
    {.text = {"max-spread-checks", "<duration>",
              "Longest time over which the first checks of all servers spread.", "none", "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetMaxSpread},
    {.text = {"tune.bufsize", "<bytes>", "Size of a buffer; a request's head must fit in one.",
              "16384", "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetBufferSize},
    {.text = {"tune.maxrewrite", "<bytes>", "Room in a buffer for what rules add to a head.",
              "1024", "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetGlobalNumber<&v1::Global::set_maxrewrite, 1, 1u << 20>},
    {.text = {"tune.http.maxhdr", "<number>", "Most header fields in a message.", "101", "3.2"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetGlobalNumber<&v1::Global::set_max_headers, 1, 32767>},
    {.text = {"h1-case-adjust", "<from> <to>",
              "Case of a header field's name, for sections with 'option h1-case-adjust-bogus-...'; "
              "<from> is <to> in lower case.",
              "", "3.1"},
     .sections = kInGlobal,
     .min_args = 2,
     .max_args = 2,
     .apply = SetCaseName},
    {.text = {"h1-case-adjust-file", "<path>",
              "A file of such pairs, one on each line; '#' begins a comment.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetCaseFile},
    // The parser carries out the four below, as later lines see their effect.
    {.text = {"setenv", "<name> <value>", "Sets an environment variable for the lines below.", "",
              "3.1"},
     .sections = kInGlobal,
     .min_args = 2,
     .max_args = 2},
    {.text = {"presetenv", "<name> <value>",
              "Sets an environment variable for the lines below unless it is set.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 2,
     .max_args = 2},
    {.text = {"unsetenv", "<name>...", "Unsets environment variables for the lines below.", "",
              "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = kAnyNumber},
    {.text = {"resetenv", "[<name>...]",
              "Unsets all environment variables but those named, for the lines below.", "", "3.1"},
     .sections = kInGlobal,
     .max_args = kAnyNumber},
};

}  // namespace

std::span<const Keyword> GlobalKeywords() { return kGlobalKeywords; }

}  // namespace lb::config
