#include "controlplane/server/options.h"

#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/base/units.h"
#include "controlplane/config/condition.h"

namespace lb::control {
namespace {

std::string HelpText(const ProgramFacts& program) {
  const std::string& name = program.name;
  std::string text = absl::StrCat(
      name, ": ", program.description, "\n\nUsage: ", name, " -f FILE [options]\n\n",
      "Options of HAProxy:\n"
      "  -f PATH        configuration file, or a directory of *.cfg files; repeatable\n"
      "  -c             check the configuration, and exit with 0 when it is valid\n"
      "  -cc CONDITION  exit with 0 when the condition of an \".if\" line holds\n"
      "  -C DIR         change to DIR first\n"
      "  -D             run in the background; returns when everything is up\n"
      "  -db            stay in the foreground, whatever the configuration says\n"
      "  -W, -Ws        stay in the foreground; with \"s\" tell systemd when ready\n"
      "  -p FILE        write the process id to FILE\n"
      "  -d             print debugging messages\n"
      "  -dW            fail when the configuration has warnings\n"
      "  -q, -V         print less, print more\n"
      "  -v, -vv        print the version, print the version and the features\n\n"
      "Options of its own:\n"
      "  --state-dir DIR    where revisions, states and operators' orders are kept (default:\n"
      "                     a directory for each configuration, below /var/lib/lb for root,\n"
      "                     otherwise below ${XDG_STATE_HOME:-~/.local/state}/lb)\n"
      "  --listen ADDRESS   HOST:PORT or unix:PATH where data planes and lbctl connect, besides\n"
      "                     admin.sock in the state directory; repeatable; \"none\": nowhere else\n"
      "                     (default: ");
  absl::StrAppend(
      &text, program.default_listen.empty() ? "none" : program.default_listen,
      ")\n"
      "  --tls-cert FILE, --tls-key FILE, --tls-ca FILE\n"
      "                     mutual TLS on the --listen addresses: who connects needs a\n"
      "                     certificate of this authority (lbctl pki makes them)\n"
      "  --insecure-listen  allow --listen addresses that other machines can reach without\n"
      "                     TLS: whoever connects is obeyed\n");
  if (program.carries_traffic) {
    absl::StrAppend(
        &text, "  --drain-timeout T  how long sessions may go on after SIGTERM (default: 10s)\n");
  }
  absl::StrAppend(&text,
                  "  --help, --version\n\n"
                  "Signals: TERM and INT stop, USR1 stops when the last session has ended, HUP\n"
                  "reads the files again and applies them.\n");
  return text;
}

std::string VersionText(const ProgramFacts& program, bool has_features) {
  std::string text =
      absl::StrCat(program.name, " version ", program.version, "\nConfiguration language: HAProxy ",
                   std::string(config::kLanguageVersion), "\n");
  if (!has_features) return text;
  absl::StrAppend(&text, "Features:");
  for (std::string_view feature : config::Features()) {
    absl::StrAppend(&text, " ", std::string(feature));
  }
  return absl::StrCat(text, "\n");
}

// Reads one command line.
class Reader {
 public:
  Reader(const ProgramFacts& program, const std::vector<std::string>& arguments)
      : program_(program), arguments_(arguments) {}

  ParsedOptions Read() {
    while (!is_done_ && next_ < arguments_.size()) ReadOne(arguments_[next_++]);
    if (!is_done_) Complete();
    return std::move(parsed_);
  }

 private:
  ControlOptions& options() { return parsed_.options; }

  void ReadOne(const std::string& word) {
    if (word == "--") {
      while (next_ < arguments_.size()) options().files.push_back(arguments_[next_++]);
      return;
    }
    const size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    if (equals != std::string::npos) attached_ = word.substr(equals + 1);
    if (!ReadFlag(name) && !ReadValued(name)) {
      Refuse(absl::StrCat("unknown option '", word, "'"));
    } else if (attached_.has_value() && !is_done_) {
      Refuse(absl::StrCat("option '", name, "' takes no value"));
    }
    attached_.reset();
  }

