#include "controlplane/checks/http_answer.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "controlplane/checks/regex.h"

namespace lb::checks {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

template <typename Int>
bool ParseNumber(std::string_view text, int base, Int* number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == kNone) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes a line off `rest`, without its end. False: no whole line is there.
bool TakeLine(std::string_view* rest, std::string_view* line) {
  const size_t feed = rest->find('\n');
  if (feed == kNone) return false;
  *line = rest->substr(0, feed);
  if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
  rest->remove_prefix(feed + 1);
  return true;
}

struct Head {
  int status = 0;
  std::string_view reason;
  std::optional<uint64_t> content_length;
  bool is_chunked = false;
};

enum class Parsed : uint8_t { kOk, kMore, kBad };

// "HTTP/1.1 200 OK"
bool ParseStatusLine(std::string_view line, Head* head) {
  const bool has_version = line.size() >= 12 && line.substr(0, 5) == "HTTP/" && line[6] == '.' &&
                           line[8] == ' ' && line[5] >= '0' && line[5] <= '9' && line[7] >= '0' &&
                           line[7] <= '9';
  if (!has_version || !ParseNumber(line.substr(9, 3), 10, &head->status)) return false;
  if (head->status < 100) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  if (line.size() > 13) head->reason = line.substr(13);
  return true;
}

bool ParseField(std::string_view line, Head* head) {
  const size_t colon = line.find(':');
  if (colon == kNone || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (EqualsIgnoringCase(name, "content-length")) {
    uint64_t length = 0;
    if (!ParseNumber(value, 10, &length)) return false;
    head->content_length = length;
  } else if (EqualsIgnoringCase(name, "transfer-encoding")) {
    head->is_chunked = EqualsIgnoringCase(value, "chunked");
  }
  return true;
}

// Takes one head off `rest`.
Parsed TakeHead(std::string_view* rest, Head* head) {
  *head = Head{};
  std::string_view line;
  // Garbage is told apart before its line is complete, which may never be.
  const std::string_view start = rest->substr(0, 5);
  if (start != std::string_view("HTTP/").substr(0, start.size())) return Parsed::kBad;
  if (!TakeLine(rest, &line)) return Parsed::kMore;
  if (!ParseStatusLine(line, head)) return Parsed::kBad;
  while (TakeLine(rest, &line)) {
    if (line.empty()) return Parsed::kOk;
    if (!ParseField(line, head)) return Parsed::kBad;
  }
  return Parsed::kMore;
}

// Joins the chunks that are there.
Parsed ReadChunks(std::string_view rest, std::string* body) {
  std::string_view line;
  while (TakeLine(&rest, &line)) {
    uint64_t size = 0;
    if (!ParseNumber(Trim(line.substr(0, line.find(';'))), 16, &size)) return Parsed::kBad;
    if (size == 0) return Parsed::kOk;
    body->append(rest.substr(0, size));
    if (rest.size() < size) return Parsed::kMore;
    rest.remove_prefix(size);
    if (rest.substr(0, 2) == "\r\n") {
      rest.remove_prefix(2);
    } else if (rest.size() >= 2) {
      return Parsed::kBad;
    } else {
      return Parsed::kMore;
    }
  }
  return Parsed::kMore;
}

Parsed ReadBody(const Head& head, std::string_view rest, std::string* body) {
  if (head.status == 204 || head.status == 304) return Parsed::kOk;
  if (head.is_chunked) return ReadChunks(rest, body);
  if (!head.content_length) {
    *body = std::string(rest);  // until the server closes
    return Parsed::kMore;
  }
  *body = std::string(rest.substr(0, *head.content_length));
  return rest.size() >= *head.content_length ? Parsed::kOk : Parsed::kMore;
}

std::string WithComment(std::string text, const v1::HttpCheckExpect& expect) {
  if (!expect.comment().empty()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", "comment: ", expect.comment());
  }
  return text;
}

CheckResult BadPattern(const v1::HttpCheckExpect& expect) {
  return {CheckStatus::kL7Response,
          0,
          {},
          absl::StrCat("'", expect.pattern(), "' is not a regular expression")};
}

CheckResult JudgeStatus(const v1::HttpCheckExpect& expect, const HttpAnswer& answer) {
  bool is_match = false;
  if (expect.kind() == v1::HttpCheckExpect::STATUS) {
    is_match = IsStatusIn(expect.pattern(), answer.status);
  } else {
    std::optional<Regex> regex = Regex::Compile(expect.pattern());
    if (!regex) return BadPattern(expect);
    is_match = regex->IsFoundIn(std::to_string(answer.status));
  }
  if (is_match != expect.negate()) return {CheckStatus::kL7Ok, answer.status, {}, ""};
  return {CheckStatus::kL7Status, answer.status, {}, WithComment(answer.reason, expect)};
}

std::optional<CheckResult> JudgeBody(const v1::HttpCheckExpect& expect, const HttpAnswer& answer) {
  const bool is_done = answer.state == HttpAnswer::State::kDone;
  bool is_match = false;
  if (expect.kind() == v1::HttpCheckExpect::STRING) {
    is_match = answer.body.find(expect.pattern()) != std::string::npos;
  } else {
    std::optional<Regex> regex = Regex::Compile(expect.pattern());
    if (!regex) return BadPattern(expect);
    is_match = regex->IsFoundIn(answer.body);
  }
  if (!is_match && !is_done) return std::nullopt;
  const char* problem = nullptr;
  if (is_done && answer.body.empty()) {
    problem = "HTTP content check could not find a response body";
  } else if (is_match && expect.negate()) {
    problem = "HTTP check matched unwanted content";
  } else if (!is_match && !expect.negate()) {
    problem = "HTTP content check did not match";
  }
  if (problem == nullptr) return CheckResult{CheckStatus::kL7Ok, answer.status, {}, ""};
  return CheckResult{CheckStatus::kL7Response, 0, {}, WithComment(problem, expect)};
}

}  // namespace

std::string BuildHttpRequest(const v1::HttpCheckSend& send) {
  const std::string version = send.version().empty() ? "HTTP/1.0" : send.version();
  std::string request = absl::StrCat(send.method().empty() ? "OPTIONS" : send.method(), " ",
                                     send.uri().empty() ? "/" : send.uri(), " ", version, "\r\n");
  bool has_connection = false;
  for (const v1::NameValue& field : send.headers()) {
    // The length is ours to say.
    if (EqualsIgnoringCase(field.name(), "content-length") ||
        EqualsIgnoringCase(field.name(), "transfer-encoding")) {
      continue;
    }
    has_connection |= EqualsIgnoringCase(field.name(), "connection");
    absl::StrAppend(&request, field.name(), ": ", field.value(), "\r\n");
  }
  if (!send.body().empty()) {
    absl::StrAppend(&request, "Content-Length: ", send.body().size(), "\r\n");
  }
  const bool is_persistent = version.rfind("HTTP/1.1", 0) == 0;
  if (is_persistent && !has_connection) absl::StrAppend(&request, "Connection: close\r\n");
  absl::StrAppend(&request, "\r\n", send.body());
  return request;
}

HttpAnswer ReadHttpAnswer(std::string_view received, bool is_last) {
  HttpAnswer answer;
  Head head;
  do {
    const Parsed parsed = TakeHead(&received, &head);
    if (parsed == Parsed::kBad || (parsed == Parsed::kMore && is_last)) {
      answer.state = HttpAnswer::State::kBad;
      return answer;
    }
    if (parsed == Parsed::kMore) return answer;
  } while (head.status < 200 && head.status != 101);
  answer.status = head.status;
  answer.reason = std::string(head.reason);
  switch (ReadBody(head, received, &answer.body)) {
    case Parsed::kOk:
      answer.state = HttpAnswer::State::kDone;
      break;
    case Parsed::kMore:
      answer.state = is_last ? HttpAnswer::State::kDone : HttpAnswer::State::kBody;
      break;
    case Parsed::kBad:
      answer.state = HttpAnswer::State::kBad;
      break;
  }
  return answer;
}

std::optional<CheckResult> Judge(const v1::HttpCheckExpect& expect, const HttpAnswer& answer) {
  switch (expect.kind()) {
    case v1::HttpCheckExpect::STRING:
    case v1::HttpCheckExpect::RSTRING:
      return JudgeBody(expect, answer);
    default:
      return JudgeStatus(expect, answer);
  }
}

bool IsStatusIn(std::string_view list, int status) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = Trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const size_t dash = item.find('-');
    int low = 0;
    int high = 0;
    if (!ParseNumber(item.substr(0, dash), 10, &low)) return false;
    if (dash == kNone) {
      high = low;
    } else if (!ParseNumber(item.substr(dash + 1), 10, &high)) {
      return false;
    }
    if (status >= low && status <= high) return true;
  }
  return false;
}

}  // namespace lb::checks
