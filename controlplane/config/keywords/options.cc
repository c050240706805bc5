// The "option" family, checks and log formats excepted.
// Source: HAProxy configuration manual, section 4.2, "option ...".
#include <charconv>

#include "absl/strings/str_cat.h"

#include "common/catalog/catalog.h"
#include "controlplane/config/acl_pattern.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr Sections kOptionsFront = kInFrontend | kInDefaults;
constexpr Sections kOptionsBack = kInBackend | kInDefaults;

constexpr Keyword Option(std::string_view name, Sections sections,
                         void (*apply)(const Statement&, Scope&), std::string_view summary) {
  Keyword keyword;
  keyword.text = {name, "", summary, "off", "4.2"};
  keyword.sections = sections;
  keyword.can_negate = true;
  keyword.apply = apply;
  return keyword;
}

constexpr Keyword NoEffect(std::string_view name, Sections sections, std::string_view reason) {
  Keyword keyword;
  keyword.text = {name, "", "Accepted, of no effect.", "", "4.2", Support::kNotice, reason};
  keyword.sections = sections;
  keyword.max_args = kAnyNumber;
  return keyword;
}

// Of the three modes the last one written holds; "no option x" ends x alone.
template <v1::HttpConnectionMode kMode>
void SetConnectionMode(const Statement& statement, Scope& scope) {
  v1::HttpConnectionMode& mode = scope.proxy().connection_mode;
  if (statement.prefix == Prefix::kNone) {
    mode = kMode;
  } else if (mode == kMode) {
    mode = v1::HTTP_KEEP_ALIVE;
  }
}

void SetTcpKeepalive(const Statement& statement, Scope& scope) {
  const bool on = statement.prefix == Prefix::kNone;
  scope.proxy().client_tcp_keepalive = on;
  scope.proxy().server_tcp_keepalive = on;
}

void SetHeaderNames(const Statement& statement, Scope& scope) {
  const std::string& word = statement.args[0].text;
  v1::HeaderNamePolicy& policy = scope.proxy().header_names;
  if (word == "preserve") {
    policy = v1::HEADER_NAMES_PRESERVE;
  } else if (word == "delete") {
    policy = v1::HEADER_NAMES_DELETE;
  } else if (word == "reject") {
    policy = v1::HEADER_NAMES_REJECT;
  } else {
    scope.Error(statement, 0,
                absl::StrCat("unknown policy '", word, "' (expected preserve, delete or reject)"));
  }
}

void SetRedispatch(const Statement& statement, Scope& scope) {
  if (statement.prefix != Prefix::kNone) {
    scope.proxy().redispatch.reset();
    return;
  }
  int32_t interval = -1;
  if (!statement.args.empty()) {
    const std::string& text = statement.args[0].text;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), interval);
    if (ec != std::errc() || end != text.data() + text.size()) {
      return scope.Error(statement, 0, absl::StrCat("'", text, "' is not a number of retries"));
    }
  }
  scope.proxy().redispatch = interval;
}

void SetForwardFor(const Statement& statement, Scope& scope) {
  if (statement.prefix != Prefix::kNone) {
    scope.proxy().forward_for.reset();
    return;
  }
  v1::ForwardFor forward;
  forward.set_header("X-Forwarded-For");
  for (size_t i = 0; i < statement.args.size(); ++i) {
    const std::string& word = statement.args[i].text;
    if (word == "if-none") {
      forward.set_if_none(true);
    } else if ((word == "except" || word == "header") && i + 1 < statement.args.size()) {
      const std::string& value = statement.args[++i].text;
      if (word == "header") {
        forward.set_header(value);
        continue;
      }
      absl::StatusOr<std::string> network = NormalizePattern(catalog::Match::kIp, "", value);
      if (!network.ok()) return scope.Error(statement, i, std::string(network.status().message()));
      forward.add_except(*network);
    } else {
      return scope.Error(
          statement, i, absl::StrCat("unexpected '", word, "'"),
          "expected: option forwardfor [except <network>] [header <name>] [if-none]");
    }
  }
  scope.proxy().forward_for = std::move(forward);
}

constexpr std::string_view kLenientRequests =
    "Accepts HTTP/1 requests with bytes in names that no token has, bytes from 0x80 up and a "
    "fragment in the target, versions of more digits, and GET without a version (read as 1.0). "
    "Still refused: blanks, control characters and NUL, lone CR or LF, other protocols' names, "
    "and whatever is wrong with lengths, codings and Host.";
constexpr std::string_view kLenientResponses =
    "Accepts HTTP/1 responses with bytes in names that no token has, and versions of more digits. "
    "Still refused: what it is in requests.";
constexpr std::string_view kNotMeasured = "the figures it changes are always kept here";
constexpr std::string_view kAlwaysSo = "it is always so here";

