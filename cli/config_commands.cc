// check, apply, revisions, rollback: configuration as a whole.
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/command.h"

#include "common/base/diagnostics.h"
#include "controlplane/config/compile.h"

namespace lb::cli {
namespace {

using Stub = v1::Admin::Stub;

// Offline: needs no control plane.
int Check(const Session& session, const std::vector<std::string>& paths) {
  const auto files = config::ReadSources(paths);
  if (!files.ok()) return session.Fail(std::string(files.status().message()), kExitRefused);
  Diagnostics diagnostics;
  const bool is_valid =
      config::Compile(*files, config::Environment::Real(), &diagnostics).has_value();
  const Output& output = *session.output;
  if (output.format() == Format::kJson) {
    output.ShowJson({{"valid", is_valid}, {"diagnostics", diagnostics.Render()}});
  } else {
    output.err() << diagnostics.Render();
    if (is_valid) output.out() << "Configuration file is valid\n";
  }
  return is_valid ? kExitOk : kExitRefused;
}

// Tells what became of a new revision, however it came about. `source` is what was applied.
int ReportApply(const Session& session, const v1::ApplyReply& reply, const std::string& source) {
  const Output& output = *session.output;
  if (output.format() == Format::kJson) {
    output.ShowJson(ToJson(reply));
  } else {
    output.err() << reply.diagnostics();
  }
  if (!reply.applied()) {
    const std::string reason = reply.reason().empty() ? "" : absl::StrCat(": ", reply.reason());
    for (const v1::NodeResult& node : reply.nodes()) {
      if (node.stage() != "refused") continue;
      // The reason tells of the first one.
      if (absl::StrContains(reason, absl::StrCat("'", node.node(), "'")) &&
          absl::StrContains(reason, node.reason())) {
        continue;
      }
      output.err() << "lbctl: " << node.node() << " refused " << node.resource() << ": "
                   << node.reason() << "\n";
    }
    return session.Fail(absl::StrCat("nothing was changed", reason), kExitRefused);
  }
  if (output.format() != Format::kJson) {
    if (reply.unchanged()) {
      output.out() << "revision " << reply.revision() << " already is what " << source << " say"
                   << (reply.nodes().empty() ? "" : ", but it does not serve everywhere") << "\n";
    } else {
      output.out() << "revision " << reply.revision() << " serves\n";
    }
    for (const std::string& change : reply.changes()) output.out() << "  " << change << "\n";
    if (!reply.nodes().empty()) output.out() << RenderTable(NodeTable(reply.nodes()));
  }
  return ExitCodeOf(reply.nodes());
}

int Apply(const Session& session, const std::vector<std::string>& paths,
          const std::string& message) {
  const auto files = config::ReadSources(paths);
  if (!files.ok()) return session.Fail(std::string(files.status().message()), kExitRefused);
  v1::ApplyRequest request;
  request.set_message(message);
  *request.mutable_origin() = ThisOrigin();
  for (const config::SourceFile& file : *files) {
    v1::ConfigFile* sent = request.add_files();
    // The control plane has another working directory.
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(file.path, error);
    sent->set_path(error ? file.path : whole.lexically_normal().string());
    sent->set_text(file.text);
  }
  v1::ApplyReply reply;
  const int failed = session.Call(&Stub::Apply, request, &reply);
  return failed != kExitOk ? failed : ReportApply(session, reply, "these files");
}

int Rollback(const Session& session, uint64_t revision) {
  v1::RollbackRequest request;
  request.set_revision(revision);
  *request.mutable_origin() = ThisOrigin();
  v1::ApplyReply reply;
  const int failed = session.Call(&Stub::Rollback, request, &reply);
  if (failed != kExitOk) return failed;
  const int exit_code =
      ReportApply(session, reply, absl::StrCat("the files of revision ", revision));
  if (reply.applied() && session.output->format() != Format::kJson) {
    session.output->out() << "Certificates and other files that it names are no part of a "
                             "revision: they were read as they are now.\n";
  }
  return exit_code;
}

int Revisions(const Session& session, uint32_t limit) {
  v1::ListRevisionsRequest request;
  request.set_limit(limit);
  v1::ListRevisionsReply reply;
  const int failed = session.Call(&Stub::ListRevisions, request, &reply);
  if (failed != kExitOk) return failed;
  Table table{{"revision", "", "when", "author", "message", "outcome"}, {}};
  for (const v1::Revision& revision : reply.revisions()) {
    table.rows.push_back({absl::StrCat(revision.revision()), revision.is_current() ? "*" : "",
                          FormatTime(revision.created_unix_ms()), revision.author(),
                          revision.message(), revision.outcome()});
  }
  session.output->Show(table, reply);
  return kExitOk;
}

}  // namespace

void AddConfigCommands(CLI::App* app, Choice* choice) {
  auto paths = std::make_shared<std::vector<std::string>>();
  auto message = std::make_shared<std::string>();
  auto revision = std::make_shared<uint64_t>(0);
  auto limit = std::make_shared<uint32_t>(50);

  CLI::App* check =
      app->add_subcommand("check", "Check configuration files, without a control plane");
  check->add_option("FILE,-f", *paths, "Files, or directories of *.cfg files")->required();
  check->callback([=] {
    choice->action = [=](const Session& session) { return Check(session, *paths); };
    choice->needs_client = false;
  });

  CLI::App* apply = app->add_subcommand("apply", "Make configuration files the ones that serve");
  apply->add_option("FILE,-f", *paths, "Files, or directories of *.cfg files")->required();
  apply->add_option("-m,--message", *message, "Why, for the history");
  apply->callback([=] {
    choice->action = [=](const Session& session) { return Apply(session, *paths, *message); };
  });

  CLI::App* revisions = app->add_subcommand("revisions", "List the revisions of the configuration");
  revisions->add_option("-n,--limit", *limit, "The newest so many")->capture_default_str();
  revisions->callback(
      [=] { choice->action = [=](const Session& session) { return Revisions(session, *limit); }; });

  CLI::App* rollback = app->add_subcommand("rollback",
                                           "Serve an earlier revision again; files that it names "
                                           "(certificates) are read as they are now");
  rollback->add_option("REV", *revision, "Its number")->required();
  rollback->callback([=] {
    choice->action = [=](const Session& session) { return Rollback(session, *revision); };
  });
}

}  // namespace lb::cli
