// show ...: what is there, and how it is.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/command.h"

#include "common/base/units.h"

namespace lb::cli {
namespace {

using Stub = v1::Admin::Stub;
using Record = std::map<std::string, std::string>;

int ShowConfig(const Session& session, uint64_t revision) {
  v1::GetConfigRequest request;
  request.set_revision(revision);
  v1::GetConfigReply reply;
  const int failed = session.Call(&Stub::GetConfig, request, &reply);
  if (failed != kExitOk) return failed;
  if (session.output->format() == Format::kJson) {
    session.output->ShowJson(ToJson(reply));
    return kExitOk;
  }
  for (const v1::ConfigFile& file : reply.files()) {
    session.output->out() << "# " << file.path() << ", revision " << reply.revision() << "\n"
                          << file.text();
  }
  return kExitOk;
}

int ShowInfo(const Session& session, const std::string& node) {
  v1::GetInfoRequest request;
  request.set_node(node);
  v1::GetInfoReply reply;
  const int failed = session.Call(&Stub::GetInfo, request, &reply);
  if (failed != kExitOk) return failed;
  Table table{{"name", "value"}, {}};
  nlohmann::json json = nlohmann::json::object();
  std::istringstream lines(reply.text());
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    table.rows.push_back(
        {line.substr(0, colon), value == std::string::npos ? "" : line.substr(value)});
    json[table.rows.back()[0]] = table.rows.back()[1];
  }
  if (session.output->format() == Format::kJson) {
    session.output->ShowJson(json);
  } else {
    session.output->Show(table, reply);
  }
  return kExitOk;
}

int GetStat(const Session& session, const std::string& node, std::string* csv,
            std::vector<Record>* rows) {
  v1::GetStatRequest request;
  request.set_node(node);
  v1::GetStatReply reply;
  const int failed = session.Call(&Stub::GetStat, request, &reply);
  if (failed != kExitOk) return failed;
  *csv = reply.csv();
  std::vector<std::vector<std::string>> lines = ParseCsv(reply.csv());
  if (lines.empty()) return kExitOk;
  std::vector<std::string> names = std::move(lines.front());
  if (names.front().starts_with("# ")) names.front().erase(0, 2);
  for (size_t i = 1; i < lines.size(); ++i) {
    Record row;
    for (size_t c = 0; c < names.size() && c < lines[i].size(); ++c) {
      // The last comma of a line makes a column without a name.
      if (!names[c].empty() && names[c] != "-") row[names[c]] = lines[i][c];
    }
    rows->push_back(std::move(row));
  }
  return kExitOk;
}

Table Pick(const std::vector<Record>& rows, const std::vector<std::string>& fields,
           const std::vector<std::string>& headers) {
  Table table{headers, {}};
  for (const Record& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& field : fields) {
      auto found = row.find(field);
      cells.push_back(found == row.end() ? "" : found->second);
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

int ShowStat(const Session& session, const std::string& node) {
  std::string csv;
  std::vector<Record> rows;
  const int failed = GetStat(session, node, &csv, &rows);
  if (failed != kExitOk) return failed;
  switch (session.output->format()) {
    case Format::kCsv:
      session.output->out() << csv;
      break;
    case Format::kJson:
      session.output->ShowJson({{"stat", rows}});
      break;
    case Format::kTable:
      session.output->out() << RenderTable(
          Pick(rows,
               {"pxname", "svname", "status", "scur", "smax", "stot", "rate", "req_tot", "qcur",
                "bin", "bout", "hrsp_2xx", "hrsp_4xx", "hrsp_5xx", "econ", "eresp"},
               {"proxy", "name", "status", "sessions", "max", "total", "per s", "requests", "queue",
                "bytes in", "bytes out", "2xx", "4xx", "5xx", "conn err", "resp err"}));
  }
  return kExitOk;
}

int ShowBackends(const Session& session) {
  std::string csv;
  std::vector<Record> rows;
  const int failed = GetStat(session, "", &csv, &rows);
  if (failed != kExitOk) return failed;
  std::erase_if(rows, [](const Record& row) { return row.at("svname") != "BACKEND"; });
  const Table table = Pick(
      rows, {"pxname", "status", "mode", "algo", "act", "bck", "weight", "scur", "qcur", "stot"},
      {"backend", "status", "mode", "balance", "active", "backup", "weight", "sessions", "queue",
       "total"});
  if (session.output->format() == Format::kJson) {
    session.output->ShowJson({{"backends", rows}});
  } else {
    session.output->Show(table, v1::GetStatReply());
  }
  return kExitOk;
}

int ShowServers(const Session& session, const std::string& backend) {
  v1::ListServersRequest request;
  request.set_backend(backend);
  v1::ListServersReply reply;
  const int failed = session.Call(&Stub::ListServers, request, &reply);
  if (failed != kExitOk) return failed;
  Table table{{"backend", "server", "address", "state", "since", "check", "weight", "sessions",
               "role", "set by operator"},
              {}};
  const int64_t now = static_cast<int64_t>(std::time(nullptr));
  for (const v1::ServerEntry& entry : reply.servers()) {
    const v1::ServerState& state = entry.state();
    const int64_t changed = state.last_change_unix_ms() / 1000;
    table.rows.push_back({entry.backend(), entry.server(), entry.address(), state.status_text(),
                          changed == 0 ? "-" : FormatAge(now - changed), state.check_status(),
                          state.weight() == entry.config_weight()
                              ? absl::StrCat(state.weight())
                              : absl::StrCat(state.weight(), "/", entry.config_weight()),
                          absl::StrCat(entry.current_sessions()),
                          entry.backup() ? "backup" : "active", entry.operator_override()});
  }
  session.output->Show(table, reply);
  return kExitOk;
}

int ShowSessions(const Session& session) {
  v1::ListSessionsReply reply;
  const int failed = session.Call(&Stub::ListSessions, v1::ListSessionsRequest(), &reply);
  if (failed != kExitOk) return failed;
  Table table{{"node", "id", "client", "frontend", "backend", "server", "state", "age", "idle",
               "bytes in", "bytes out"},
              {}};
  for (const v1::SessionEntry& entry : reply.sessions()) {
    table.rows.push_back({entry.node(), absl::StrCat("0x", absl::Hex(entry.id())), entry.client(),
                          entry.frontend(), entry.backend(), entry.server(), entry.state(),
                          FormatAge(entry.age_ms() / 1000), FormatAge(entry.idle_ms() / 1000),
                          absl::StrCat(entry.bytes_in()), absl::StrCat(entry.bytes_out())});
  }
  session.output->Show(table, reply);
  return kExitOk;
}

int ShowNodes(const Session& session) {
  v1::ListNodesReply reply;
  const int failed = session.Call(&Stub::ListNodes, v1::ListNodesRequest(), &reply);
  if (failed != kExitOk) return failed;
  Table table{{"node", "group", "connected", "since", "revision", "stage", "sessions", "peer",
               "version", "last error"},
              {}};
  const int64_t now = static_cast<int64_t>(std::time(nullptr));
  for (const v1::NodeEntry& node : reply.nodes()) {
    const std::string revision = node.revision() == reply.revision()
                                     ? absl::StrCat(node.revision())
                                     : absl::StrCat(node.revision(), " of ", reply.revision());
    table.rows.push_back({node.node(), node.group(), node.is_connected() ? "yes" : "no",
                          FormatAge(now - node.since_unix_ms() / 1000), revision, node.stage(),
                          absl::StrCat(node.current_sessions()), node.peer(), node.version(),
                          node.last_error()});
  }
  session.output->Show(table, reply);
  return kExitOk;
}

int ShowHistory(const Session& session, const std::string& what, const std::string& since) {
  const absl::StatusOr<Millis> duration = ParseDuration(since, std::chrono::seconds(1));
  if (!duration.ok()) {
    return session.Fail(
        absl::StrCat("--since ", since, ": ", std::string(duration.status().message())),
        kExitUsage);
  }
  v1::GetHistoryRequest request;
  request.set_proxy(what);
  if (std::string proxy, name; SplitServerName(what, &proxy, &name)) {
    request.set_proxy(proxy);
    request.set_name(name);
  }
  // Less than a second is asked for as one; nothing would mean the default.
  request.set_since_seconds(static_cast<uint64_t>(std::max<int64_t>(duration->count() / 1000, 1)));
  v1::GetHistoryReply reply;
  const int failed = session.Call(&Stub::GetHistory, request, &reply);
  if (failed != kExitOk) return failed;
  Table table{{"minute", "sessions", "requests", "bytes in", "bytes out", "4xx", "5xx", "denied",
               "req err", "conn err", "resp err", "max queue", "failed checks"},
              {}};
  for (const v1::Minute& minute : reply.minutes()) {
    // To the minute: "2026-11-22 08:05".
    std::vector<std::string> row = {FormatTime(minute.at_unix_ms()).substr(0, 16)};
    for (uint64_t number : {minute.sessions(), minute.requests(), minute.bytes_in(),
                            minute.bytes_out(), minute.responses_4xx(), minute.responses_5xx(),
                            minute.denied(), minute.request_errors(), minute.connect_errors(),
                            minute.response_errors(), minute.max_queue(), minute.failed_checks()}) {
      row.push_back(absl::StrCat(number));
    }
    table.rows.push_back(std::move(row));
  }
  session.output->Show(table, reply);
  return kExitOk;
}

int ShowVersion(const Session& session) {
  v1::GetVersionReply reply;
  const int failed = session.Call(&Stub::GetVersion, v1::GetVersionRequest(), &reply);
  if (failed != kExitOk) return failed;
  session.output->Show(
      {{"program", "version", "pid", "state directory"},
       {{reply.program(), reply.version(), absl::StrCat(reply.pid()), reply.state_dir()}}},
      reply);
  return kExitOk;
}

// "SHA1 FingerPrint" as "sha1_fingerprint".
std::string JsonName(std::string_view title) {
  std::string name = absl::AsciiStrToLower(absl::string_view(title.data(), title.size()));
  std::ranges::replace(name, ' ', '_');
  return name;
}

// What the runtime language says of one file, as {"filename": ..., "certificates": [{...}]}. The
// first lines speak of the file, the next of its first certificate; a line without a value, and a
// second of the same name, begin the next one's.
nlohmann::json TlsFileJson(const std::string& text) {
  nlohmann::json file = nlohmann::json::object();
  nlohmann::json certificates = nlohmann::json::array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string name = JsonName(std::string_view(line).substr(0, colon));
    const std::string value = line.substr(colon + 2);
    if (name == "filename" || name == "status" || name == "replaced") {
      file[name] = value;
      continue;
    }
    if (certificates.empty() || certificates.back().contains(name)) {
      certificates.push_back(nlohmann::json::object());
    }
    if (name == "subject_alternative_name") {
      certificates.back()[name] =
          std::vector<std::string>(absl::StrSplit(value, ", ", absl::SkipEmpty()));
    } else {
      certificates.back()[name] = value;
    }
  }
  file["certificates"] = std::move(certificates);
  return file;
}

int ShowTlsFiles(const Session& session, const std::string& kind, const std::string& file) {
  v1::RunCommandRequest request;
  request.set_line(absl::StrCat("show ssl ", kind, file.empty() ? "" : " ", file));
  *request.mutable_origin() = ThisOrigin();
  v1::RunCommandReply reply;
  const int failed = session.Call(&Stub::RunCommand, request, &reply);
  if (failed != kExitOk) return failed;
  // The runtime language has no status: this is how it begins to say no.
  if (reply.output().starts_with("Can't display")) {
    return session.Fail(absl::StrCat("no ", kind, " '", file, "' serves; lbctl show ssl ", kind,
                                     " lists those that do"),
                        kExitRefused);
  }
  if (session.output->format() != Format::kJson) {
    session.output->out() << reply.output();
  } else if (file.empty()) {
    session.output->ShowJson(ToJson(reply));
  } else {
    session.output->ShowJson(TlsFileJson(reply.output()));
  }
  return kExitOk;
}

// Adds one noun whose action needs no arguments of its own beyond what `action` holds.
CLI::App* AddNoun(CLI::App* show, Choice* choice, const std::string& name, const std::string& help,
                  Action action) {
  CLI::App* noun = show->add_subcommand(name, help);
  noun->callback([=] { choice->action = action; });
  return noun;
}

// show ssl ...: as the runtime socket answers.
void AddSslNouns(CLI::App* show, Choice* choice) {
  CLI::App* ssl = show->add_subcommand("ssl", "Certificates and authorities that serve");
  ssl->require_subcommand(1);
  for (const char* kind : {"cert", "ca-file", "crl-file"}) {
    auto file = std::make_shared<std::string>();
    AddNoun(ssl, choice, kind, "The files, or what one of them holds", [=](const Session& s) {
      return ShowTlsFiles(s, kind, *file);
    })->add_option("FILE", *file, "As the configuration names it");
  }
}

// show errors: the same.
void AddErrorsNoun(CLI::App* show, Choice* choice) {
  auto proxy = std::make_shared<std::string>("-1");
  auto kind = std::make_shared<std::string>();
  CLI::App* errors =
      AddNoun(show, choice, "errors", "The last messages of each proxy that were not HTTP",
              [=](const Session& s) {
                return RunRuntimeCommand(absl::StrCat("show errors ", *proxy, " ", *kind))(s);
              });
  errors->add_option("PROXY", *proxy, "Only this one's: its name or number; -1: all");
  errors->add_option("KIND", *kind, "Only these")->check(CLI::IsMember({"request", "response"}));
}

}  // namespace

void AddShowCommands(CLI::App* app, Choice* choice) {
  CLI::App* show = app->add_subcommand("show", "Show what is there, and how it is");
  show->require_subcommand(1);
  show->fallthrough();
  auto revision = std::make_shared<uint64_t>(0);
  auto node = std::make_shared<std::string>();
  auto backend = std::make_shared<std::string>();
  auto server = std::make_shared<std::string>();
  auto limit = std::make_shared<uint32_t>(100);
  auto subject = std::make_shared<std::string>();
  auto since = std::make_shared<std::string>("1h");

  AddNoun(show, choice, "config", "The files that serve, or those of a revision",
          [=](const Session& s) { return ShowConfig(s, *revision); })
      ->add_option("REV,-r,--revision", *revision, "An earlier revision");
  AddNoun(show, choice, "info", "The process, as HAProxy's `show info`", [=](const Session& s) {
    return ShowInfo(s, *node);
  })->add_option("--node", *node, "One data plane instead of all together");
  AddNoun(show, choice, "stat", "Counters, as HAProxy's `show stat`", [=](const Session& s) {
    return ShowStat(s, *node);
  })->add_option("--node", *node, "One data plane instead of all together");
  AddNoun(show, choice, "servers", "Servers, their states, and what an operator set",
          [=](const Session& s) { return ShowServers(s, *backend); })
      ->add_option("BACKEND", *backend, "Only this one's");
  AddNoun(show, choice, "backends", "Backends and their usable servers", ShowBackends);
  AddNoun(show, choice, "sessions", "Sessions that are open", ShowSessions);
  AddNoun(show, choice, "nodes", "Data planes", ShowNodes);
  AddSslNouns(show, choice);
  AddErrorsNoun(show, choice);
  AddNoun(show, choice, "version", "Which control plane answers", ShowVersion);
  CLI::App* history =
      AddNoun(show, choice, "history", "What a backend or server did, by whole minutes",
              [=](const Session& s) { return ShowHistory(s, *subject, *since); });
  history
      ->add_option("BACKEND[/SERVER]", *subject,
                   "A backend, one of its servers, or a frontend as NAME/FRONTEND")
      ->required();
  history->add_option("--since", *since, "How far back: 90s, 15m, 6h, 7d")->capture_default_str();
  CLI::App* events =
      AddNoun(show, choice, "events", "What has happened: changes of state, commands, revisions",
              [=](const Session& s) { return ShowEvents(*server, *limit)(s); });
  events->add_option("BACKEND/SERVER", *server, "Only this server's");
  events->add_option("-n,--limit", *limit, "The newest so many")->capture_default_str();
}

}  // namespace lb::cli
