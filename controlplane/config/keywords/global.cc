// Keywords of the "global" section that change how we run.
// Source: HAProxy configuration manual, section 3.
#include "absl/strings/str_cat.h"

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
