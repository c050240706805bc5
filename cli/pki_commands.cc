// pki: a small authority for the channel between the planes. Offline.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "cli/command.h"

#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/tls/pki.h"

namespace lb::cli {
namespace {

constexpr int kAuthorityDays = 3650;
constexpr int kCertificateDays = 825;

struct PkiOptions {
  std::string directory = "pki";
  std::string name;
  std::string role = "node";
  std::vector<std::string> hosts;
  int days = 0;
};

std::string ReadText(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Never over a file that is there: a key that was written over is lost.
absl::Status WriteNew(const std::string& path, const std::string& text, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  for (size_t written = 0; written < text.size();) {
    const ssize_t n = ::write(fd.get(), text.data() + written, text.size() - written);
    if (n <= 0) return ErrnoStatus(errno, path);
    written += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status WritePair(const std::string& stem, const tls::Issued& issued) {
  LB_RETURN_IF_ERROR(WriteNew(stem + ".key", issued.key, 0600));
  return WriteNew(stem + ".pem", issued.certificate, 0644);
}

int Init(const Session& session, const PkiOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return session.Fail(options.directory + ": " + error.message(), kExitRefused);
  auto authority =
      tls::MakeAuthority("lb authority", options.days != 0 ? options.days : kAuthorityDays);
  absl::Status status = authority.status();
  if (status.ok()) status = WritePair(options.directory + "/ca", *authority);
  if (std::filesystem::exists(options.directory + "/ca.key", error) && !status.ok()) {
    return session.Fail(
        absl::StrCat(options.directory,
                     " has an authority already, which is kept: make certificates with lbctl pki "
                     "issue, or a second authority with --dir"),
        kExitRefused);
  }
  if (!status.ok()) return session.Fail(std::string(status.message()), kExitRefused);
  session.output->out() << "made " << options.directory
                        << "/ca.pem and ca.key; keep the key here\n";
  return kExitOk;
}

int IssueOne(const Session& session, const PkiOptions& options) {
  const tls::Issued authority{ReadText(options.directory + "/ca.pem"),
                              ReadText(options.directory + "/ca.key")};
  if (authority.certificate.empty() || authority.key.empty()) {
    return session.Fail(options.directory + " has no ca.pem and ca.key: run lbctl pki init",
                        kExitRefused);
  }
  tls::ChannelRole role = tls::ChannelRole::kNode;
  if (options.role == "control") role = tls::ChannelRole::kControl;
  if (options.role == "operator") role = tls::ChannelRole::kOperator;
  auto issued = tls::Issue(authority, role, options.name, options.hosts,
                           options.days != 0 ? options.days : kCertificateDays);
  const std::string stem = options.directory + "/" + options.name;
  absl::Status status = issued.status();
  if (status.ok()) status = WritePair(stem, *issued);
  if (!status.ok()) return session.Fail(std::string(status.message()), kExitRefused);
  session.output->out() << "made " << stem << ".pem and " << options.name << ".key; use them with\n"
                        << "  --tls-cert " << stem << ".pem --tls-key " << stem << ".key --tls-ca "
                        << options.directory << "/ca.pem\n";
  return kExitOk;
}

}  // namespace

void AddPkiCommands(CLI::App* app, Choice* choice) {
  auto options = std::make_shared<PkiOptions>();
  CLI::App* pki = app->add_subcommand(
      "pki", "Make certificates for the channel between control plane, data planes and operators");
  pki->require_subcommand(1);
  CLI::App* init = pki->add_subcommand("init", "Make an authority");
  CLI::App* issue = pki->add_subcommand("issue", "Make a certificate");
  for (CLI::App* command : {init, issue}) {
    command->add_option("--dir", options->directory, "The authority's directory")
        ->capture_default_str();
    command->add_option("--days", options->days, "How long it is valid (10 years; 825 days)");
  }
  issue->add_option("name", options->name, "Whose it is: a data plane's --node")
      ->required()
      ->check([](const std::string& name) {
        return name.empty() || name.find('/') != std::string::npos || name.front() == '.'
                   ? "expected a name without slashes"
                   : "";
      });
  issue->add_option("hosts", options->hosts, "Names and addresses by which others connect to it");
  issue->add_option("--role", options->role, "control, node or operator")
      ->check(CLI::IsMember({"control", "node", "operator"}))
      ->capture_default_str();
  init->callback([=] {
    choice->needs_client = false;
    choice->action = [=](const Session& session) { return Init(session, *options); };
  });
  issue->callback([=] {
    choice->needs_client = false;
    choice->action = [=](const Session& session) { return IssueOne(session, *options); };
  });
}

}  // namespace lb::cli
