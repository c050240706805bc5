// "errorfile", "errorloc", "http-error": what error replies look like.
// Source: HAProxy configuration manual, section 4.2.
#include "absl/strings/str_cat.h"

#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"
#include "controlplane/config/reply.h"

namespace lb::config {
namespace {

// Argument `i` as a status that has an error reply.
std::optional<uint32_t> ErrorStatus(const Statement& statement, size_t i, Scope& scope) {
  std::optional<uint32_t> status = scope.Number(statement, i);
  if (!status || IsErrorStatus(*status)) return status;
  scope.Error(
      statement, i, absl::StrCat("there is no error reply with status ", *status),
      "statuses: 200 400 401 403 404 405 407 408 410 413 421 422 425 429 500 501 502 503 504");
  return std::nullopt;
}

void SetErrorFile(const Statement& statement, Scope& scope) {
  std::optional<uint32_t> status = ErrorStatus(statement, 0, scope);
  std::optional<std::string> text = scope.File(statement, 1);
  if (!status || !text) return;
  const absl::Status valid = CheckRawReply(*text, ReplyLimit(scope.global()));
  if (!valid.ok()) return scope.Error(statement, 1, std::string(valid.message()));
  scope.proxy().error_files[*status] = *std::move(text);
}

template <uint32_t kCode>
void SetErrorLocation(const Statement& statement, Scope& scope) {
  if (std::optional<uint32_t> status = ErrorStatus(statement, 0, scope)) {
    scope.proxy().error_files[*status] = RawRedirect(kCode, statement.args[1].text);
  }
}

void SetHttpError(const Statement& statement, Scope& scope) {
  if (statement.args[0].text != "status") {
    return scope.Error(statement, 0, "expected 'status' first");
  }
  std::optional<uint32_t> status = ErrorStatus(statement, 1, scope);
  if (!status) return;
  std::optional<v1::Reply> reply =
      ParseReply(statement, 2, statement.args.size(), *status, kResponseSite, scope);
  if (!reply) return;
  bool is_plain = reply->body_case() != v1::Reply::kFormat;
  for (const v1::ReplyHeader& header : reply->headers()) {
    for (const v1::LogItem& item : header.value().items()) {
      is_plain = is_plain && item.kind_case() == v1::LogItem::kText;
    }
  }
  if (!is_plain) {
    return scope.ErrorAtName(statement, "log formats in 'http-error' are not supported yet");
  }
  scope.proxy().error_files[*status] = RawReply(*reply);
}

constexpr Keyword kErrorsKeywords[] = {
    {.text = {"errorfile", "<status> <file>", "File with the whole HTTP message of an error.",
              "built in", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = 2,
     .apply = SetErrorFile},
    {.text = {"errorloc", "<status> <url>", "Redirects (302) in place of an error.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = 2,
     .apply = SetErrorLocation<302>},
    {.text = {"errorloc302", "<status> <url>", "The same.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = 2,
     .apply = SetErrorLocation<302>},
    {.text = {"errorloc303", "<status> <url>", "The same with status 303.", "", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = 2,
     .apply = SetErrorLocation<303>},
    {.text = {"http-error",
              "status <status> [content-type <type>] [errorfile|file|string <body>] "
              "[hdr <name> <value>]...",
              "The reply of an error.", "built in", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 2,
     .max_args = kAnyNumber,
     .apply = SetHttpError},
};

}  // namespace

std::span<const Keyword> ErrorKeywords() { return kErrorsKeywords; }

}  // namespace lb::config
