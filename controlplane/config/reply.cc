#include "controlplane/config/reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "controlplane/config/log_format.h"
#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

constexpr std::array<uint32_t, 18> kErrorStatuses = {400, 401, 403, 404, 405, 407, 408, 410, 413,
                                                     421, 422, 425, 429, 500, 501, 502, 503, 504};

constexpr uint32_t kDefaultBufsize = 16384;
constexpr uint32_t kDefaultMaxrewrite = 1024;

std::string_view ReasonOf(uint32_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 400:
      return "Bad request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Time-out";
    case 410:
      return "Gone";
    case 413:
      return "Payload Too Large";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 425:
      return "Too Early";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Time-out";
    default:
      return "Other";
  }
}

// Reads the arguments of a reply one keyword at a time.
class ReplyParser {
 public:
  ReplyParser(const Statement& statement, size_t first, size_t last, uint32_t status,
              const ExpressionSite& site, Scope& scope)
      : statement_(statement), next_(first), last_(last), site_(site), scope_(scope) {
    reply_.set_status(status);
  }

  // Of a "deny" line.
  std::optional<v1::Reply> RunDeny() {
    const bool is_bare = next_ == last_;
    const bool has_only_status = last_ - next_ == 2 && statement_.args[next_].text == "deny_status";
    takes_page_ = is_bare || has_only_status;
    may_take_page_ = true;
    std::optional<v1::Reply> reply = Run();
    if (!reply || reply->body_case() != v1::Reply::BODY_NOT_SET) return reply;
    if (!takes_page_) {
      reply->set_literal("");
      return reply;
    }
    if (IsErrorStatus(reply->status())) return reply;
    scope_.ErrorAtName(statement_, absl::StrCat("status ", reply->status(), " has no error page"),
                       absl::StrCat("'deny status ", reply->status(), "' makes an empty reply"));
    return std::nullopt;
  }

  std::optional<v1::Reply> Run() {
    for (; next_ < last_; ++next_) {
      if (!One(statement_.args[next_].text)) return std::nullopt;
    }
    if (reply_.body_case() == v1::Reply::kRaw && (reply_.headers_size() > 0)) {
      scope_.ErrorAtName(statement_, "'hdr' cannot be combined with 'errorfile'");
      return std::nullopt;
    }
    if (needs_type_ && reply_.content_type().empty()) {
      scope_.ErrorAtName(statement_, "a reply with a body needs 'content-type'");
      return std::nullopt;
    }
    if (reply_.body_case() == v1::Reply::BODY_NOT_SET && !reply_.content_type().empty()) {
      scope_.WarningAtName(statement_, "'content-type' is ignored in a reply without a body");
      reply_.clear_content_type();
    }
    return std::move(reply_);
  }

 private:
  bool Fail(std::string message, std::string fix = "") {
    scope_.Error(statement_, next_, std::move(message), std::move(fix));
    return false;
  }

  // Steps to the argument of the keyword at next_; null after an error.
  const std::string* Argument(const std::string& keyword) {
    if (next_ + 1 >= last_) {
      Fail(absl::StrCat("'", keyword, "' expects an argument"));
      return nullptr;
    }
    return &statement_.args[++next_].text;
  }

  bool One(const std::string& keyword) {
    if (keyword == "default-errorfiles" && may_take_page_) return takes_page_ = true;
    if (keyword == "errorfiles" || keyword == "default-errorfiles") {
      return Fail(absl::StrCat("'", keyword, "' is not supported yet"));
    }
    if (keyword == "hdr") return Header();
    for (std::string_view known : {"status", "deny_status", "content-type", "string", "lf-string",
                                   "file", "lf-file", "errorfile"}) {
      if (keyword != known) continue;
      const std::string* argument = Argument(keyword);
      return argument != nullptr && Set(keyword, *argument);
    }
    return Fail(
        absl::StrCat("unexpected '", keyword, "' in a reply"),
        "expected status, content-type, string, lf-string, file, lf-file, errorfile or hdr");
  }

  bool Set(const std::string& keyword, const std::string& argument) {
    if (keyword == "status" || keyword == "deny_status") {
      std::optional<uint32_t> status = scope_.Number(statement_, next_, 200, 599);
      if (status) reply_.set_status(*status);
      return status.has_value();
    }
    if (keyword == "content-type") {
      reply_.set_content_type(argument);
      return true;
    }
    std::string text = argument;
    if (keyword != "string" && keyword != "lf-string") {
      std::optional<std::string> content = scope_.File(statement_, next_);
      if (!content) return false;
      text = *std::move(content);
    }
    if (keyword == "errorfile") return SetRaw(std::move(text));
    needs_type_ = true;
    if (keyword.starts_with("lf-")) return SetFormat(text);
    reply_.set_literal(std::move(text));
    return true;
  }

