// show events, watch, run: the history, live; and the runtime socket's language.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/command.h"

namespace lb::cli {
namespace {

using Stub = v1::Admin::Stub;

void PrintLive(const v1::Event& event, const Output& output) {
  if (output.format() == Format::kJson) {
    // One event a line, for programs that read lines.
    output.out() << ToJson(event).dump(-1, ' ', /*ensure_ascii=*/false,
                                       nlohmann::json::error_handler_t::replace);
  } else {
    output.out() << FormatTime(event.at_unix_ms()) << "  " << event.kind() << "  "
                 << event.subject() << "  " << event.text();
    if (!event.origin().empty()) output.out() << "  (" << event.origin() << ")";
  }
  output.out() << std::endl;  // flushed: a reader waits for it
}

int Watch(const Session& session, uint64_t count) {
  grpc::ClientContext context;
  const auto stream = session.client->stub()->WatchEvents(&context, v1::WatchEventsRequest());
  uint64_t seen = 0;
  for (v1::Event event; stream->Read(&event);) {
    PrintLive(event, *session.output);
    if (++seen == count) {
      context.TryCancel();
      stream->Finish();
      return kExitOk;
    }
  }
  const grpc::Status status = stream->Finish();
  return status.ok() ? session.Fail("the control plane has ended", kExitUnreachable)
                     : session.Fail(status);
}

int RunLine(const Session& session, const std::string& line) {
  v1::RunCommandRequest request;
  request.set_line(line);
  *request.mutable_origin() = ThisOrigin();
  v1::RunCommandReply reply;
  const int failed = session.Call(&Stub::RunCommand, request, &reply);
  if (failed != kExitOk) return failed;
  if (session.output->format() == Format::kJson) {
    session.output->ShowJson(ToJson(reply));
  } else {
    session.output->out() << reply.output();
  }
  return kExitOk;
}

}  // namespace

Action RunRuntimeCommand(std::string line) {
  return [line = std::move(line)](const Session& session) { return RunLine(session, line); };
}

Action ShowEvents(std::string server, uint32_t limit) {
  return [server = std::move(server), limit](const Session& session) {
    v1::ListEventsRequest request;
    request.set_server(server);
    request.set_limit(limit);
    v1::ListEventsReply reply;
    const int failed = session.Call(&Stub::ListEvents, request, &reply);
    if (failed != kExitOk) return failed;
    // The widest column last: lines stay readable where it is short.
    Table table{{"id", "when", "kind", "subject", "origin", "event"}, {}};
    for (const v1::Event& event : reply.events()) {
      table.rows.push_back({absl::StrCat(event.id()), FormatTime(event.at_unix_ms()), event.kind(),
                            event.subject(), event.origin(), event.text()});
    }
    session.output->Show(table, reply);
    return kExitOk;
  };
}

void AddEventCommands(CLI::App* app, Choice* choice) {
  auto count = std::make_shared<uint64_t>(0);
  auto words = std::make_shared<std::vector<std::string>>();

  CLI::App* watch = app->add_subcommand("watch", "Print events as they happen");
  watch->add_option("-n,--count", *count, "End after so many; 0: never")->capture_default_str();
  watch->callback(
      [=] { choice->action = [=](const Session& session) { return Watch(session, *count); }; });

  CLI::App* run = app->add_subcommand("run", "Run a line of the runtime socket's language");
  run->add_option("LINE", *words, "Such as: show stat")->required();
  run->callback([=] {
    choice->action = [=](const Session& session) {
      return RunLine(session, absl::StrJoin(*words, " "));
    };
  });
}

}  // namespace lb::cli
