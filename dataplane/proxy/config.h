// The compiled configuration: what a snapshot becomes for the workers. Plain structs, no protobuf.
//
// Made by dataplane/server's compiler on the main thread; immutable from then on. Sections that did
// not change between two snapshots are shared by both. An exchange keeps the Config it began with.
// Durations of 0 in the snapshot are `kForever` here: no limit.
#ifndef LB_DATAPLANE_PROXY_CONFIG_H_
#define LB_DATAPLANE_PROXY_CONFIG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/net/socket.h"
#include "common/net/syslog.h"
#include "dataplane/http/case_map.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h2_settings.h"
#include "dataplane/proxy/network.h"
#include "dataplane/rules/http_rules.h"
#include "dataplane/rules/log_format.h"
#include "dataplane/rules/tcp_rules.h"
#include "dataplane/upstream/backend.h"

namespace lb::tls {
class ClientContext;
class ServerContext;
}  // namespace lb::tls

namespace lb::proxy {

inline constexpr Millis kForever{0};

// `since` plus `wait`; never, when there is no limit.
inline SteadyTime DeadlineAfter(SteadyTime since, Millis wait) {
  return wait == kForever ? SteadyTime::max() : since + wait;
}

enum class ConnectionMode : uint8_t { kKeepAlive, kServerClose, kClose };
enum class HttpReuse : uint8_t { kSafe, kNever, kAggressive, kAlways };
// What becomes of request fields whose names have others than letters, digits and hyphens.
enum class HeaderNames : uint8_t { kPreserve, kDelete, kReject };

// "option forwardfor".
struct ForwardFor {
  std::string header;
  std::vector<Network> except;
  bool if_none = false;
};

// "stats enable" and its family.
struct StatsPage {
  std::string uri;
  std::string realm;
  std::vector<std::string> users;  // "name:password"
  uint32_t refresh_seconds = 0;
  bool hide_version = false;
  std::string node;  // empty: not shown
  std::string description;
  bool show_legends = false;
  std::vector<std::string> scopes;
};

// What frontends and backends have in common.
struct ProxyConfig {
  std::string name;
  bool is_listen = false;
  bool is_http = false;
  uint32_t number = 0;  // "iid"

  std::shared_ptr<const net::SyslogSender> log;  // never null; may have no targets
  rules::LogFormat log_format;
  bool has_log_format = false;
  bool dont_log_null = false;
  bool dont_log_normal = false;
  bool log_separate_errors = false;

  rules::HttpRules http_request;
  rules::HttpRules http_response;
  rules::HttpRules http_after_response;
  rules::TcpRules tcp_connection;
  rules::TcpRules tcp_session;
  rules::TcpRules tcp_content;
  Millis inspect_delay{0};  // how long they may wait in TCP mode

  std::map<uint32_t, std::string> error_files;  // status -> whole message
  std::shared_ptr<const StatsPage> stats;       // null: none
  ConnectionMode connection_mode = ConnectionMode::kKeepAlive;
  std::shared_ptr<const ForwardFor> forward_for;  // null: off
  bool splice = false;
  bool buffer_request = false;     // rules wait for the body, or as much as a buffer holds,
  Millis body_timeout = kForever;  // so long in all; no limit: as long as the client sends
  HeaderNames header_names = HeaderNames::kPreserve;
  bool log_asap = false;
  bool no_linger = false;          // closed connections to clients leave no TIME_WAIT
  bool adjust_case = false;        // of names in heads sent to clients, or to servers
  bool accept_violations = false;  // of RFC 9112, by clients, or by servers
  bool delay_ack = false;          // no acknowledgement before there is something to send
};

// "server ... ssl".
struct ServerTls {
  std::shared_ptr<tls::ClientContext> context;  // null: plain
  std::optional<rules::Expr> sni;               // unset: none is sent
};

struct BackendConfig : ProxyConfig {
  BackendId id = 0;
  upstream::Balance balance;
  std::vector<std::shared_ptr<const upstream::ServerConfig>> servers;
  std::vector<ServerTls> server_tls;  // by ServerConfig::position
  Millis connect_timeout = kForever;
  Millis server_timeout = kForever;
  Millis queue_timeout = kForever;
  Millis server_fin_timeout = kForever;
  Millis tunnel_timeout = kForever;
  uint32_t retries = 3;
  bool has_redispatch = false;
  int32_t redispatch_interval = -1;
  bool all_backups = false;
  bool tcp_keepalive = false;
  HttpReuse http_reuse = HttpReuse::kSafe;
  uint32_t fullconn = 0;
  bool abort_on_close = false;
  bool pretend_keepalive = false;  // servers are not told that their connection will be closed

  std::shared_ptr<upstream::BackendRuntime> runtime;
};

// One listening address of a frontend, or one port of a range.
struct BindConfig {
  std::string key;  // what makes it the same socket in another snapshot: address and options
  Address address;  // unset for an inherited descriptor
  int inherited_fd = -1;
  net::ListenOptions options;
  std::string name;
  std::string label;  // as written, for messages
  uint32_t number = 0;
  uint32_t maxconn = 0;        // connections on this bind; 0: only the frontend's limit
  bool accepts_proxy = false;  // "accept-proxy": connections begin with a PROXY header
  std::shared_ptr<upstream::BindRuntime> runtime;  // null: nothing is limited
  std::shared_ptr<const tls::ServerContext> tls;   // null: plain
  http::ConnectionProtocol protocol = http::ConnectionProtocol::kAny;
};

struct FrontendConfig : ProxyConfig {
  FrontendId id = 0;
  std::vector<BindConfig> binds;
  uint32_t maxconn = 0;  // 0: only the process' limit
  Millis client_timeout = kForever;
  Millis http_request_timeout = kForever;
  Millis http_keep_alive_timeout = kForever;
  Millis client_fin_timeout = kForever;
  Millis tunnel_timeout = kForever;
  bool tcp_keepalive = false;
  rules::UseBackends use_backend;
  std::string default_backend;
  uint32_t max_session_rate = 0;  // new sessions a second; 0: no limit
  rules::LogFormat unique_id;     // empty: none
  std::string unique_id_header;   // empty: none

  std::shared_ptr<upstream::FrontendRuntime> runtime;
};

struct Config {
  uint64_t revision = 0;
  std::string hash;
  uint32_t workers = 1;
  uint32_t maxconn = 0;              // of the process; never 0
  uint32_t max_tls_connections = 0;  // of clients; 0: no limit
  uint32_t max_tls_rate = 0;         // handshakes with clients in a second; 0: no limit
  size_t buffer_bytes = 16384;
  http::Limits http_limits;
  http::CaseMap case_map;
  http::H2Settings h2_frontend;  // towards clients
  http::H2Settings h2_backend;   // towards servers
  std::string node;
  std::string description;
  std::vector<std::shared_ptr<const FrontendConfig>> frontends;  // in file order, enabled ones
  std::vector<std::shared_ptr<const BackendConfig>> backends;
  std::unordered_map<std::string_view, std::shared_ptr<const BackendConfig>> backend_by_name;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_CONFIG_H_
