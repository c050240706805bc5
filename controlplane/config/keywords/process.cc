// Keywords about the process itself. Most are accepted and have no effect, each with its reason.
// Source: HAProxy configuration manual, section 3.
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr std::string_view kOwnProcess = "processes are started by systemd or 'lbd'; set it there";
constexpr std::string_view kTuning = "this tunes HAProxy's own machinery, which is not here";

constexpr Keyword Ignored(std::string_view name, Sections sections, std::string_view arguments,
                          std::string_view manual, std::string_view reason) {
  Keyword keyword;
  keyword.text = {name, arguments, "Accepted, of no effect.", "", manual, Support::kNotice, reason};
  keyword.sections = sections;
  keyword.max_args = kAnyNumber;
  return keyword;
}

void Note(Scope& scope, const Statement& statement, std::string_view reason) {
  scope.diagnostics().Notice(statement.NamePlace(),
                             "'" + statement.name.text + "' has no effect: " + std::string(reason));
}

// A file that asks for fewer rights than root's is not to be served with them unawares.
void NoteOfPrivileges(const Statement& statement, Scope& scope) {
  const std::string& value = statement.args[0].text;
  if (!scope.env().is_root || value == "root" || value == "0" || value == "/") {
    return Note(scope, statement, kOwnProcess);
  }
  scope.WarningAtName(statement,
                      "'" + statement.name.text + "' is not carried out: this runs as root",
                      "start it as another user, by systemd's User=: deploy/lbd.service does");
}

// Keeps the value for who asks, and says that the file alone does not do it.
template <std::string ControlSettings::*kField>
void Remember(const Statement& statement, Scope& scope) {
  scope.control().*kField = statement.args[0].text;
  NoteOfPrivileges(statement, scope);
}

void SetProcesses(const Statement& statement, Scope& scope) {
  const auto count = scope.Number(statement, 0);
  if (!count) return;
  if (*count != 1) {
    return scope.Error(statement, 0, "only 'nbproc 1' is supported", "use 'nbthread'");
  }
  Note(scope, statement, "one process is all there is; use 'nbthread'");
}

constexpr Keyword kProcessKeywords[] = {
    {.text = {"daemon", "", "Runs in the background, like the option '-D'; '-db' undoes it.", "",
              "3.1"},
     .sections = kInGlobal,
     .apply = [](const Statement&, Scope& scope) { scope.control().daemon = true; }},
    {.text = {"master-worker", "[no-exit-on-failure]", "Asks for HAProxy's master process.", "",
              "3.1"},
     .sections = kInGlobal,
     .max_args = 1,
     .apply =
         [](const Statement& s, Scope& scope) {
           scope.control().master_worker = true;
           Note(scope, s, "configuration is pushed into the running process");
         }},
    {.text = {"user", "<name>", "User to run as.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = Remember<&ControlSettings::user>},
    {.text = {"group", "<name>", "Group to run as.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = Remember<&ControlSettings::group>},
    {.text = {"chroot", "<directory>", "Directory to confine the process to.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = Remember<&ControlSettings::chroot>},
    {.text = {"nbproc", "1", "Processes; only 1 is accepted.", "1", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = SetProcesses},
    {.text = {"uid", "<number>", "User to run as, by number.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = NoteOfPrivileges},
    {.text = {"gid", "<number>", "Group to run as, by number.", "", "3.1"},
     .sections = kInGlobal,
     .min_args = 1,
     .max_args = 1,
     .apply = NoteOfPrivileges},
    Ignored("ulimit-n", kInGlobal, "<number>", "3.1",
            "the descriptor limit is raised to its hard limit at start"),
    Ignored("fd-hard-limit", kInGlobal, "<number>", "3.1",
            "the descriptor limit is raised to its hard limit at start"),
    Ignored("strict-limits", kInGlobal, "", "3.1", "limits are always checked"),
    Ignored("insecure-fork-wanted", kInGlobal, "", "3.1",
            "the data plane never forks; checks run in the control plane"),
    Ignored("insecure-setuid-wanted", kInGlobal, "", "3.1", "the data plane never forks"),
    Ignored("cpu-map", kInGlobal, "<thread-set> <cpu-set>", "3.1",
            "pin threads with systemd's CPUAffinity or taskset"),
    Ignored("numa-cpu-mapping", kInGlobal, "", "3.1",
            "pin threads with systemd's NUMAPolicy or numactl"),
    Ignored("set-dumpable", kInGlobal, "", "3.1", kOwnProcess),
    Ignored("localpeer", kInGlobal, "<name>", "3.1",
            "data planes share their state through the control plane"),
    Ignored("mworker-max-reloads", kInGlobal, "<number>", "3.1", "there is no master process"),
    Ignored("quiet", kInGlobal, "", "3.3", "use the command line"),
    Ignored("zero-warning", kInGlobal, "", "3.3", "use the command line"),
    Ignored("noepoll", kInGlobal, "", "3.2", kTuning),
    Ignored("nopoll", kInGlobal, "", "3.2", kTuning),
    Ignored("nokqueue", kInGlobal, "", "3.2", kTuning),
    Ignored("noevports", kInGlobal, "", "3.2", kTuning),
    Ignored("nosplice", kInGlobal, "", "3.2", kTuning),
    Ignored("noreuseport", kInGlobal, "", "3.2", kTuning),
    Ignored("no-memory-trimming", kInGlobal, "", "3.2", kTuning),
    Ignored("busy-polling", kInGlobal, "", "3.2", kTuning),
    Ignored("maxpipes", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("profiling.tasks", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("profiling.memory", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("server-state-base", kInGlobal, "<directory>", "3.1",
            "server states are kept by the control plane's store"),
    Ignored("server-state-file", kInGlobal, "<file>", "3.1",
            "server states are kept by the control plane's store"),
    Ignored("load-server-state-from-file", kInAnyProxy, "<mode>", "4.2",
            "server states are kept by the control plane's store"),
    Ignored("server-state-file-name", kInAnyProxy, "<file>", "4.2",
            "server states are kept by the control plane's store"),
    Ignored("bind-process", kInAnyProxy, "<set>", "4.2", "there is one process"),
    Ignored("tune.buffers.limit", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.buffers.reserve", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.comp.maxlevel", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.fd.edge-triggered", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("tune.http.cookielen", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.http.logurilen", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.idle-pool.shared", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("tune.idletimer", kInGlobal, "<duration>", "3.2", kTuning),
    Ignored("tune.listener.multi-queue", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("tune.maxaccept", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.maxpollevents", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.pattern.cache-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.pipesize", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.pool-high-fd-ratio", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.pool-low-fd-ratio", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.rcvbuf.client", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.rcvbuf.server", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.recv_enough", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.runqueue-depth", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.sched.low-latency", kInGlobal, "<mode>", "3.2", kTuning),
    Ignored("tune.sndbuf.client", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.sndbuf.server", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.vars.global-max-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.vars.proc-max-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.vars.reqres-max-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.vars.sess-max-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.vars.txn-max-size", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.zlib.memlevel", kInGlobal, "<number>", "3.2", kTuning),
    Ignored("tune.zlib.windowsize", kInGlobal, "<number>", "3.2", kTuning),
};

}  // namespace

std::span<const Keyword> ProcessKeywords() { return kProcessKeywords; }

}  // namespace lb::config
