#include "controlplane/service/runtime/commands.h"

#include <charconv>
#include <chrono>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/stats/process.h"
#include "controlplane/service/runtime/command_call.h"
#include "controlplane/service/runtime/dumps.h"
#include "controlplane/service/runtime/lookup.h"

namespace lb::service {
namespace {

constexpr char kPermissionDenied[] = "Permission denied\n";
constexpr char kNoPayload[] = "This command takes no payload.\n";
constexpr char kNoSuchBackend[] = "Can't find backend.\n";

int64_t UnixMs(const Clock& clock) {
  return std::chrono::duration_cast<Millis>(clock.WallNow().time_since_epoch()).count();
}

}  // namespace

std::optional<AccessLevel> ParseAccessLevel(std::string_view text) {
  if (text == "user") return AccessLevel::kUser;
  if (text == "operator") return AccessLevel::kOperator;
  if (text == "admin") return AccessLevel::kAdmin;
  return std::nullopt;
}

std::string_view AccessLevelName(AccessLevel level) {
  constexpr std::string_view kNames[] = {"user", "operator", "admin"};
  return kNames[static_cast<size_t>(level)];
}

// Every command, in the order in which help lists them.
struct CommandTable {
  struct Entry {
    std::string_view words;  // what a command begins with
    std::string_view usage;
    std::string_view help;
    AccessLevel level;
    void (RuntimeCommands::*run)(const RuntimeCommands::Call& call);
    bool is_listed_last = false;  // in every list
    bool takes_payload = false;
  };

  static std::span<const Entry> All();

  // Whether `words` begin with those of `entry`.
  static bool Matches(const Entry& entry, const std::vector<std::string>& words) {
    const std::vector<std::string> own = SplitWords(entry.words);
    return own.size() <= words.size() && std::equal(own.begin(), own.end(), words.begin());
  }

  static const Entry* Find(const std::vector<std::string>& words) {
    for (const Entry& entry : All()) {
      if (Matches(entry, words)) return &entry;
    }
    return nullptr;
  }

  // The commands that begin as `words` do, as far as any does; all of them when none does. Only
  // what `level` permits.
  static std::string List(const std::vector<std::string>& words, AccessLevel level) {
    std::string text;
    for (size_t length = words.size() + 1; length-- > 0 && text.empty();) {
      for (const Entry& entry : All()) {
        if (entry.is_listed_last || entry.level > level) continue;
        const std::vector<std::string> own = SplitWords(entry.words);
        if (own.size() < length ||
            !std::equal(own.begin(), own.begin() + static_cast<long>(length), words.begin())) {
          continue;
        }
        AppendLine(entry, &text);
      }
    }
    for (const Entry& entry : All()) {
      if (entry.is_listed_last) AppendLine(entry, &text);
    }
    return text;
  }

