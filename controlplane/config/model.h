// The model: what the configuration means, in the shape of the language: proxies with both sides,
// defaults copied in, references by name. Made by the analyzer, read by the emitter.
//
// Leaves that the data plane takes as they are (rules, binds, log targets) are wire messages
// already; everything that is still to be derived or checked is plain structs.
#ifndef LB_CONTROLPLANE_CONFIG_MODEL_H_
#define LB_CONTROLPLANE_CONFIG_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/diagnostics.h"
#include "controlplane/config/compile.h"
#include "controlplane/config/keyword.h"
#include "controlplane/config/tls/words.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::config {

// Where a server or a check of one connects.
struct ServerAddress {
  std::string text;      // "10.0.0.1:80", "[::1]:80" or "unix:/path"; port 0 when not written
  std::string hostname;  // as written, when it was a name
  bool has_port = false;
  bool is_offset = false;  // "+N"/"-N", or no port at all: relative to the client's
  int32_t offset = 0;
};

// What "server" and "default-server" lines set.
struct ServerSettings {
  uint32_t id = 0;  // 0: counted
  uint32_t weight = 1;
  uint32_t maxconn = 0;
  uint32_t minconn = 0;
  uint32_t maxqueue = 0;
  bool is_backup = false;
  bool is_disabled = false;
  v1::OnMarkedDown on_marked_down = v1::ON_MARKED_DOWN_NONE;
  v1::OnMarkedUp on_marked_up = v1::ON_MARKED_UP_NONE;
  std::optional<uint32_t> pool_max_conn;
  Millis pool_purge_delay{5'000};
  std::optional<uint32_t> max_reuse;  // "max-reuse"; absent: no limit
  Millis slowstart{0};
  std::string cookie;
  v1::SourceAddress source;
  bool init_addr_none = false;  // "init-addr" ends in "none": for messages
  ServerTlsWords tls;
  PlacedText protocol;  // "proto": "h1" or "h2"
  bool send_proxy_v1 = false;
  bool send_proxy_v2 = false;  // wins over version 1
  v1::ProxyV2Options proxy_v2_options;

  bool is_checked = false;
  bool check_send_proxy = false;
  Millis inter{2'000};
  Millis fastinter{0};
  Millis downinter{0};
  uint32_t rise = 2;
  uint32_t fall = 3;
  uint32_t check_port = 0;
  std::string check_address;  // with port 0, or a unix address
  v1::InitState init_state = v1::INIT_STATE_DEFAULT;
  PlacedText check_protocol;  // "check-proto": the same
};

struct Server {
  std::string name;
  SourcePlace place;
  ServerAddress address;
  ServerSettings settings;
  std::optional<v1::ServerTls> tls;        // made by ResolveTls()
  std::optional<v1::ServerTls> check_tls;  // the same for its checks
};

// "option httpchk" and its like, with their steps.
struct CheckSettings {
  v1::HealthCheck::Kind kind = v1::HealthCheck::TCP;
  std::optional<v1::HttpCheckSend> http_option;  // from "option httpchk"
  std::vector<v1::HttpCheckStep> http_steps;
  bool owns_http_steps = false;  // false: inherited, replaced by the first step of the proxy's own
  std::vector<v1::TcpCheckStep> tcp_steps;
  bool owns_tcp_steps = false;
  std::string mysql_user;
  bool mysql_pre_41 = false;
  std::string external_command;
  std::string external_path;
};

struct LogEntry {
  bool is_global = false;  // "log global": all of the global section's
  v1::LogTarget target;
};

enum class LogStyle : uint8_t { kConnect, kTcp, kHttp, kHttps, kClf, kCustom };

struct LogFormatChoice {
  LogStyle style = LogStyle::kConnect;
  std::string text;  // kCustom
  SourcePlace place;
};

struct StatsSettings {
  bool is_enabled = false;
  v1::StatsPage page;
  bool shows_node = false;
  bool shows_description = false;
};

struct Bind {
  v1::Bind settings;
  SourcePlace place;
  BindTlsWords tls;
  PlacedText protocol;  // "proto"
};

struct BackendReference {
  std::string name;
  SourcePlace place;
};

struct Proxy {
  SectionKind kind = SectionKind::kDefaults;
  std::string name;
  SourcePlace place;
  uint32_t id = 0;  // "id"; 0: counted
  v1::ProxyMode mode = v1::PROXY_MODE_TCP;
  bool is_disabled = false;
  std::string description;

  std::vector<LogEntry> logs;
  LogFormatChoice log_format;
  std::string log_tag;
  bool dont_log_null = false;
  bool dont_log_normal = false;
  bool log_asap = false;
  bool log_separate_errors = false;
  bool log_health_checks = false;

  std::vector<v1::Acl> acls;
  size_t first_own_acl = 0;  // those before it came with the defaults and have no name here
  std::vector<v1::HttpRule> http_request;
  std::vector<v1::HttpRule> redirects;  // "redirect" lines: run after http_request
  std::vector<v1::HttpRule> http_response;
  std::vector<v1::HttpRule> http_after_response;
  std::vector<v1::TcpRule> tcp_rules;
  Millis tcp_inspect_delay{0};
  std::map<uint32_t, std::string> error_files;
  StatsSettings stats;
  v1::HttpConnectionMode connection_mode = v1::HTTP_KEEP_ALIVE;
  v1::HeaderNamePolicy header_names = v1::HEADER_NAMES_PRESERVE;
  std::optional<v1::ForwardFor> forward_for;
  bool http_buffer_request = false;
  bool no_linger = false;
  bool splice_auto = false;
  bool splice_request = false;
  bool splice_response = false;

  Millis http_request_timeout{0};
  Millis http_keep_alive_timeout{0};
  Millis tunnel_timeout{0};

  // Of the frontend's side.
  std::vector<Bind> binds;
  uint32_t maxconn = 0;
  uint32_t backlog = 0;
  uint32_t rate_limit_sessions = 0;
  Millis client_timeout{0};
  Millis client_fin_timeout{0};
  std::vector<v1::UseBackend> use_backend;
  std::vector<BackendReference> backend_references;  // of use_backend, by fixed names
  std::optional<BackendReference> default_backend;
  bool client_tcp_keepalive = false;
  bool client_adjusts_case = false;
  bool accepts_request_violations = false;
  bool smart_accept = false;
  PlacedText unique_id_format;
  std::string unique_id_header;

  // Of the backend's side.
  std::vector<Server> servers;
  ServerSettings default_server;
  v1::Balance balance;
  CheckSettings check;
  Millis connect_timeout{0};
  Millis server_timeout{0};
  Millis server_fin_timeout{0};
  Millis queue_timeout{0};
  Millis check_timeout{0};
  uint32_t retries = 3;
  std::optional<int32_t> redispatch;  // interval; -1: on the last retry
  std::vector<std::string> retry_on;
  bool all_backups = false;
  bool abort_on_close = false;
  bool disable_h2_upgrade = false;
  bool server_adjusts_case = false;
  bool accepts_response_violations = false;
  bool pretends_keepalive = false;
  bool smart_connect = false;
  bool server_tcp_keepalive = false;
  v1::HttpReuse http_reuse = v1::HTTP_REUSE_SAFE;
  uint32_t fullconn = 0;
  v1::SourceAddress source;

  bool has_frontend() const {
    return kind == SectionKind::kFrontend || kind == SectionKind::kListen;
  }
  bool has_backend() const { return kind == SectionKind::kBackend || kind == SectionKind::kListen; }
};

// "tune.h2.*" of both sides; those of one side are in Model::global already.
struct Http2Words {
  uint32_t max_concurrent_streams = 0;  // 0: not written
  uint32_t initial_window_size = 0;
};

struct Model {
  v1::Global global;
  Http2Words http2;
  TlsDefaults tls_defaults;
  std::vector<v1::TlsFile> tls_files;  // by name and kind; made by ResolveTls()
  ControlSettings control;
  bool log_send_hostname = false;
  std::vector<std::string> h1_names_of_file;  // of "h1-case-adjust-file"
  std::vector<Proxy> proxies;                 // in file order, defaults not among them
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_MODEL_H_
