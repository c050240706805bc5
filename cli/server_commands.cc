// set, enable, disable, shutdown, clear, why: one server, or everybody's counters.
#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/command.h"

#include "common/base/units.h"

namespace lb::cli {
namespace {

using Stub = v1::Admin::Stub;

constexpr char kSetHelp[] =
    "Change one server, durably and on every data plane:\n"
    "  state ready|drain|maint   let it work, finish what it has, or take it out\n"
    "  weight N[%]               0 to 256, or a share of the configured weight; 100% undoes it\n"
    "  addr A [port P]           another address; the configured one undoes it\n"
    "  health up|stopping|down   as if its check had said so";

bool ParsePort(const std::string& text, uint32_t* port) {
  if (text.empty() || text.size() > 5 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  *port = static_cast<uint32_t>(std::stoul(text));
  return *port >= 1 && *port <= 65535;
}

// Fills in what "set server" is followed by; false when it is none of the forms.
bool ParseChange(const std::vector<std::string>& words, v1::SetServerRequest* request) {
  const std::string& kind = words[0];
  if (kind == "addr") {
    if (words.size() != 2 && (words.size() != 4 || words[2] != "port")) return false;
    uint32_t port = 0;
    if (words.size() == 4 && !ParsePort(words[3], &port)) return false;
    request->mutable_address()->set_address(words[1]);
    request->mutable_address()->set_port(port);
    return true;
  }
  if (words.size() != 2) return false;
  if (kind == "state") {
    request->set_state(words[1]);
  } else if (kind == "weight") {
    request->set_weight(words[1]);
  } else if (kind == "health") {
    request->set_health(words[1]);
  } else {
    return false;
  }
  return true;
}

int SetServer(const Session& session, const std::string& name,
              const std::vector<std::string>& change) {
  v1::SetServerRequest request;
  if (!SplitServerName(name, request.mutable_backend(), request.mutable_server())) {
    return session.Fail(absl::StrCat("'", name, "': expected BACKEND/SERVER"), kExitUsage);
  }
  if (!ParseChange(change, &request)) {
    return session.Fail(
        "expected 'state ready|drain|maint', 'weight N[%]', 'addr A [port P]' or "
        "'health up|stopping|down'",
        kExitUsage);
  }
  *request.mutable_origin() = ThisOrigin();
  v1::SetServerReply reply;
  const int failed = session.Call(&Stub::SetServer, request, &reply);
  if (failed != kExitOk) return failed;
  const Output& output = *session.output;
  const int exit_code = ExitCodeOf(reply.nodes());
  if (output.format() == Format::kJson) {
    output.ShowJson(ToJson(reply));
  } else {
    if (!reply.message().empty()) output.out() << reply.message() << "\n";
    if (exit_code != kExitOk) output.err() << RenderTable(NodeTable(reply.nodes()));
  }
  return exit_code;
}

int ShutdownSessions(const Session& session, const std::string& name) {
  v1::ShutdownServerSessionsRequest request;
  if (!SplitServerName(name, request.mutable_backend(), request.mutable_server())) {
    return session.Fail(absl::StrCat("'", name, "': expected BACKEND/SERVER"), kExitUsage);
  }
  *request.mutable_origin() = ThisOrigin();
  v1::ShutdownServerSessionsReply reply;
  const int failed = session.Call(&Stub::ShutdownServerSessions, request, &reply);
  if (failed != kExitOk) return failed;
  session.output->Show({{"closed"}, {{absl::StrCat(reply.closed())}}}, reply);
  return kExitOk;
}

int ClearCounters(const Session& session, bool only_maxima) {
  v1::ClearCountersRequest request;
  request.set_all(!only_maxima);
  *request.mutable_origin() = ThisOrigin();
  v1::ClearCountersReply reply;
  return session.Call(&Stub::ClearCounters, request, &reply);
}

void Explain(const v1::ServerEntry& entry, const Output& output) {
  const v1::ServerState& state = entry.state();
  const int64_t now = static_cast<int64_t>(std::time(nullptr));
  std::ostream& out = output.out();
  out << entry.backend() << "/" << entry.server() << " is " << state.status_text();
  if (state.last_change_unix_ms() != 0) {
    out << ", for " << FormatAge(now - state.last_change_unix_ms() / 1000);
  }
  out << "\n  address   " << entry.address() << "\n  weight    " << state.weight();
  if (state.weight() != entry.config_weight())
    out << " (configured " << entry.config_weight() << ")";
  out << "\n  sessions  " << entry.current_sessions() << "\n  operator  "
      << (entry.operator_override().empty() ? "nothing set" : entry.operator_override())
      << "\n  check     ";
  if (state.check_status().empty()) {
    out << (state.status() == v1::SERVER_NO_CHECK ? "not checked" : "no result yet") << "\n";
    return;
  }
  out << state.check_status();
  if (state.check_code() != 0) out << "/" << state.check_code();
  out << " in " << state.check_duration_ms() << " ms";
  if (!state.last_check().empty()) out << ": " << state.last_check();
  out << "\n            " << state.failed_checks() << " failed, down transitions "
      << state.down_transitions() << "; health " << state.check_health() << " (rise "
      << state.check_rise() << ", fall " << state.check_fall() << ")\n";
}

// Why a server is in the state that it is in.
int Why(const Session& session, const std::string& name) {
  v1::ListServersRequest request;
  std::string server;
  if (!SplitServerName(name, request.mutable_backend(), &server)) {
    return session.Fail(absl::StrCat("'", name, "': expected BACKEND/SERVER"), kExitUsage);
  }
  v1::ListServersReply servers;
  int failed = session.Call(&Stub::ListServers, request, &servers);
  if (failed != kExitOk) return failed;
  const v1::ServerEntry* entry = nullptr;
  for (const v1::ServerEntry& one : servers.servers()) {
    if (one.server() == server) entry = &one;
  }
  if (entry == nullptr) return session.Fail("No such server.", kExitRefused);
  v1::ListEventsRequest events_request;
  events_request.set_server(name);
  events_request.set_limit(10);
  v1::ListEventsReply events;
  failed = session.Call(&Stub::ListEvents, events_request, &events);
  if (failed != kExitOk) return failed;
  const Output& output = *session.output;
  if (output.format() == Format::kJson) {
    output.ShowJson({{"server", ToJson(*entry)}, {"events", ToJson(events)["events"]}});
    return kExitOk;
  }
  Explain(*entry, output);
  if (events.events().empty()) return kExitOk;
  output.out() << "Last events:\n";
  for (const v1::Event& event : events.events()) {
    output.out() << "  " << FormatTime(event.at_unix_ms()) << "  " << event.text();
    if (!event.origin().empty()) output.out() << "  (" << event.origin() << ")";
    output.out() << "\n";
  }
  return kExitOk;
}

}  // namespace

Table NodeTable(const google::protobuf::RepeatedPtrField<v1::NodeResult>& nodes) {
  Table table{{"node", "stage", "seconds", "reason"}, {}};
  for (const v1::NodeResult& node : nodes) {
    const std::string resource = node.resource().empty() ? "" : absl::StrCat(node.resource(), ": ");
    table.rows.push_back({node.node(), node.stage(), absl::StrFormat("%.3f", node.seconds()),
                          absl::StrCat(resource, node.reason())});
  }
  return table;
}

int ExitCodeOf(const google::protobuf::RepeatedPtrField<v1::NodeResult>& nodes) {
  for (const v1::NodeResult& node : nodes) {
    if (node.stage() != "serving" && node.stage() != "applied") return kExitLagging;
  }
  return kExitOk;
}

bool SplitServerName(const std::string& name, std::string* backend, std::string* server) {
  const size_t slash = name.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == name.size()) return false;
  *backend = name.substr(0, slash);
  *server = name.substr(slash + 1);
  return true;
}

void AddServerCommands(CLI::App* app, Choice* choice) {
  auto name = std::make_shared<std::string>();
  auto change = std::make_shared<std::vector<std::string>>();
  auto only_maxima = std::make_shared<bool>(false);
  const auto add_server = [=](CLI::App* command, Action action) {
    command->add_option("BACKEND/SERVER", *name, "The server")->required();
    command->callback([=] { choice->action = action; });
  };
  const auto add_verb = [app](const std::string& verb, const std::string& help) {
    CLI::App* command = app->add_subcommand(verb, help);
    command->require_subcommand(1);
    command->fallthrough();
    return command;
  };

  CLI::App* set = add_verb("set", "Change a server, or replace a certificate")
                      ->add_subcommand("server", kSetHelp);
  add_server(set, [=](const Session& s) { return SetServer(s, *name, *change); });
  set->add_option("CHANGE", *change, "What to change, and to what")->required();

  add_server(add_verb("enable", "Put a server back to work")
                 ->add_subcommand("server", "The same as: set server BACKEND/SERVER state ready"),
             [=](const Session& s) {
               return SetServer(s, *name, {"state", "ready"});
             });
  add_server(add_verb("disable", "Take a server out")
                 ->add_subcommand("server", "The same as: set server BACKEND/SERVER state maint"),
             [=](const Session& s) {
               return SetServer(s, *name, {"state", "maint"});
             });
  add_server(add_verb("shutdown", "Close sessions")
                 ->add_subcommand("sessions", "Close sessions")
                 ->require_subcommand(1)
                 ->add_subcommand("server", "Close every session that a server has"),
             [=](const Session& s) { return ShutdownSessions(s, *name); });

  CLI::App* clear = add_verb("clear", "Reset counters")
                        ->add_subcommand("counters", "Count from zero again, on every data plane");
  clear->add_flag("--max", *only_maxima, "Only the maxima");
  clear->callback(
      [=] { choice->action = [=](const Session& s) { return ClearCounters(s, *only_maxima); }; });

  CLI::App* why = app->add_subcommand("why", "Explain the state of a server");
  add_server(why, [=](const Session& s) { return Why(s, *name); });
}

}  // namespace lb::cli