  bool ReadFlag(const std::string& name) {
    if (name == "-v" || name == "--version") {
      Answer(VersionText(program_, /*has_features=*/false));
    } else if (name == "-vv") {
      Answer(VersionText(program_, /*has_features=*/true));
    } else if (name == "-h" || name == "--help") {
      Answer(HelpText(program_));
    } else if (name == "-c") {
      options().is_check = true;
    } else if (name == "-d") {
      options().is_debug = options().is_foreground = true;
    } else if (name == "-db") {
      options().is_foreground = true;
    } else if (name == "-dW") {
      options().fails_on_warnings = true;
    } else if (name == "-D") {
      options().is_daemon = true;
    } else if (name == "-Ws") {
      options().notifies_systemd = options().is_foreground = true;
    } else if (name == "-q") {
      options().is_quiet = true;
    } else if (name == "-V") {
      options().is_quiet = false;
    } else if (name == "--insecure-listen") {
      allows_remote_ = true;
    } else {
      return name == "-W";  // there is no separate master: the program is its own
    }
    return true;
  }

  bool ReadValued(const std::string& name) {
    const std::map<std::string, std::function<void(const std::string&)>> valued = {
        {"-f", [this](const std::string& v) { options().files.push_back(v); }},
        {"-cc", [this](const std::string& v) { options().condition = v; }},
        {"-C", [this](const std::string& v) { options().directory = v; }},
        {"-p", [this](const std::string& v) { options().pid_file = v; }},
        {"--state-dir", [this](const std::string& v) { options().state_dir = v; }},
        {"--listen", [this](const std::string& v) { listens_.push_back(v); }},
        {"--tls-cert", [this](const std::string& v) { options().tls.certificate = v; }},
        {"--tls-key", [this](const std::string& v) { options().tls.key = v; }},
        {"--tls-ca", [this](const std::string& v) { options().tls.authority = v; }},
        {"--drain-timeout", [this](const std::string& v) { ReadDrainTimeout(v); }},
    };
    auto it = valued.find(name);
    if (it == valued.end()) return false;
    if (name == "--drain-timeout" && !program_.carries_traffic) return false;
    std::optional<std::string> value = std::exchange(attached_, std::nullopt);
    if (!value.has_value() && next_ < arguments_.size()) value = arguments_[next_++];
    if (!value.has_value()) {
      Refuse(absl::StrCat("option '", name, "' needs a value"));
    } else {
      it->second(*value);
    }
    return true;
  }

  void ReadDrainTimeout(const std::string& value) {
    absl::StatusOr<Millis> timeout = ParseDuration(value, Millis(1000));
    if (timeout.ok()) {
      options().drain_timeout = *timeout;
    } else {
      Refuse(absl::StrCat("--drain-timeout: ", timeout.status().message()));
    }
  }

  void Complete() {
    if (listens_.empty() && !program_.default_listen.empty()) {
      listens_.push_back(program_.default_listen);
    }
    for (const std::string& address : listens_) {
      if (address == "none") continue;
      if (!allows_remote_ && !options().tls.is_set() && !IsLocalAddress(address)) {
        Refuse(absl::StrCat("--listen ", address,
                            ": other machines can reach this address, and the channel is "
                            "plaintext; use --tls-cert, --tls-key and --tls-ca (lbctl pki makes "
                            "them), or allow it with --insecure-listen"));
        return;
      }
      options().listens.push_back(address);
    }
    const ControlOptions& o = options();
    if (o.files.empty() && o.state_dir.empty() && !o.condition.has_value()) {
      Refuse("no configuration: name one with -f");
      return;
    }
    parsed_.should_run = true;
  }

  void Answer(std::string text) {
    is_done_ = true;
    parsed_.text = std::move(text);
  }

  void Refuse(const std::string& why) {
    if (is_done_) return;
    Answer(absl::StrCat(program_.name, ": ", why, "\nRun ", program_.name, " --help for usage.\n"));
    parsed_.exit_status = 1;
  }

  const ProgramFacts& program_;
  const std::vector<std::string>& arguments_;
  size_t next_ = 0;
  std::optional<std::string> attached_;  // "V" of "--name=V", until it is used
  std::vector<std::string> listens_;
  bool allows_remote_ = false;
  bool is_done_ = false;
  ParsedOptions parsed_;
};

}  // namespace

ParsedOptions ParseOptions(const ProgramFacts& program, const std::vector<std::string>& arguments) {
  return Reader(program, arguments).Read();
}

bool IsLocalAddress(const std::string& address) {
  if (address.starts_with("unix:")) return true;
  const size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon == std::string::npos ? 0 : colon);
  if (host == "localhost" || host == "[::1]") return true;
  absl::StatusOr<Address> parsed = Address::Parse(address);
  return parsed.ok() && parsed->family() == AF_INET && host.starts_with("127.");
}

}  // namespace lb::control
