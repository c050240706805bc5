// The "timeout" family. Source: HAProxy configuration manual, section 4.2, "timeout ...".
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr Keyword Timeout(std::string_view name, Sections sections,
                          void (*apply)(const Statement&, Scope&), std::string_view summary,
                          std::string_view fallback) {
  Keyword keyword;
  keyword.text = {name, "<duration>", summary, fallback, "4.2"};
  keyword.sections = sections | kInDefaults;
  keyword.min_args = 1;
  keyword.max_args = 1;
  keyword.apply = apply;
  return keyword;
}

constexpr Keyword kTimeoutsKeywords[] = {
    Timeout("timeout client", kInFrontend, SetDuration<&Proxy::client_timeout>,
            "How long the client may stay silent.", "none"),
    Timeout("timeout client-fin", kInFrontend, SetDuration<&Proxy::client_fin_timeout>,
            "The same, once one direction is closed.", "timeout client"),
    Timeout("timeout http-request", kInProxy, SetDuration<&Proxy::http_request_timeout>,
            "How long a request's head may take to arrive.", "timeout client"),
    Timeout("timeout http-keep-alive", kInProxy, SetDuration<&Proxy::http_keep_alive_timeout>,
            "How long to wait for the next request on a connection.", "timeout http-request"),
    Timeout("timeout tunnel", kInProxy, SetDuration<&Proxy::tunnel_timeout>,
            "How long both sides of a tunnel or TCP session may stay silent.",
            "timeout client and timeout server"),
    Timeout("timeout connect", kInBackend, SetDuration<&Proxy::connect_timeout>,
            "How long a connection to a server may take.", "none"),
    Timeout("timeout server", kInBackend, SetDuration<&Proxy::server_timeout>,
            "How long the server may stay silent.", "none"),
    Timeout("timeout server-fin", kInBackend, SetDuration<&Proxy::server_fin_timeout>,
            "The same, once one direction is closed.", "timeout server"),
    Timeout("timeout queue", kInBackend, SetDuration<&Proxy::queue_timeout>,
            "How long a request may wait for a free server.", "timeout connect"),
    Timeout("timeout check", kInBackend, SetDuration<&Proxy::check_timeout>,
            "How long a health check may take once connected.", "the check's interval"),
    {.text = {"timeout tarpit", "<duration>", "How long a tarpitted request is held.", "", "4.2",
              Support::kNotice, "the 'tarpit' action is not supported yet"},
     .sections = kInAnyProxy,
     .max_args = 1},
};

}  // namespace

std::span<const Keyword> TimeoutKeywords() { return kTimeoutsKeywords; }

}  // namespace lb::config