constexpr Keyword kOptionsKeywords[] = {
    Option("option dontlognull", kOptionsFront, SetFlag<&Proxy::dont_log_null>,
           "Does not log connections on which nothing was sent."),
    Option("option dontlog-normal", kOptionsFront, SetFlag<&Proxy::dont_log_normal>,
           "Logs only what went wrong: errors, timeouts, retries, redispatches."),
    Option("option logasap", kOptionsFront, SetFlag<&Proxy::log_asap>,
           "Logs an exchange when its response begins, with '+' before the totals."),
    Option("option log-separate-errors", kOptionsFront, SetFlag<&Proxy::log_separate_errors>,
           "Logs failed exchanges at level err."),
    Option("option log-health-checks", kOptionsBack, SetFlag<&Proxy::log_health_checks>,
           "Logs every change of a check's result."),
    Option("option tcpka", kOptionsFront | kOptionsBack, SetTcpKeepalive,
           "TCP keep-alive packets on both sides."),
    Option("option clitcpka", kOptionsFront, SetFlag<&Proxy::client_tcp_keepalive>,
           "TCP keep-alive packets to clients."),
    Option("option srvtcpka", kOptionsBack, SetFlag<&Proxy::server_tcp_keepalive>,
           "TCP keep-alive packets to servers."),
    Option("option httpclose", kInAnyProxy, SetConnectionMode<v1::HTTP_CLOSE>,
           "Closes both connections after each exchange."),
    Option("option http-server-close", kInAnyProxy, SetConnectionMode<v1::HTTP_SERVER_CLOSE>,
           "Closes the server's connection after each exchange, keeps the client's."),
    Option("option http-keep-alive", kInAnyProxy, SetConnectionMode<v1::HTTP_KEEP_ALIVE>,
           "Keeps both connections between exchanges (the default)."),
    {.text = {"option forwardfor", "[except <network>] [header <name>] [if-none]",
              "Tells the server the client's address in X-Forwarded-For.", "off", "4.2"},
     .sections = kInAnyProxy,
     .max_args = 5,
     .can_negate = true,
     .apply = SetForwardFor},
    {.text = {"option redispatch", "[<interval>]",
              "Lets a retry go to another server: the last one, or every <interval>-th.", "off",
              "4.2"},
     .sections = kOptionsBack,
     .max_args = 1,
     .can_negate = true,
     .apply = SetRedispatch},
    Option("option allbackups", kOptionsBack, SetFlag<&Proxy::all_backups>,
           "Uses all backup servers together when no other is left, not only the first."),
    Option("option abortonclose", kOptionsBack, SetFlag<&Proxy::abort_on_close>,
           "Drops a queued request when its client has gone."),
    Option("option http-buffer-request", kInAnyProxy, SetFlag<&Proxy::http_buffer_request>,
           "Waits for the body, as far as a buffer goes, before the section's rules run; for "
           "'timeout http-request' at most, else as long as the client sends."),
    {.text = {"option http-restrict-req-hdr-names", "preserve|delete|reject",
              "What becomes of request fields whose names have others than letters, digits and "
              "hyphens: after the section's rules, they go, or the request does (403).",
              "preserve", "4.2"},
     .sections = kInAnyProxy,
     .min_args = 1,
     .max_args = 1,
     .apply = SetHeaderNames},
    Option("option http-pretend-keepalive", kOptionsBack, SetFlag<&Proxy::pretends_keepalive>,
           "Does not tell servers that their connection will be closed."),
    Option("option h1-case-adjust-bogus-client", kOptionsFront,
           SetFlag<&Proxy::client_adjusts_case>,
           "Writes names to HTTP/1 clients in the case that 'h1-case-adjust' gives."),
    Option("option h1-case-adjust-bogus-server", kOptionsBack, SetFlag<&Proxy::server_adjusts_case>,
           "Writes names to HTTP/1 servers in the case that 'h1-case-adjust' gives."),
    Option("option accept-unsafe-violations-in-http-request", kOptionsFront,
           SetFlag<&Proxy::accepts_request_violations>, kLenientRequests),
    Option("option accept-invalid-http-request", kOptionsFront,
           SetFlag<&Proxy::accepts_request_violations>,
           "The older name of 'option accept-unsafe-violations-in-http-request'."),
    Option("option accept-unsafe-violations-in-http-response", kOptionsBack,
           SetFlag<&Proxy::accepts_response_violations>, kLenientResponses),
    Option("option accept-invalid-http-response", kOptionsBack,
           SetFlag<&Proxy::accepts_response_violations>,
           "The older name of 'option accept-unsafe-violations-in-http-response'."),
    Option(
        "option nolinger", kInAnyProxy, SetFlag<&Proxy::no_linger>,
        "Forgets connections to clients once they are closed, with a reset instead of TIME_WAIT; "
        "bytes on their way may be lost. Those to servers are always reset."),
    Option("option tcp-smart-accept", kOptionsFront, SetFlag<&Proxy::smart_accept>,
           "Lets the kernel acknowledge a client's first bytes together with the answer."),
    Option("option tcp-smart-connect", kOptionsBack, SetFlag<&Proxy::smart_connect>,
           "Lets the kernel end the handshake with a server together with the first bytes sent."),
    Option("option splice-auto", kInAnyProxy, SetFlag<&Proxy::splice_auto>,
           "Moves bulk bytes between sockets in the kernel when it pays."),
    Option("option splice-request", kInAnyProxy, SetFlag<&Proxy::splice_request>,
           "The same, from client to server."),
    Option("option splice-response", kInAnyProxy, SetFlag<&Proxy::splice_response>,
           "The same, from server to client."),
    Option("option disable-h2-upgrade", kOptionsFront, SetFlag<&Proxy::disable_h2_upgrade>,
           "A plain connection that begins with the preface of HTTP/2 does not speak it."),
    NoEffect("option contstats", kOptionsFront, kNotMeasured),
    NoEffect("option socket-stats", kOptionsFront, kNotMeasured),
    NoEffect("option http-no-delay", kInAnyProxy, kAlwaysSo),
    NoEffect("option http-use-htx", kInAnyProxy, kAlwaysSo),
    NoEffect("option idle-close-on-response", kOptionsFront, kAlwaysSo),
    NoEffect("option prefer-last-server", kOptionsBack,
             "a kept server connection is already preferred"),
};

}  // namespace

std::span<const Keyword> OptionKeywords() { return kOptionsKeywords; }

}  // namespace lb::config
