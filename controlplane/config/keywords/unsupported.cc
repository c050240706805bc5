// Keywords of HAProxy 2.6 that are refused by name. A row moves to its area's table when the
// feature arrives. Source: HAProxy configuration manual, sections 3 and 4.1.
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr Keyword Refused(std::string_view name, Sections sections, std::string_view manual,
                          std::string_view reason = "") {
  Keyword keyword;
  keyword.text = {name, "", "", "", manual, Support::kUnsupported, reason};
  keyword.sections = sections;
  keyword.max_args = kAnyNumber;
  return keyword;
}

// The same for rules: where they cannot stand they are no less an error.
constexpr Keyword RefusedRule(std::string_view name, Sections sections, std::string_view manual) {
  Keyword keyword = Refused(name, sections, manual);
  keyword.must_be_here = true;
  return keyword;
}

constexpr std::string_view kLua = "Lua is not supported";
constexpr std::string_view kProvider = "OpenSSL's default provider is the one used";
constexpr std::string_view kTables = "stick tables are not supported yet";
constexpr std::string_view kHttpClient = "there is no Lua and so no HTTP client";
constexpr std::string_view kDetection = "device detection is not supported";
constexpr std::string_view kObsolete = "HAProxy 2.6 refuses it as well";
constexpr Sections kUnsupportedFront = kInFrontend | kInDefaults;
constexpr Sections kUnsupportedBack = kInBackend | kInDefaults;

