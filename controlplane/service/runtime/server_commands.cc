// The commands that look at or change one server: get weight, set server, set weight, set maxconn,
// enable and disable server, shutdown sessions server; and clear counters.
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "controlplane/service/runtime/command_call.h"
#include "controlplane/service/runtime/commands.h"
#include "controlplane/service/runtime/lookup.h"

namespace lb::service {
namespace {

constexpr char kSetServerUsage[] =
    "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | "
    "check-addr | check-port | fqdn | health | ssl | state | weight\n";
constexpr char kByThisSocket[] = " by 'stats socket command'\n";
constexpr int kMaxWeight = 256;

// HAProxy's message when `text` is not "N" (0 to 256) or "N%"; empty when it is one.
std::string WeightError(const std::string& text) {
  if (text.empty()) return "Require <weight> or <weight%>.\n";
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (stop == begin || error == std::errc::invalid_argument) {
    return "Empty weight string empty or preceded by garbage";
  }
  const std::string_view rest(stop, static_cast<size_t>(end - stop));
  if (rest == "%") return number < 0 ? "Relative weight must be positive.\n" : "";
  if (!rest.empty()) return "Trailing garbage in weight string";
  if (error != std::errc() || number < 0 || number > kMaxWeight) {
    return "Absolute weight can only be between 0 and 256 inclusive.\n";
  }
  return "";
}

bool ParsePort(const std::string& text, uint16_t* port) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *port);
  return error == std::errc() && stop == end && !text.empty() && *port != 0;
}

// The reply to a keyword of "set server" that HAProxy has and we do not; empty for other words.
std::string UnsupportedKeyword(const std::string& keyword) {
  if (keyword.starts_with("agent")) return "agent checks are not enabled on this server.\n";
  if (keyword == "fqdn") {
    return "set server <b>/<s> fqdn failed because no resolution is configured.\n";
  }
  if (keyword == "check-addr" || keyword == "check-port" || keyword == "ssl") {
    return absl::StrCat("'set server <srv> ", keyword, "' is not supported.\n");
  }
  return "";
}

}  // namespace

void RuntimeCommands::GetWeight(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(2));
    if (found.server == nullptr) return call.Say(found.error);
    call.Say(absl::StrCat(found.state.weight(), " (initial ", found.server->weight(), ")\n"));
  });
}

void RuntimeCommands::SetServer(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const std::string name = call.Word(2);
    const FoundServer found = FindServer(view, name);
    if (found.server == nullptr) return call.Say(found.error);
    const std::string keyword = call.Word(3);
    if (keyword == "state") return ChangeState(call, name, call.Word(4));
    if (keyword == "weight") return ChangeWeight(call, name, call.Word(4));
    if (keyword == "addr") return ChangeAddress(call, name, view);
    if (keyword == "health") return ChangeHealth(call, name, call.Word(4));
    const std::string unsupported = UnsupportedKeyword(keyword);
    call.Say(unsupported.empty() ? kSetServerUsage : unsupported);
  });
}

void RuntimeCommands::SetWeight(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(2));
    if (found.server == nullptr) return call.Say(found.error);
    ChangeWeight(call, call.Word(2), call.Word(3));
  });
}

void RuntimeCommands::SetMaxconn(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(3));
    if (found.server == nullptr) return call.Say(found.error);
    const std::string text = call.Word(4);
    uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || stop != end) {
      return call.Say("Require <maxconn>.\n");
    }
    Change(call, call.Word(3), {ServerChange::Kind::kMaxconn, text, 0}, "");
  });
}

void RuntimeCommands::EnableServer(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(2));
    if (found.server == nullptr) return call.Say(found.error);
    ChangeState(call, call.Word(2), "ready");
  });
}

void RuntimeCommands::DisableServer(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(2));
    if (found.server == nullptr) return call.Say(found.error);
    ChangeState(call, call.Word(2), "maint");
  });
}

