#include "controlplane/config/keywords/check_steps.h"

#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "controlplane/config/log_format.h"
#include "controlplane/config/regex_check.h"

namespace lb::config {
namespace {

// Options of "expect" that HAProxy has and we do not.
bool IsRefusedExpectOption(std::string_view word) {
  for (std::string_view known :
       {"ok-status", "error-status", "tout-status", "on-success", "on-error", "status-code"}) {
    if (word == known) return true;
  }
  return false;
}

// What both kinds of "expect" have in common.
struct Expectation {
  std::string comment;
  uint32_t min_recv = 0;
  bool negate = false;
  std::string match;
  size_t pattern = 0;  // position of the pattern
};

std::optional<Expectation> ParseExpectation(const Statement& statement, Scope& scope) {
  Expectation out;
  size_t i = 0;
  for (; i + 1 < statement.args.size(); i += 2) {
    const std::string& word = statement.args[i].text;
    if (word == "comment") {
      out.comment = statement.args[i + 1].text;
    } else if (word == "min-recv") {
      if (statement.args[i + 1].text == "-1") continue;
      std::optional<uint32_t> bytes = scope.Number(statement, i + 1);
      if (!bytes) return std::nullopt;
      out.min_recv = *bytes;
    } else if (IsRefusedExpectOption(word)) {
      scope.Error(statement, i, absl::StrCat("'", word, "' is not supported yet"));
      return std::nullopt;
    } else {
      break;
    }
  }
  std::string match;
  for (; i < statement.args.size(); ++i) {
    match = statement.args[i].text;
    while (match.starts_with('!')) {
      out.negate = !out.negate;
      match.erase(0, 1);
    }
    if (!match.empty()) break;
  }
  // These have a syntax of their own behind them.
  if (match == "hdr" || match == "fhdr" || match == "string-lf") {
    scope.Error(statement, i, absl::StrCat("match '", match, "' is not supported yet"));
    return std::nullopt;
  }
  if (i + 1 >= statement.args.size()) {
    scope.Error(statement, i + 1, "an expectation needs a match and a pattern");
    return std::nullopt;
  }
  if (i + 2 < statement.args.size()) {
    scope.Error(statement, i + 2,
                absl::StrCat("unexpected '", statement.args[i + 2].text, "' after the pattern"),
                "protect blanks in a pattern with quotes or backslashes");
    return std::nullopt;
  }
  out.match = std::move(match);
  out.pattern = i + 1;
  return out;
}

bool CheckPatternRegex(const Statement& statement, size_t i, Scope& scope) {
  const absl::Status status = CheckRegex(statement.args[i].text);
  if (!status.ok()) scope.Error(statement, i, std::string(status.message()));
  return status.ok();
}

// "200-299,301".
bool IsStatusList(std::string_view text) {
  for (absl::string_view part : absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    const size_t dash = part.find('-');
    for (absl::string_view number :
         {part.substr(0, dash), dash == absl::string_view::npos ? part : part.substr(dash + 1)}) {
      if (number.size() != 3 || !absl::ascii_isdigit(number[0]) ||
          !absl::ascii_isdigit(number[1]) || !absl::ascii_isdigit(number[2])) {
        return false;
      }
    }
  }
  return true;
}

void OwnTcpSteps(CheckSettings& check) {
  if (check.owns_tcp_steps) return;
  check.owns_tcp_steps = true;
  check.tcp_steps.clear();
}

void AddTcpStep(v1::TcpCheckStep step, Scope& scope) {
  CheckSettings& check = scope.proxy().check;
  OwnTcpSteps(check);
  // A comment is a step without an action, since it counts, and speaks for the one after it.
  if (step.comment().empty() && !check.tcp_steps.empty() &&
      check.tcp_steps.back().step_case() == v1::TcpCheckStep::STEP_NOT_SET) {
    step.set_comment(check.tcp_steps.back().comment());
  }
  check.tcp_steps.push_back(std::move(step));
}

// "comment <text>" at argument `i`; false after an error.
bool TakeComment(const Statement& statement, size_t i, v1::TcpCheckStep* step, Scope& scope) {
  if (i >= statement.args.size()) return true;
  if (statement.args[i].text != "comment" || i + 1 >= statement.args.size()) {
    scope.Error(statement, i, absl::StrCat("unexpected '", statement.args[i].text, "'"),
                "protect blanks in text with quotes or backslashes");
    return false;
  }
  step->set_comment(statement.args[i + 1].text);
  return true;
}

std::optional<std::string> FromHex(const Statement& statement, size_t i, Scope& scope) {
  const std::string& text = statement.args[i].text;
  bool is_hex = text.size() % 2 == 0;
  for (char c : text) is_hex = is_hex && absl::ascii_isxdigit(static_cast<unsigned char>(c));
  if (!is_hex) {
    scope.Error(statement, i,
                absl::StrCat("'", text, "' is not an even number of hexadecimal digits"));
    return std::nullopt;
  }
  return absl::HexStringToBytes(text);
}

// A header's value is a log format in HAProxy; checks have nothing to log, so only text is taken.
std::optional<std::string> PlainText(const Statement& statement, size_t i, Scope& scope) {
  absl::StatusOr<v1::LogFormat> format =
      ParseLogFormat(statement.args[i].text, TagScope::kAny, kConnectionSite);
  if (!format.ok()) {
    scope.Error(statement, i, std::string(format.status().message()));
    return std::nullopt;
  }
  std::string text;
  for (const v1::LogItem& item : format->items()) {
    if (item.kind_case() != v1::LogItem::kText) {
      scope.Error(statement, i, "log formats in checks are not supported yet");
      return std::nullopt;
    }
    text += item.text();
  }
  return text;
}

// One keyword of "http-check send" at `*i`, moved past its arguments. False after an error.
bool SendKeyword(const Statement& statement, size_t* i, v1::HttpCheckSend* send, Scope& scope) {
  const std::string& word = statement.args[*i].text;
  const size_t needed = word == "hdr" ? 2 : 1;
  for (std::string_view refused : {"uri-lf", "body-lf"}) {
    if (word != refused) continue;
    scope.Error(statement, *i, absl::StrCat("'", word, "' is not supported yet"));
    return false;
  }
  if (word != "meth" && word != "uri" && word != "ver" && word != "hdr" && word != "body" &&
      word != "comment") {
    scope.Error(statement, *i, absl::StrCat("unexpected '", word, "'"),
                "expected meth, uri, ver, hdr, body or comment");
    return false;
  }
  if (*i + needed >= statement.args.size()) {
    scope.Error(statement, *i, absl::StrCat("'", word, "' expects more arguments"));
    return false;
  }
  const std::string& value = statement.args[*i + 1].text;
  if (word == "meth") send->set_method(value);
  if (word == "uri") send->set_uri(value);
  if (word == "ver") send->set_version(value);
  if (word == "body") send->set_body(value);
  if (word == "hdr") {
    std::optional<std::string> text = PlainText(statement, *i + 2, scope);
    if (!text) return false;
    v1::NameValue* header = send->add_headers();
    header->set_name(value);
    header->set_value(*text);
  }
  *i += needed + 1;
  return true;
}

}  // namespace

void OwnHttpSteps(CheckSettings& check) {
  if (check.owns_http_steps) return;
  check.owns_http_steps = true;
  check.http_steps.clear();
}

void AddHttpSend(const Statement& statement, Scope& scope) {
  v1::HttpCheckStep step;
  v1::HttpCheckSend* send = step.mutable_send();
  for (size_t i = 0; i < statement.args.size();) {
    if (!SendKeyword(statement, &i, send, scope)) return;
  }
  OwnHttpSteps(scope.proxy().check);
  if (!scope.proxy().check.http_steps.empty()) {
    return scope.ErrorAtName(statement, "a second request in a check is not supported yet");
  }
  scope.proxy().check.http_steps.push_back(std::move(step));
}

void AddHttpExpect(const Statement& statement, Scope& scope) {
  std::optional<Expectation> parsed = ParseExpectation(statement, scope);
  if (!parsed) return;
  const std::string& pattern = statement.args[parsed->pattern].text;
  v1::HttpCheckStep step;
  v1::HttpCheckExpect* expect = step.mutable_expect();
  if (parsed->match == "status") {
    expect->set_kind(v1::HttpCheckExpect::STATUS);
    if (!IsStatusList(pattern)) {
      return scope.Error(statement, parsed->pattern,
                         absl::StrCat("'", pattern, "' is not a list of statuses"),
                         "expected: '200', '200-299' or '200,204,300-399'");
    }
  } else if (parsed->match == "string") {
    expect->set_kind(v1::HttpCheckExpect::STRING);
  } else if (parsed->match == "rstatus" || parsed->match == "rstring") {
    expect->set_kind(parsed->match == "rstatus" ? v1::HttpCheckExpect::RSTATUS
                                                : v1::HttpCheckExpect::RSTRING);
    if (!CheckPatternRegex(statement, parsed->pattern, scope)) return;
  } else {
    return scope.Error(statement, parsed->pattern - 1,
                       absl::StrCat("unknown match '", parsed->match,
                                    "' (expected status, rstatus, string or rstring)"));
  }
  expect->set_negate(parsed->negate);
  expect->set_pattern(pattern);
  expect->set_comment(parsed->comment);
  OwnHttpSteps(scope.proxy().check);
  scope.proxy().check.http_steps.push_back(std::move(step));
}

void AddHttpConnect(const Statement& statement, Scope& scope) {
  for (size_t i = 0; i < statement.args.size(); ++i) {
    if (statement.args[i].text == "default" || statement.args[i].text == "linger") continue;
    return scope.Error(statement, i,
                       absl::StrCat("'", statement.args[i].text,
                                    "' of 'http-check connect' is not supported yet"));
  }
  OwnHttpSteps(scope.proxy().check);
  for (const v1::HttpCheckStep& step : scope.proxy().check.http_steps) {
    if (step.step_case() == v1::HttpCheckStep::kExpect) {
      return scope.ErrorAtName(statement, "a second connection in a check is not supported yet");
    }
  }
}

void AddTcpConnect(const Statement& statement, Scope& scope) {
  v1::TcpCheckStep step;
  step.mutable_connect();
  for (size_t i = 0; i < statement.args.size(); ++i) {
    const std::string& word = statement.args[i].text;
    if (word == "default" || word == "linger") continue;
    if (word != "port" && word != "comment") {
      return scope.Error(statement, i,
                         absl::StrCat("'", word, "' of 'tcp-check connect' is not supported yet"));
    }
    if (++i >= statement.args.size()) {
      return scope.Error(statement, i, absl::StrCat("'", word, "' expects an argument"));
    }
    if (word == "comment") {
      step.set_comment(statement.args[i].text);
      continue;
    }
    std::optional<uint32_t> port = scope.Number(statement, i, 1, 65535);
    if (!port) return;
    step.mutable_connect()->set_port(*port);
  }
  AddTcpStep(std::move(step), scope);
}

void AddTcpSend(const Statement& statement, Scope& scope) {
  v1::TcpCheckStep step;
  step.set_send(statement.args[0].text);
  if (TakeComment(statement, 1, &step, scope)) AddTcpStep(std::move(step), scope);
}

void AddTcpSendBinary(const Statement& statement, Scope& scope) {
  v1::TcpCheckStep step;
  std::optional<std::string> bytes = FromHex(statement, 0, scope);
  if (!bytes || !TakeComment(statement, 1, &step, scope)) return;
  step.set_send(*std::move(bytes));
  AddTcpStep(std::move(step), scope);
}

void AddTcpExpect(const Statement& statement, Scope& scope) {
  std::optional<Expectation> parsed = ParseExpectation(statement, scope);
  if (!parsed) return;
  v1::TcpCheckStep step;
  v1::TcpCheckExpect* expect = step.mutable_expect();
  expect->set_pattern(statement.args[parsed->pattern].text);
  if (parsed->match == "string") {
    expect->set_kind(v1::TcpCheckExpect::STRING);
  } else if (parsed->match == "rstring") {
    expect->set_kind(v1::TcpCheckExpect::RSTRING);
    if (!CheckPatternRegex(statement, parsed->pattern, scope)) return;
  } else if (parsed->match == "binary") {
    expect->set_kind(v1::TcpCheckExpect::BINARY);
    std::optional<std::string> bytes = FromHex(statement, parsed->pattern, scope);
    if (!bytes) return;
    expect->set_pattern(*std::move(bytes));
  } else if (parsed->match == "rbinary" || parsed->match == "binary-lf") {
    return scope.Error(statement, parsed->pattern - 1,
                       absl::StrCat("match '", parsed->match, "' is not supported yet"));
  } else {
    return scope.Error(
        statement, parsed->pattern - 1,
        absl::StrCat("unknown match '", parsed->match, "' (expected string, rstring or binary)"));
  }
  expect->set_negate(parsed->negate);
  expect->set_min_recv(parsed->min_recv);
  step.set_comment(parsed->comment);
  AddTcpStep(std::move(step), scope);
}

void AddTcpComment(const Statement& statement, Scope& scope) {
  v1::TcpCheckStep step;
  step.set_comment(statement.args[0].text);
  AddTcpStep(std::move(step), scope);
}

}  // namespace lb::config