constexpr Keyword kUnsupportedKeywords[] = {
    Refused("51degrees-cache-size", kInGlobal, "3.1", kDetection),
    Refused("51degrees-data-file", kInGlobal, "3.1", kDetection),
    Refused("51degrees-property-name-list", kInGlobal, "3.1", kDetection),
    Refused("51degrees-property-separator", kInGlobal, "3.1", kDetection),
    Refused("deviceatlas-json-file", kInGlobal, "3.1", kDetection),
    Refused("deviceatlas-log-level", kInGlobal, "3.1", kDetection),
    Refused("deviceatlas-properties-cookie", kInGlobal, "3.1", kDetection),
    Refused("deviceatlas-separator", kInGlobal, "3.1", kDetection),
    Refused("wurfl-cache-size", kInGlobal, "3.1", kDetection),
    Refused("wurfl-data-file", kInGlobal, "3.1", kDetection),
    Refused("wurfl-information-list", kInGlobal, "3.1", kDetection),
    Refused("wurfl-information-list-separator", kInGlobal, "3.1", kDetection),
    Refused("close-spread-time", kInGlobal, "3.1"),
    Refused("cluster-secret", kInGlobal, "3.1"),
    Refused("default-path", kInGlobal, "3.1"),
    Refused("expose-experimental-directives", kInGlobal, "3.1"),
    Refused("grace", kInGlobal, "3.1"),
    Refused("h1-accept-payload-with-any-method", kInGlobal, "3.1"),
    Refused("h2-workaround-bogus-websocket-clients", kInGlobal, "3.1"),
    Refused("httpclient.resolvers.id", kInGlobal, "3.1", kHttpClient),
    Refused("httpclient.resolvers.prefer", kInGlobal, "3.1", kHttpClient),
    Refused("httpclient.ssl.ca-file", kInGlobal, "3.1", kHttpClient),
    Refused("httpclient.ssl.verify", kInGlobal, "3.1", kHttpClient),
    Refused("lua-load", kInGlobal, "3.1", kLua),
    Refused("lua-load-per-thread", kInGlobal, "3.1", kLua),
    Refused("lua-prepend-path", kInGlobal, "3.1", kLua),
    Refused("tune.lua.forced-yield", kInGlobal, "3.2", kLua),
    Refused("tune.lua.maxmem", kInGlobal, "3.2", kLua),
    Refused("tune.lua.service-timeout", kInGlobal, "3.2", kLua),
    Refused("tune.lua.session-timeout", kInGlobal, "3.2", kLua),
    Refused("tune.lua.task-timeout", kInGlobal, "3.2", kLua),
    Refused("maxcompcpuusage", kInGlobal, "3.2"),
    Refused("maxcomprate", kInGlobal, "3.2"),
    Refused("maxconnrate", kInGlobal, "3.2"),
    Refused("maxsessrate", kInGlobal, "3.2"),
    Refused("maxzlibmem", kInGlobal, "3.2"),
    Refused("nogetaddrinfo", kInGlobal, "3.2"),
    Refused("pp2-never-send-local", kInGlobal, "3.1"),
    Refused("set-var", kInGlobal, "3.1"),
    Refused("set-var-fmt", kInGlobal, "3.1"),
    Refused("ssl-engine", kInGlobal, "3.2", kProvider),
    Refused("ssl-propquery", kInGlobal, "3.1", kProvider),
    Refused("ssl-provider", kInGlobal, "3.1", kProvider),
    Refused("ssl-provider-path", kInGlobal, "3.1", kProvider),
    Refused("thread-group", kInGlobal, "3.1"),
    Refused("thread-groups", kInGlobal, "3.1"),
    Refused("tune.fail-alloc", kInGlobal, "3.2"),
    Refused("tune.peers.max-updates-at-once", kInGlobal, "3.2", kTables),
    Refused("unix-bind", kInGlobal, "3.1", "set user, group and mode on each 'bind' line"),
    Refused("block", kInProxy, "4.2", kObsolete),
    Refused("capture cookie", kInFrontend, "4.2"),
    Refused("capture request header", kInFrontend, "4.2"),
    Refused("capture response header", kInFrontend, "4.2"),
    Refused("clitcpka-cnt", kUnsupportedFront, "4.2"),
    Refused("clitcpka-idle", kUnsupportedFront, "4.2"),
    Refused("clitcpka-intvl", kUnsupportedFront, "4.2"),
    Refused("srvtcpka-cnt", kUnsupportedBack, "4.2"),
    Refused("srvtcpka-idle", kUnsupportedBack, "4.2"),
    Refused("srvtcpka-intvl", kUnsupportedBack, "4.2"),
    Refused("clitimeout", kUnsupportedFront, "4.2", "use 'timeout client'"),
    Refused("contimeout", kUnsupportedBack, "4.2", "use 'timeout connect'"),
    Refused("srvtimeout", kUnsupportedBack, "4.2", "use 'timeout server'"),
    Refused("compression", kInAnyProxy, "4.2"),
    Refused("cookie", kUnsupportedBack, "4.2"),
    Refused("declare capture", kInFrontend, "4.2"),
    Refused("dispatch", kInBackend, "4.2"),
    Refused("email-alert", kInAnyProxy, "4.2"),
    Refused("errorfiles", kInAnyProxy, "4.2"),
    Refused("error-log-format", kUnsupportedFront, "4.2"),
    Refused("filter", kInProxy, "4.2"),
    Refused("force-persist", kInBackend, "4.2"),
    Refused("hash-balance-factor", kUnsupportedBack, "4.2"),
    Refused("hash-type", kUnsupportedBack, "4.2"),
    Refused("http-check disable-on-404", kUnsupportedBack, "4.2"),
    Refused("http-check send-state", kUnsupportedBack, "4.2"),
    Refused("http-check set-var", kUnsupportedBack, "4.2"),
    Refused("http-check set-var-fmt", kUnsupportedBack, "4.2"),
    Refused("http-check unset-var", kUnsupportedBack, "4.2"),
    Refused("http-send-name-header", kUnsupportedBack, "4.2"),
    Refused("ignore-persist", kInBackend, "4.2"),
    Refused("log-format-sd", kUnsupportedFront, "4.2"),
    Refused("max-keep-alive-queue", kUnsupportedBack, "4.2"),
    Refused("monitor", kInFrontend, "4.2"),
    Refused("monitor-net", kUnsupportedFront, "4.2", kObsolete),
    Refused("monitor-uri", kUnsupportedFront, "4.2",
            "use 'http-request return status 200 if { path ... }'"),
    Refused("option checkcache", kUnsupportedBack, "4.2"),
    Refused("option http-ignore-probes", kUnsupportedFront, "4.2"),
    Refused("option http-use-proxy-header", kUnsupportedFront, "4.2"),
    Refused("option independent-streams", kInAnyProxy, "4.2"),
    Refused("option ldap-check", kUnsupportedBack, "4.2"),
    Refused("option originalto", kInAnyProxy, "4.2"),
    Refused("option persist", kUnsupportedBack, "4.2"),
    Refused("option pgsql-check", kUnsupportedBack, "4.2"),
    Refused("option redis-check", kUnsupportedBack, "4.2", "use 'option tcp-check'"),
    Refused("option smtpchk", kUnsupportedBack, "4.2"),
    Refused("option spop-check", kUnsupportedBack, "4.2"),
    Refused("option ssl-hello-chk", kUnsupportedBack, "4.2"),
    Refused("option transparent", kUnsupportedBack, "4.2"),
    Refused("persist rdp-cookie", kUnsupportedBack, "4.2"),
    Refused("server-template", kInBackend, "4.2"),
    Refused("stick", kInBackend, "4.2", kTables),
    Refused("stick-table", kInProxy, "4.2"),
    Refused("tcp-check send-lf", kUnsupportedBack, "4.2"),
    Refused("tcp-check send-binary-lf", kUnsupportedBack, "4.2"),
    Refused("tcp-check set-var", kUnsupportedBack, "4.2"),
    Refused("tcp-check set-var-fmt", kUnsupportedBack, "4.2"),
    Refused("tcp-check unset-var", kUnsupportedBack, "4.2"),
    RefusedRule("tcp-response content", kUnsupportedBack, "4.2"),
    Refused("tcp-response inspect-delay", kUnsupportedBack, "4.2"),
    Refused("transparent", kUnsupportedBack, "4.2"),
    Refused("use-fcgi-app", kInBackend, "4.2"),
    Refused("use-server", kInBackend, "4.2"),
};

}  // namespace

std::span<const Keyword> UnsupportedKeywords() { return kUnsupportedKeywords; }

}  // namespace lb::config