void RuntimeCommands::ChangeState(const Call& call, const std::string& name,
                                  const std::string& state) {
  if (state != "ready" && state != "drain" && state != "maint") {
    return call.Say("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
  }
  Change(call, name, {ServerChange::Kind::kState, state, 0}, "");
}

void RuntimeCommands::ChangeWeight(const Call& call, const std::string& name,
                                   const std::string& weight) {
  const std::string error = WeightError(weight);
  if (!error.empty()) return call.Say(error);
  Change(call, name, {ServerChange::Kind::kWeight, weight, 0}, "");
}

void RuntimeCommands::ChangeHealth(const Call& call, const std::string& name,
                                   const std::string& health) {
  if (health != "up" && health != "stopping" && health != "down") {
    return call.Say("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
  }
  Change(call, name, {ServerChange::Kind::kHealth, health, 0}, "");
}

// "addr <ip> [port <port>]". The reply tells what changed.
void RuntimeCommands::ChangeAddress(const Call& call, const std::string& name,
                                    const RuntimeView& view) {
  const std::string ip = call.Word(4);
  if (ip.empty()) {
    return call.Say("set server <b>/<s> addr requires an address and optionally a port.\n");
  }
  const absl::StatusOr<Address> wanted = Address::FromIp(ip, 0);
  const bool is_literal = wanted.ok() && ip != "*";
  if (!is_literal) return call.Say(absl::StrCat("Invalid addr '", ip, "'", kByThisSocket));
  const FoundServer found = FindServer(view, name);
  const std::string& current_text =
      found.state.address().empty() ? found.server->address() : found.state.address();
  const Address current = Address::Parse(current_text).value_or(Address());

  const bool changes_ip = !current.is_ip() || current.Ip() != wanted->Ip();
  std::string message =
      changes_ip ? absl::StrCat("IP changed from '", current.is_ip() ? current.Ip() : current_text,
                                "' to '", wanted->Ip(), "'")
                 : "no need to change the addr";
  uint16_t port = 0;
  bool changes_port = false;
  if (call.Word(5) == "port") {
    if (!ParsePort(call.Word(6), &port)) {
      return call.Say(absl::StrCat(changes_ip ? "" : "no need to change the addr, ",
                                   "problem converting port '", call.Word(6), "' to an int",
                                   kByThisSocket));
    }
    changes_port = port != current.port();
    message += changes_port
                   ? absl::StrCat(", port changed from '", current.port(), "' to '", port, "'")
                   : ", no need to change the port";
  }
  message += kByThisSocket;
  if (!changes_ip && !changes_port) return call.Say(message);
  Change(call, name, {ServerChange::Kind::kAddress, wanted->Ip(), port}, std::move(message));
}

void RuntimeCommands::Change(const Call& call, const std::string& name, ServerChange change,
                             std::string success_body) {
  std::string backend, server;
  SplitServerName(name, &backend, &server);
  backend_->SetServer(
      backend, server, change, call.origin,
      [call, body = std::move(success_body)](const absl::Status& status) {
        call.Say(status.ok() ? body : absl::StrCat(std::string(status.message()), "\n"));
      });
}

void RuntimeCommands::ShutdownServerSessions(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FoundServer found = FindServer(view, call.Word(3));
    if (found.server == nullptr) return call.Say(found.error);
    backend_->ShutdownServerSessions(
        found.backend->common().name(), found.server->name(), call.origin,
        [call](const absl::StatusOr<uint64_t>& closed) {
          call.Say(closed.ok() ? "" : absl::StrCat(std::string(closed.status().message()), "\n"));
        });
  });
}

void RuntimeCommands::ClearCounters(const Call& call) {
  backend_->ClearCounters(call.Word(2) == "all", call.origin, [call](const absl::Status& status) {
    call.Say(status.ok() ? "" : absl::StrCat(std::string(status.message()), "\n"));
  });
}

}  // namespace lb::service