 private:
  static void AppendLine(const Entry& entry, std::string* text) {
    absl::StrAppendFormat(text, "  %-40s: %s\n", std::string(entry.usage), std::string(entry.help));
  }
};

std::span<const CommandTable::Entry> CommandTable::All() {
  using R = RuntimeCommands;
  constexpr AccessLevel kUser = AccessLevel::kUser;
  constexpr AccessLevel kOperator = AccessLevel::kOperator;
  constexpr AccessLevel kAdmin = AccessLevel::kAdmin;
  static constexpr Entry kEntries[] = {
      {"abort ssl ca-file", "abort ssl ca-file <file>",
       "forget what was set of a file of authorities", kAdmin, &R::AbortTlsFile},
      {"abort ssl cert", "abort ssl cert <file>", "forget what was set of a certificate", kAdmin,
       &R::AbortTlsFile},
      {"abort ssl crl-file", "abort ssl crl-file <file>",
       "forget what was set of a file of revocations", kAdmin, &R::AbortTlsFile},
      {"add ssl crt-list", "add ssl crt-list <list> <file>",
       "refused: apply a configuration instead", kAdmin, &R::RefuseTlsFile, false, true},
      {"clear counters all", "clear counters all", "reset all counters, on every data plane",
       kAdmin, &R::ClearCounters},
      {"clear counters", "clear counters", "reset the maxima", kOperator, &R::ClearCounters},
      {"commit ssl ca-file", "commit ssl ca-file <file>",
       "serve what was set of a file of authorities, on every data plane", kAdmin,
       &R::CommitTlsFile},
      {"commit ssl cert", "commit ssl cert <file>",
       "serve what was set of a certificate, on every data plane", kAdmin, &R::CommitTlsFile},
      {"commit ssl crl-file", "commit ssl crl-file <file>",
       "serve what was set of a file of revocations, on every data plane", kAdmin,
       &R::CommitTlsFile},
      {"del ssl", "del ssl <what> <file>", "refused: apply a configuration instead", kAdmin,
       &R::RefuseTlsFile},
      {"disable server", "disable server <bk>/<srv>", "same as: set server <bk>/<srv> state maint",
       kAdmin, &R::DisableServer},
      {"enable server", "enable server <bk>/<srv>", "same as: set server <bk>/<srv> state ready",
       kAdmin, &R::EnableServer},
      {"get weight", "get weight <bk>/<srv>", "show a server's weight", kUser, &R::GetWeight},
      {"new ssl", "new ssl <what> <file>", "refused: apply a configuration instead", kAdmin,
       &R::RefuseTlsFile},
      {"operator", "operator", "give up the admin level on this connection", kOperator,
       &R::LowerToOperator},
      {"set maxconn server", "set maxconn server <bk>/<srv> <n>", "change a server's maxconn",
       kAdmin, &R::SetMaxconn},
      {"set server", "set server <bk>/<srv> <what> <value>",
       "change a server's state, weight, address or health", kAdmin, &R::SetServer},
      {"set ssl ca-file", "set ssl ca-file <file> <payload>",
       "begin to replace a file of authorities", kAdmin, &R::SetTlsFile, false, true},
      {"set ssl cert", "set ssl cert <file> <payload>", "begin to replace a certificate", kAdmin,
       &R::SetTlsFile, false, true},
      {"set ssl crl-file", "set ssl crl-file <file> <payload>",
       "begin to replace a file of revocations", kAdmin, &R::SetTlsFile, false, true},
      {"set timeout", "set timeout cli <delay>", "change this connection's time limit", kUser,
       &R::SetTimeout},
      {"set weight", "set weight <bk>/<srv> <weight>", "change a server's weight", kAdmin,
       &R::SetWeight},
      {"show backend", "show backend", "list the backends", kUser, &R::ShowBackend},
      {"show cli level", "show cli level", "show this connection's level", kUser, &R::ShowLevel},
      {"show errors", "show errors [<px>] [request|response]",
       "show the last messages that were not HTTP", kOperator, &R::ShowErrors},
      {"show info", "show info [json|typed]", "show facts about the process", kUser, &R::ShowInfo},
      {"show servers conn", "show servers conn [<backend>]", "show servers' connections", kUser,
       &R::ShowServersConn},
      {"show servers state", "show servers state [<backend>]", "show servers' states", kUser,
       &R::ShowServersState},
      {"show sess", "show sess", "list the open sessions", kOperator, &R::ShowSessions},
      {"show ssl ca-file", "show ssl ca-file [<file>]",
       "list the files of authorities, or show one", kOperator, &R::ShowTlsFiles},
      {"show ssl cert", "show ssl cert [<file>]", "list the certificates, or show one", kOperator,
       &R::ShowTlsFiles},
      {"show ssl crl-file", "show ssl crl-file [<file>]",
       "list the files of revocations, or show one", kOperator, &R::ShowTlsFiles},
      {"show stat", "show stat [<px> <type> <sid>] [json|typed]",
       "show the counters of proxies and servers", kUser, &R::ShowStat},
      {"show version", "show version", "show the program's version", kUser, &R::ShowVersion},
      {"shutdown sessions server", "shutdown sessions server <bk>/<srv>",
       "close every session of a server", kAdmin, &R::ShutdownServerSessions},
      {"user", "user", "give up all but the user level on this connection", kUser, &R::LowerToUser},
      // Byte for byte as HAProxy's, which scripts look for at the end of a list.
      {"help", "help [<command>]", "list matching or all commands", kUser, &R::Help, true},
      {"prompt", "prompt", "toggle interactive mode with prompt", kUser, &R::Prompt, true},
      {"quit", "quit", "disconnect", kUser, &R::Quit, true},
  };
  return kEntries;
}

RuntimeCommands::RuntimeCommands(RuntimeBackend* backend, const Clock* clock, std::string version)
    : backend_(backend), clock_(clock), version_(std::move(version)) {}

void RuntimeCommands::Run(std::string_view command, CommandContext* context, Reply reply,
                          std::optional<std::string> payload) {
  Call call{SplitWords(command), context, context->origin, std::move(reply), std::move(payload)};
  if (call.words.empty()) {
    call.Say("Unknown command. Please enter one of the following commands only:\n" +
             CommandTable::List({}, context->level));
    return;
  }
  const CommandTable::Entry* entry = CommandTable::Find(call.words);
  if (entry == nullptr) {
    call.Say("Unknown command, but maybe one of the following ones is a better match:\n" +
             CommandTable::List(call.words, context->level));
    return;
  }
  if (context->level < entry->level) {
    call.Say(kPermissionDenied);
    return;
  }
  if (call.payload.has_value() && !entry->takes_payload) {
    call.Say(kNoPayload);
    return;
  }
  (this->*entry->run)(call);
}

void RuntimeCommands::ShowStat(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kCounters, [this, call](const RuntimeView& view) {
    std::string error;
    const Words arguments(call.words.begin() + 2, call.words.end());
    std::string text = DumpStat(view, arguments, UnixMs(*clock_), &error);
    call.Say(error.empty() ? std::move(text) : error);
  });
}

