// Keywords of proxies that belong to no family.
// Source: HAProxy configuration manual, section 4.2.
#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/source.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr Sections kProxyFront = kInFrontend | kInDefaults;
constexpr Sections kProxyBack = kInBackend | kInDefaults;

// What HAProxy may retry on besides a failed connection.
constexpr std::string_view kRetryConditions[] = {"none",          "empty-response",
                                                 "junk-response", "response-timeout",
                                                 "0rtt-rejected", "all-retryable-errors",
                                                 "401",           "403",
                                                 "404",           "408",
                                                 "425",           "500",
                                                 "501",           "502",
                                                 "503",           "504"};

void SetMode(const Statement& statement, Scope& scope) {
  const std::string& mode = statement.args[0].text;
  if (mode == "tcp") {
    scope.proxy().mode = v1::PROXY_MODE_TCP;
  } else if (mode == "http") {
    scope.proxy().mode = v1::PROXY_MODE_HTTP;
  } else if (mode == "health") {
    scope.Error(statement, 0, "'mode health' no longer exists",
                "use 'http-request return status 200'");
  } else {
    scope.Error(statement, 0, absl::StrCat("unknown mode '", mode, "' (expected tcp or http)"));
  }
}

void SetRetryOn(const Statement& statement, Scope& scope) {
  for (size_t i = 0; i < statement.args.size(); ++i) {
    const std::string& word = statement.args[i].text;
    if (word == "conn-failure") continue;
    const bool is_known = std::ranges::find(kRetryConditions, word) != std::end(kRetryConditions);
    return scope.Error(statement, i,
                       is_known ? absl::StrCat("'retry-on ", word, "' is not supported yet")
                                : absl::StrCat("unknown retry condition '", word, "'"));
  }
  scope.proxy().retry_on = {"conn-failure"};
}

void SetHttpReuse(const Statement& statement, Scope& scope) {
  const std::string& word = statement.args[0].text;
  v1::HttpReuse& reuse = scope.proxy().http_reuse;
  if (word == "safe") {
    reuse = v1::HTTP_REUSE_SAFE;
  } else if (word == "never") {
    reuse = v1::HTTP_REUSE_NEVER;
  } else if (word == "aggressive") {
    reuse = v1::HTTP_REUSE_AGGRESSIVE;
  } else if (word == "always") {
    reuse = v1::HTTP_REUSE_ALWAYS;
  } else {
    scope.Error(statement, 0,
                absl::StrCat("unknown reuse policy '", word,
                             "' (expected never, safe, aggressive or always)"));
  }
}

void SetDescription(const Statement& statement, Scope& scope) {
  std::string text = statement.args[0].text;
  for (size_t i = 1; i < statement.args.size(); ++i) {
    absl::StrAppend(&text, " ", statement.args[i].text);
  }
  scope.proxy().description = std::move(text);
}

void SetSource(const Statement& statement, Scope& scope) {
  if (auto source = ParseSource(statement, scope)) scope.proxy().source = *std::move(source);
}

constexpr Keyword kProxyKeywords[] = {
    {.text = {"mode", "tcp|http", "What is spoken: bytes or HTTP exchanges.", "tcp", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = 1,
     .apply = SetMode},
    {.text = {"id", "<number>", "The proxy's number in statistics.", "counted", "4.2"},
     .sections = kInProxy,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::id, 1>},
    {.text = {"description", "<text>", "Text for the statistics page.", "", "4.2"},
     .sections = kInProxy,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = SetDescription},
    {.text = {"disabled", "", "Leaves the proxy out, its listeners closed.", "", "4.2"},
     .sections = kInAnyProxy,
     .apply = [](const Statement&, Scope& scope) { scope.proxy().is_disabled = true; }},
    {.text = {"enabled", "", "Undoes 'disabled' of the defaults.", "", "4.2"},
     .sections = kInAnyProxy,
     .apply = [](const Statement&, Scope& scope) { scope.proxy().is_disabled = false; }},
    {.text = {"maxconn", "<number>", "Connections the frontend takes at one time.",
              "the global maxconn", "4.2"},
     .sections = kProxyFront,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::maxconn>},
    {.text = {"backlog", "<number>", "Length of the kernel's accept queue.", "maxconn", "4.2"},
     .sections = kProxyFront,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::backlog>},
    {.text = {"rate-limit sessions", "<number>",
              "New sessions a second, for each data plane; others wait in the kernel's queue.",
              "none", "4.2"},
     .sections = kProxyFront,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::rate_limit_sessions>},
    {.text = {"fullconn", "<number>",
              "Load of the backend at which servers with 'minconn' reach 'maxconn'.",
              "a tenth of the frontends' maxconn", "4.2"},
     .sections = kProxyBack,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::fullconn>},
    {.text = {"retries", "<number>", "Attempts to connect after the first.", "3", "4.2"},
     .sections = kProxyBack,
     .min_args = 1,
     .max_args = 1,
     .apply = SetNumber<&Proxy::retries>},
    {.text = {"retry-on", "conn-failure", "What may be tried again.", "conn-failure", "4.2"},
     .sections = kProxyBack,
     .min_args = 1,
     .max_args = kAnyNumber,
     .must_be_here = true,
     .apply = SetRetryOn},
    {.text = {"http-reuse", "never|safe|aggressive|always",
              "When requests of different clients share a server's connection.", "safe", "4.2"},
     .sections = kProxyBack,
     .min_args = 1,
     .max_args = 1,
     .apply = SetHttpReuse},
    {.text = {"source", "<address>[:<port>] [usesrc <whom>] [interface <name>]",
              "Local address of connections to servers.", "the kernel's choice", "4.2"},
     .sections = kProxyBack,
     .min_args = 1,
     .max_args = 5,
     .apply = SetSource},
};

}  // namespace

std::span<const Keyword> ProxyKeywords() { return kProxyKeywords; }

}  // namespace lb::config
