#include "controlplane/checks/check_result.h"

#include <array>
#include <cstddef>

namespace lb::checks {
namespace {

struct StatusFacts {
  std::string_view code;
  std::string_view description;
  bool is_passed;
  bool has_code;
};

// In the order of the enum.
constexpr std::array<StatusFacts, 16> kFacts = {{
    {"UNK", "Unknown", false, false},
    {"INI", "Initializing", false, false},
    {"SOCKERR", "Socket error", false, false},
    {"L4OK", "Layer4 check passed", true, false},
    {"L4TOUT", "Layer4 timeout", false, false},
    {"L4CON", "Layer4 connection problem", false, false},
    {"L6OK", "Layer6 check passed", true, false},
    {"L6TOUT", "Layer6 timeout", false, false},
    {"L6RSP", "Layer6 invalid response", false, false},
    {"L7OK", "Layer7 check passed", true, true},
    {"L7TOUT", "Layer7 timeout", false, false},
    {"L7RSP", "Layer7 invalid response", false, false},
    {"L7STS", "Layer7 wrong status", false, true},
    {"PROCOK", "External check passed", true, true},
    {"PROCERR", "External check error", false, true},
    {"PROCTOUT", "External check timeout", false, true},
}};

const StatusFacts& FactsOf(CheckStatus status) { return kFacts[static_cast<size_t>(status)]; }

}  // namespace

std::string_view CodeOf(CheckStatus status) { return FactsOf(status).code; }
std::string_view DescriptionOf(CheckStatus status) { return FactsOf(status).description; }
bool IsPassed(CheckStatus status) { return FactsOf(status).is_passed; }
bool HasCode(CheckStatus status) { return FactsOf(status).has_code; }

std::optional<CheckStatus> ParseCheckStatus(std::string_view code) {
  for (size_t i = 0; i < kFacts.size(); ++i) {
    if (kFacts[i].code == code) return static_cast<CheckStatus>(i);
  }
  return std::nullopt;
}

}  // namespace lb::checks
