// set ssl ...: replaces a file of TLS settings on every data plane, while it serves.
#include <fstream>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/command.h"

namespace lb::cli {
namespace {

using Stub = v1::Admin::Stub;

struct TlsFileWords {
  std::string name;
  std::string path;
};

int SetTlsFile(const Session& session, const std::string& kind, const TlsFileWords& words) {
  // The answer would come too late: the key has been sent by then.
  if (!session.client->is_private()) {
    return session.Fail(
        "certificates are not sent over a plaintext channel to another machine: use --tls-cert, "
        "--tls-key and --tls-ca",
        kExitRefused);
  }
  std::ifstream file(words.path, std::ios::binary);
  if (!file) return session.Fail(absl::StrCat("cannot read '", words.path, "'"), kExitUsage);
  v1::SetTlsFileRequest request;
  request.set_kind(kind);
  request.set_name(words.name);
  request.set_contents(std::string(std::istreambuf_iterator<char>(file), {}));
  *request.mutable_origin() = ThisOrigin();
  v1::SetTlsFileReply reply;
  const int failed = session.Call(&Stub::SetTlsFile, request, &reply);
  if (failed != kExitOk) return failed;
  const Output& output = *session.output;
  const int exit_code = ExitCodeOf(reply.nodes());
  if (output.format() == Format::kJson) {
    output.ShowJson(ToJson(reply));
    return exit_code;
  }
  for (const std::string& warning : reply.warnings())
    output.err() << "warning: " << warning << "\n";
  if (reply.unchanged()) {
    output.out() << "'" << words.name << "' serves already\n";
  } else {
    output.out() << RenderTable(NodeTable(reply.nodes()));
  }
  return exit_code;
}

}  // namespace

void AddTlsCommands(CLI::App* app, Choice* choice) {
  CLI::App* ssl = app->get_subcommand("set")->add_subcommand(
      "ssl",
      "Replace a certificate, or a file of authorities or revocations, until the next apply");
  ssl->require_subcommand(1);
  for (const char* kind : {"cert", "ca-file", "crl-file"}) {
    auto words = std::make_shared<TlsFileWords>();
    CLI::App* command = ssl->add_subcommand(kind, "Serve what FILE holds under NAME");
    command->add_option("NAME", words->name, "As the configuration names it")->required();
    command->add_option("FILE", words->path, "PEM; of a certificate with its chain and key")
        ->required();
    command->callback([=] {
      choice->action = [=](const Session& session) { return SetTlsFile(session, kind, *words); };
    });
  }
}

}  // namespace lb::cli