  bool SetRaw(std::string text) {
    const absl::Status status = CheckRawReply(text, ReplyLimit(scope_.global()));
    if (!status.ok()) return Fail(std::string(status.message()));
    reply_.set_raw(std::move(text));
    return true;
  }

  bool SetFormat(std::string_view text) {
    if (!IsUtf8(text)) return Fail("the file is not UTF-8 text");
    absl::StatusOr<v1::LogFormat> format = ParseLogFormat(text, TagScope::kAny, site_);
    if (!format.ok()) return Fail(std::string(format.status().message()));
    *reply_.mutable_format() = *std::move(format);
    return true;
  }

  bool Header() {
    const std::string* name = Argument("hdr");
    const std::string* value = name == nullptr ? nullptr : Argument("hdr");
    if (value == nullptr) return false;
    absl::StatusOr<v1::LogFormat> format = ParseLogFormat(*value, TagScope::kAny, site_);
    if (!format.ok()) return Fail(std::string(format.status().message()));
    v1::ReplyHeader* header = reply_.add_headers();
    header->set_name(*name);
    *header->mutable_value() = *std::move(format);
    return true;
  }

  const Statement& statement_;
  size_t next_;
  size_t last_;
  const ExpressionSite& site_;
  Scope& scope_;
  v1::Reply reply_;
  bool needs_type_ = false;
  bool may_take_page_ = false;
  bool takes_page_ = false;  // the status' page, unless there is a body
};

// The status line "HTTP/x.y NNN..."
bool IsStatusLine(std::string_view line) {
  if (!line.starts_with("HTTP/") || line.size() < 12 || line[8] != ' ') return false;
  return std::ranges::all_of(line.substr(9, 3), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool IsErrorStatus(uint32_t status) {
  return status == 200 || std::ranges::find(kErrorStatuses, status) != kErrorStatuses.end();
}

absl::Status CheckRawReply(std::string_view text, size_t most) {
  if (text.empty()) return absl::OkStatus();
  if (text.size() > most) {
    return InvalidArgument(
        absl::StrCat("the file has ", text.size(), " bytes, a reply at most ", most));
  }
  bool is_first = true;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return InvalidArgument("the file is not an HTTP message: no empty line ends its head");
    }
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    text.remove_prefix(end + 1);
    if (is_first && !IsStatusLine(line)) {
      return InvalidArgument(
          "the file is not an HTTP message: it must begin with 'HTTP/1.x STATUS'");
    }
    if (line.empty()) return absl::OkStatus();
    if (!is_first && (line.find(':') == std::string_view::npos || line.front() == ':' ||
                      line.front() == ' ' || line.front() == '\t')) {
      return InvalidArgument(absl::StrCat("the file is not an HTTP message: malformed header '",
                                          std::string(line), "'"));
    }
    is_first = false;
  }
}

size_t ReplyLimit(const v1::Global& global) {
  const size_t bufsize = global.bufsize() != 0 ? global.bufsize() : kDefaultBufsize;
  const size_t reserve = global.maxrewrite() != 0 ? global.maxrewrite() : kDefaultMaxrewrite;
  return bufsize > reserve ? bufsize - reserve : bufsize;
}

std::optional<v1::Reply> ParseReply(const Statement& statement, size_t first, size_t last,
                                    uint32_t status, const ExpressionSite& site, Scope& scope) {
  return ReplyParser(statement, first, last, status, site, scope).Run();
}

std::optional<v1::Reply> ParseDenyReply(const Statement& statement, size_t first, size_t last,
                                        uint32_t status, const ExpressionSite& site, Scope& scope) {
  return ReplyParser(statement, first, last, status, site, scope).RunDeny();
}

std::string RawReply(const v1::Reply& reply) {
  if (reply.body_case() == v1::Reply::kRaw) return reply.raw();
  std::string raw =
      absl::StrCat("HTTP/1.1 ", reply.status(), " ", std::string(ReasonOf(reply.status())),
                   "\r\ncontent-length: ", reply.literal().size(), "\r\n");
  if (!reply.content_type().empty()) {
    absl::StrAppend(&raw, "content-type: ", reply.content_type(), "\r\n");
  }
  for (const v1::ReplyHeader& header : reply.headers()) {
    absl::StrAppend(&raw, header.name(), ": ");
    for (const v1::LogItem& item : header.value().items()) raw += item.text();
    raw += "\r\n";
  }
  absl::StrAppend(&raw, "\r\n", reply.literal());
  return raw;
}

std::string RawRedirect(uint32_t code, std::string_view location) {
  return absl::StrCat("HTTP/1.1 ", code, " ", std::string(ReasonOf(code)),
                      "\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ",
                      std::string(location), "\r\n\r\n");
}

}  // namespace lb::config
