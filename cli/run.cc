#include "cli/run.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "cli/address.h"
#include "cli/command.h"

#include "common/tls/channel_identity.h"

namespace lb::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 done but a data plane lags, 4 no answer.\n"
    "Without --address and LBCTL_ADDRESS, the one control plane that runs on this host is used.";

struct GlobalOptions {
  std::string address;
  tls::ChannelFiles tls;
  double timeout_seconds = 75;  // a push waits up to a minute for slow data planes
  bool wants_json = false;
  bool wants_csv = false;

  Format format() const {
    if (wants_json) return Format::kJson;
    return wants_csv ? Format::kCsv : Format::kTable;
  }
};

void AddGlobalOptions(CLI::App* app, GlobalOptions* options) {
  app->set_version_flag("--version", std::string("lbctl ") + LB_VERSION);
  app->add_option("-a,--address", options->address, "The control plane: unix:PATH or HOST:PORT")
      ->envname("LBCTL_ADDRESS");
  app->add_option("--tls-cert", options->tls.certificate, "Certificate for a TLS channel")
      ->envname("LBCTL_TLS_CERT");
  app->add_option("--tls-key", options->tls.key, "Its key")->envname("LBCTL_TLS_KEY");
  app->add_option("--tls-ca", options->tls.authority,
                  "Authority of the control plane's certificate")
      ->envname("LBCTL_TLS_CA");
  app->add_option("--timeout", options->timeout_seconds, "Wait at most so many seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI::Option* json = app->add_flag("--json", options->wants_json, "Print JSON, for machines");
  app->add_flag("--csv", options->wants_csv, "Print CSV")->excludes(json);
}

int RunAction(const GlobalOptions& options, const Choice& choice, const std::string& state_root,
              const Output& output) {
  Session session{nullptr, &output};
  if (!choice.needs_client) return choice.action(session);
  std::string address = options.address;
  if (address.empty()) {
    const absl::StatusOr<std::string> found = DefaultAddress(state_root);
    if (!found.ok()) {
      return session.Fail(std::string(found.status().message()),
                          absl::IsNotFound(found.status()) ? kExitUnreachable : kExitUsage);
    }
    address = *found;
  }
  const absl::StatusOr<std::string> target = ParseAddress(address);
  if (!target.ok()) return session.Fail(std::string(target.status().message()), kExitUsage);
  const auto identity = tls::LoadIdentity(options.tls);
  if (!identity.ok()) return session.Fail(std::string(identity.status().message()), kExitUsage);
  Client client(*target, *identity,
                std::chrono::milliseconds(static_cast<int64_t>(options.timeout_seconds * 1000)));
  session.client = &client;
  const int exit_code = choice.action(session);
  if (exit_code == kExitUnreachable) {
    output.err()
        << "lbctl: asked " << address
        << (identity->has_value() || address.starts_with("unix:")
                ? ""
                : " without TLS: if it speaks TLS, give --tls-cert, --tls-key and --tls-ca")
        << "\n";
  }
  return exit_code;
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const std::string& state_root, std::ostream* out,
        std::ostream* err) {
  CLI::App app("lbctl: operates lb, through its control plane.", "lbctl");
  app.footer(kFooter);
  app.require_subcommand(1);
  // Lets "--json" and "--address" also stand after the command.
  app.fallthrough();
  app.set_help_all_flag("--help-all", "Show the help of every command");
  GlobalOptions options;
  Choice choice;
  AddGlobalOptions(&app, &options);
  AddConfigCommands(&app, &choice);
  AddShowCommands(&app, &choice);
  AddServerCommands(&app, &choice);
  AddTlsCommands(&app, &choice);
  AddEventCommands(&app, &choice);
  AddPkiCommands(&app, &choice);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  // CLI11 reports by exceptions, also what is no error (--help).
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::RequiredError& problem) {
    // A word that is no command leaves the command missing: the word is what to tell of.
    const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
    if (unknown.empty()) {
      app.exit(problem, *out, *err);
    } else {
      *err << "lbctl: unknown " << (unknown.front().starts_with("-") ? "option '" : "command '")
           << unknown.front() << "'\nRun with --help or --help-all for more information.\n";
    }
    return kExitUsage;
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem, *out, *err) == 0 ? kExitOk : kExitUsage;
  }
  return RunAction(options, choice, state_root, Output(out, err, options.format()));
}

}  // namespace lb::cli
