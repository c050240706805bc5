#include "controlplane/checks/state_lines.h"

#include "absl/strings/str_cat.h"

namespace lb::checks {
namespace {

using net::SyslogLevel;

std::string NameOf(const LineFacts& facts) {
  return absl::StrCat(facts.is_backup ? "Backup " : "", "Server ", facts.backend, "/",
                      facts.server);
}

// "reason: Layer7 wrong status, code: 503, info: "...", check duration: 2ms"
std::string ReasonOf(const CheckResult& result) {
  std::string text = absl::StrCat("reason: ", std::string(DescriptionOf(result.status)));
  if (HasCode(result.status)) absl::StrAppend(&text, ", code: ", result.code);
  if (!result.info.empty()) absl::StrAppend(&text, ", info: \"", result.info, "\"");
  absl::StrAppend(&text, ", check duration: ", result.duration.count(), "ms");
  return text;
}

// Nothing when a line of its own has just told the result.
std::string CauseOf(const StateChange& change, const CheckResult& result, const LineFacts& facts) {
  if (change.is_by_operator) return ", changed from CLI";
  if (facts.logs_health_checks) return "";
  return absl::StrCat(", ", ReasonOf(result));
}

// What is left of the backend, seen from a server that can serve (`is_up`) or that cannot.
std::string TallyOf(const LineFacts& facts, bool is_up) {
  const bool on_backup = facts.active_servers == 0 && facts.backup_servers > 0;
  std::string text =
      absl::StrCat(facts.active_servers, " active and ", facts.backup_servers, " backup servers ",
                   is_up ? "online." : "left.", on_backup ? " Running on backup." : "");
  if (is_up) {
    absl::StrAppend(&text, " ", facts.requeued, " sessions requeued, ", facts.in_queue,
                    " total in queue.");
  } else {
    absl::StrAppend(&text, " ", facts.sessions, " sessions active, ", facts.requeued, " requeued, ",
                    facts.in_queue, " remaining in queue.");
  }
  return text;
}

}  // namespace

std::vector<StateLine> StateLines(const StateChange& change, const CheckResult& result,
                                  const LineFacts& facts) {
  if (!change.transition) return {};
  const std::string name = NameOf(facts);
  // Losing a server that took traffic is an alert; losing one that took none is not.
  const SyslogLevel loss = change.was_stopping ? SyslogLevel::kNotice : SyslogLevel::kAlert;
  const char* up_or_down = change.is_up ? "UP" : "DOWN";
  bool may_remain_drained = false;
  StateLine line;
  switch (*change.transition) {
    case Transition::kUp:
      line.text = absl::StrCat(name, " is UP", CauseOf(change, result, facts), ". ",
                               TallyOf(facts, /*is_up=*/true));
      may_remain_drained = true;
      break;
    case Transition::kDown:
      line.level = loss;
      line.text = absl::StrCat(name, " is DOWN", CauseOf(change, result, facts), ". ",
                               TallyOf(facts, /*is_up=*/false));
      may_remain_drained = true;
      break;
    case Transition::kStopping:
      line.text = absl::StrCat(name, " is stopping", CauseOf(change, result, facts), ". ",
                               TallyOf(facts, /*is_up=*/true));
      may_remain_drained = true;
      break;
    case Transition::kEnterMaint:
      if (!change.was_up) {
        line.text = absl::StrCat(name, " was DOWN and now enters maintenance.");
        break;
      }
      line.level = loss;
      line.text =
          absl::StrCat(name, " is going DOWN for maintenance. ", TallyOf(facts, /*is_up=*/false));
      break;
    case Transition::kLeaveMaint:
      line.text =
          absl::StrCat(name, " is ", up_or_down, "/", change.is_draining ? "DRAIN" : "READY",
                       " (leaving forced maintenance).");
      may_remain_drained = true;
      break;
    case Transition::kEnterDrain:
      line.text = absl::StrCat(name, " enters drain state. ", TallyOf(facts, change.is_up));
      break;
    case Transition::kLeaveDrain:
      line.text = absl::StrCat(name, " is ", up_or_down, " (leaving forced drain).");
      break;
  }
  std::vector<StateLine> lines = {line};
  if (may_remain_drained && change.is_draining) {
    lines.push_back({SyslogLevel::kNotice, absl::StrCat(name, " remains in forced drain mode.")});
  }
  return lines;
}

StateLine CheckLine(const CheckResult& result, const ServerState& after, const LineFacts& facts) {
  const ServerPolicy& policy = after.policy();
  const uint32_t reached = after.is_up() ? after.health() - policy.rise + 1 : after.health();
  return {
      SyslogLevel::kNotice,
      absl::StrCat("Health check for ", facts.is_backup ? "backup " : "", "server ", facts.backend,
                   "/", facts.server, result.passed() ? " succeeded, " : " failed, ",
                   ReasonOf(result), ", status: ", reached, "/",
                   after.is_up() ? policy.fall : policy.rise, after.is_up() ? " UP." : " DOWN.")};
}

StateLine NoServerLine(std::string_view backend, bool is_listen) {
  return {SyslogLevel::kEmerg, absl::StrCat(is_listen ? "proxy " : "backend ", std::string(backend),
                                            " has no server available!")};
}

}  // namespace lb::checks
