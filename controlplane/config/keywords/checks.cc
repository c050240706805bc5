// Kinds of health checks: the options that choose one and what they carry.
// Source: HAProxy configuration manual, section 4.2, "option httpchk", "option mysql-check",
// "option external-check", "external-check", "option tcp-check".
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/check_steps.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr Sections kChecksBack = kInBackend | kInDefaults;

// "no option httpchk" ends the kind if it is the one in force.
bool Choose(const Statement& statement, Scope& scope, v1::HealthCheck::Kind kind) {
  CheckSettings& check = scope.proxy().check;
  if (statement.prefix == Prefix::kNone) {
    check.kind = kind;
    return true;
  }
  if (check.kind == kind) check.kind = v1::HealthCheck::TCP;
  return false;
}

// The old way to add headers: "HTTP/1.1\r\nHost: www" as the version.
void SplitVersion(std::string_view text, v1::HttpCheckSend* send) {
  size_t end = text.find("\r\n");
  send->set_version(std::string(text.substr(0, end)));
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 2);
    end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    v1::NameValue* header = send->add_headers();
    header->set_name(std::string(line.substr(0, colon)));
    header->set_value(std::string(value));
  }
}

void ChooseHttp(const Statement& statement, Scope& scope) {
  if (!Choose(statement, scope, v1::HealthCheck::HTTP)) return;
  CheckSettings& check = scope.proxy().check;
  OwnHttpSteps(check);
  v1::HttpCheckSend send;
  const std::vector<Word>& args = statement.args;
  if (args.size() == 1) send.set_uri(args[0].text);
  if (args.size() > 1) {
    send.set_method(args[0].text);
    send.set_uri(args[1].text);
  }
  if (args.size() > 2) SplitVersion(args[2].text, &send);
  if (!send.version().empty() && !send.version().starts_with("HTTP/1.")) {
    return scope.Error(statement, 2,
                       absl::StrCat("'", send.version(), "' is not a version of HTTP/1"));
  }
  check.http_option = std::move(send);
}

void ChooseMysql(const Statement& statement, Scope& scope) {
  if (!Choose(statement, scope, v1::HealthCheck::MYSQL)) return;
  CheckSettings& check = scope.proxy().check;
  check.mysql_user.clear();
  check.mysql_pre_41 = false;
  const std::vector<Word>& args = statement.args;
  if (args.empty()) return;
  if (args[0].text != "user" || args.size() < 2) {
    return scope.Error(statement, 0, "expected: option mysql-check [user <name> [post-41|pre-41]]");
  }
  check.mysql_user = args[1].text;
  if (args.size() < 3) return;
  if (args[2].text != "post-41" && args[2].text != "pre-41") {
    return scope.Error(
        statement, 2, absl::StrCat("unexpected '", args[2].text, "' (expected post-41 or pre-41)"));
  }
  check.mysql_pre_41 = args[2].text == "pre-41";
}

constexpr Keyword kChecksKeywords[] = {
    {.text = {"option httpchk", "[[<method>] <uri> [<version>]]",
              "Checks by an HTTP request, 'OPTIONS / HTTP/1.0' unless given.", "off", "4.2"},
     .sections = kChecksBack,
     .max_args = 3,
     .can_negate = true,
     .apply = ChooseHttp},
    {.text = {"http-check send",
              "[meth <method>] [uri <uri>] [ver <version>] [hdr <name> <value>]... [body <text>]",
              "The request of an HTTP check.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = AddHttpSend},
    {.text = {"http-check expect", "[comment <text>] [!] status|rstatus|string|rstring <pattern>",
              "What the response of an HTTP check must be.", "status 200-399", "4.2"},
     .sections = kChecksBack,
     .min_args = 2,
     .max_args = kAnyNumber,
     .apply = AddHttpExpect},
    {.text = {"http-check connect", "[default]", "Opens the connection of an HTTP check.", "",
              "4.2"},
     .sections = kChecksBack,
     .max_args = kAnyNumber,
     .apply = AddHttpConnect},
    {.text = {"http-check comment", "<text>", "A remark.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement&, Scope&) {}},
    {.text = {"option tcp-check", "", "Checks by a script of sends and expectations.", "off",
              "4.2"},
     .sections = kChecksBack,
     .can_negate = true,
     .apply = [](const Statement& s,
                 Scope& scope) { Choose(s, scope, v1::HealthCheck::TCP_SCRIPT); }},
    {.text = {"tcp-check connect", "[default] [port <port>] [linger] [comment <text>]",
              "Opens a connection.", "", "4.2"},
     .sections = kChecksBack,
     .max_args = kAnyNumber,
     .apply = AddTcpConnect},
    {.text = {"tcp-check send", "<text> [comment <text>]", "Sends text.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 3,
     .bytes = BytesArgument::kFirst,
     .apply = AddTcpSend},
    {.text = {"tcp-check send-binary", "<hex> [comment <text>]",
              "Sends bytes given in hexadecimal.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 3,
     .apply = AddTcpSendBinary},
    {.text = {"tcp-check expect",
              "[min-recv <bytes>] [comment <text>] [!] string|rstring|binary <pattern>",
              "What must be received.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 2,
     .max_args = kAnyNumber,
     .bytes = BytesArgument::kLast,
     .apply = AddTcpExpect},
    {.text = {"tcp-check comment", "<text>", "Names the next step in messages.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 1,
     .apply = AddTcpComment},
    {.text = {"option mysql-check", "[user <name> [post-41|pre-41]]",
              "Checks by a MySQL handshake.", "off", "4.2"},
     .sections = kChecksBack,
     .max_args = 3,
     .can_negate = true,
     .apply = ChooseMysql},
    {.text = {"option external-check", "", "Checks by a command.", "off", "4.2"},
     .sections = kChecksBack,
     .can_negate = true,
     .apply = [](const Statement& s,
                 Scope& scope) { Choose(s, scope, v1::HealthCheck::EXTERNAL); }},
    {.text = {"external-check command", "<path>", "The command of an external check.", "", "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement& s,
                 Scope& scope) { scope.proxy().check.external_command = s.args[0].text; }},
    {.text = {"external-check path", "<directories>", "PATH of the command's environment.", "",
              "4.2"},
     .sections = kChecksBack,
     .min_args = 1,
     .max_args = 1,
     .apply = [](const Statement& s,
                 Scope& scope) { scope.proxy().check.external_path = s.args[0].text; }},
};

}  // namespace

std::span<const Keyword> CheckKeywords() { return kChecksKeywords; }

}  // namespace lb::config