void RuntimeCommands::ShowInfo(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kCounters, [this, call](const RuntimeView& view) {
    stats::ProcessInput input;
    input.version = version_;
    input.snapshot = view.snapshot.get();
    input.counters = view.counters.process();
    input.now_unix_ms = UnixMs(*clock_);
    for (const v1::Frontend& frontend : view.snapshot->frontends()) {
      input.listeners += static_cast<uint64_t>(frontend.binds_size());
    }
    const std::vector<stats::ProcessItem> items = stats::BuildProcessItems(input);
    const std::string form = call.Word(2);
    call.Say(form == "json"    ? stats::RenderProcessJson(items)
             : form == "typed" ? stats::RenderProcessTyped(items)
                               : stats::RenderProcessText(items));
  });
}

void RuntimeCommands::ShowServersState(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const std::string backend = call.Word(3);
    const bool exists = backend.empty() || FindBackend(*view.snapshot, backend) != nullptr;
    call.Say(exists ? DumpServersState(view, backend, UnixMs(*clock_)) : kNoSuchBackend);
  });
}

void RuntimeCommands::ShowServersConn(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kCounters, [call](const RuntimeView& view) {
    const std::string backend = call.Word(3);
    const bool exists = backend.empty() || FindBackend(*view.snapshot, backend) != nullptr;
    call.Say(exists ? DumpServersConn(view, backend) : kNoSuchBackend);
  });
}

void RuntimeCommands::ShowBackend(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates,
                    [call](const RuntimeView& view) { call.Say(DumpBackends(*view.snapshot)); });
}

void RuntimeCommands::ShowSessions(const Call& call) {
  backend_->ListSessions([call](const std::vector<v1::SessionEntry>& sessions) {
    const std::string wanted = call.Word(2);
    if (wanted.empty()) {
      call.Say(DumpSessions(sessions));
      return;
    }
    for (const v1::SessionEntry& session : sessions) {
      if (absl::StrFormat("0x%x", session.id()) != wanted) continue;
      call.Say(DumpSessions({session}));
      return;
    }
    call.Say("Session not found.\n");
  });
}

void RuntimeCommands::ShowVersion(const Call& call) { call.Say(version_ + "\n"); }

void RuntimeCommands::ShowLevel(const Call& call) {
  call.Say(absl::StrCat(std::string(AccessLevelName(call.context->level)), "\n"));
}

void RuntimeCommands::SetTimeout(const Call& call) {
  if (call.Word(2) != "cli") return call.Say("'set timeout' only supports 'cli'.\n");
  const std::string text = call.Word(3);
  if (text.empty()) return call.Say("Expects an integer value.\n");
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr int64_t kMaxSeconds = 2'147'483;  // in milliseconds it fits an int
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
      seconds > kMaxSeconds) {
    return call.Say("Invalid timeout value.\n");
  }
  call.context->timeout = Millis(seconds * 1000);
  call.Say("");
}

void RuntimeCommands::LowerToOperator(const Call& call) {
  call.context->level = AccessLevel::kOperator;
  call.Say("");
}

void RuntimeCommands::LowerToUser(const Call& call) {
  call.context->level = AccessLevel::kUser;
  call.Say("");
}

void RuntimeCommands::Help(const Call& call) {
  call.Say(
      "The following commands are valid at this level:\n" +
      CommandTable::List(Words(call.words.begin() + 1, call.words.end()), call.context->level));
}

void RuntimeCommands::Prompt(const Call& call) { call.reply("", ReplyKind::kTogglePrompt); }

void RuntimeCommands::Quit(const Call& call) { call.reply("", ReplyKind::kEnd); }

}  // namespace lb::service
