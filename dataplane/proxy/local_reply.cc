#include "dataplane/proxy/local_reply.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

#include "dataplane/http/h1_parser.h"

namespace lb::proxy {
namespace {

struct Page {
  uint32_t status;
  const char* reason;
  const char* text;
  bool closes;
};

constexpr Page kPages[] = {
    {200, "OK", "Service ready.", false},
    {400, "Bad request", "Your browser sent an invalid request.", true},
    {401, "Unauthorized", "You need a valid user and password to access this content.", false},
    {403, "Forbidden", "Request forbidden by administrative rules.", false},
    {404, "Not Found", "The resource could not be found.", false},
    {405, "Method Not Allowed",
     "A request was made of a resource using a request method not supported by that resource",
     false},
    {407, "Unauthorized", "You need a valid user and password to access this content.", false},
    {408, "Request Time-out", "Your browser didn't send a complete request in time.", true},
    {410, "Gone", "The resource is no longer available and will not be available again.", false},
    {413, "Payload Too Large", "The request entity exceeds the maximum allowed.", false},
    {414, "URI Too Long", "The request target is longer than this proxy accepts.", true},
    {421, "Misdirected Request", "Request sent to a non-authoritative server.", false},
    {422, "Unprocessable Content", "The server cannot process the contained instructions.", false},
    {425, "Too Early", "Your browser sent early data.", false},
    {429, "Too Many Requests", "You have sent too many requests in a given amount of time.", false},
    {431, "Request Header Fields Too Large",
     "The request's header fields are larger than this proxy accepts.", true},
    {500, "Internal Server Error", "An internal server error occurred.", false},
    {501, "Not Implemented",
     "The server does not support the functionality required to fulfill the request.", false},
    {502, "Bad Gateway", "The server returned an invalid or incomplete response.", false},
    {503, "Service Unavailable", "No server is available to handle this request.", false},
    {504, "Gateway Time-out", "The server didn't respond in time.", false},
};

std::string Write(const Page& page) {
  std::string body = absl::StrCat("<html><body><h1>", page.status, " ", page.reason, "</h1>\n",
                                  page.text, "\n</body></html>\n");
  return absl::StrCat("HTTP/1.1 ", page.status, " ", page.reason,
                      "\r\ncontent-length: ", body.size(), "\r\ncache-control: no-cache\r\n",
                      page.closes ? "connection: close\r\n" : "", "content-type: text/html\r\n\r\n",
                      body);
}

const std::map<uint32_t, std::string>& Pages() {
  static const auto* pages = [] {
    auto* made = new std::map<uint32_t, std::string>;
    for (const Page& page : kPages) made->emplace(page.status, Write(page));
    return made;
  }();
  return *pages;
}

}  // namespace

std::string_view BuiltInPage(uint32_t status) {
  auto it = Pages().find(status);
  return it != Pages().end() ? it->second : Pages().at(500);
}

std::string_view ErrorMessage(uint32_t status, const FrontendConfig& frontend,
                              const BackendConfig* backend) {
  if (backend != nullptr) {
    auto it = backend->error_files.find(status);
    if (it != backend->error_files.end()) return it->second;
  }
  auto it = frontend.error_files.find(status);
  return it != frontend.error_files.end() ? std::string_view(it->second) : BuiltInPage(status);
}

bool ParseWholeMessage(std::string_view message, http::ResponseHead* head, std::string_view* body) {
  http::HeadParser parser;
  http::Limits limits;
  limits.max_head_bytes = message.size() + 1;
  http::ParseResult parsed = parser.ParseResponse(message, limits, http::RequestContext(), head);
  if (parsed.outcome != http::ParseResult::kDone) return false;
  *body = message.substr(parsed.consumed);
  return true;
}

void BuildReply(const rules::LocalReply& reply, const FrontendConfig& frontend,
                const BackendConfig* backend, http::ResponseHead* head, std::string_view* body) {
  using Form = rules::LocalReply::Form;
  head->Clear();
  *body = {};
  if (reply.form == Form::kMessage) {
    head->status = reply.status;
    head->reason = reply.reason;
    for (const http::Header& field : reply.headers) head->headers.Add(field.name, field.value);
    *body = reply.body;
  } else {
    std::string_view message =
        reply.form == Form::kRaw ? reply.body : ErrorMessage(reply.status, frontend, backend);
    // The configuration's messages were checked when it was compiled.
    if (!ParseWholeMessage(message, head, body)) {
      ParseWholeMessage(BuiltInPage(500), head, body);
    }
    if (reply.form == Form::kDefaultPage && reply.status != 0 && head->status == 500) {
      head->status = reply.status;  // a status without a page of its own
      if (!reply.reason.empty()) head->reason = reply.reason;
    }
    for (const http::Header& field : reply.headers) head->headers.Add(field.name, field.value);
  }
  // The body is as long as it is, whatever the message says.
  head->headers.Remove(http::HeaderId::kTransferEncoding);
  head->framing = http::Framing::kLength;
  head->content_length = body->size();
}

}  // namespace lb::proxy
