#include "dataplane/server/section_compiler.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb::server {
namespace {

using proxy::BackendConfig;
using proxy::BindConfig;
using proxy::FrontendConfig;
using proxy::ProxyConfig;

constexpr uint32_t kDefaultBacklog = 1024;
constexpr uint32_t kDefaultLogLength = 1024;

absl::StatusOr<net::SyslogTarget> CompileLogTarget(const v1::LogTarget& message) {
  net::SyslogTarget target;
  target.address = message.address();
  if (!message.facility().empty()) {
    LB_ASSIGN_OR_RETURN(target.facility, net::ParseSyslogFacility(message.facility()));
  }
  if (!message.max_level().empty()) {
    LB_ASSIGN_OR_RETURN(target.max_level, net::ParseSyslogLevel(message.max_level()));
  }
  if (!message.min_level().empty()) {
    LB_ASSIGN_OR_RETURN(target.min_level, net::ParseSyslogLevel(message.min_level()));
  }
  if (!message.format().empty()) {
    LB_ASSIGN_OR_RETURN(target.format, net::ParseSyslogFormat(message.format()));
  }
  target.max_length = message.max_length() != 0 ? message.max_length() : kDefaultLogLength;
  return target;
}

proxy::HeaderNames HeaderNamesOf(v1::HeaderNamePolicy policy) {
  switch (policy) {
    case v1::HEADER_NAMES_DELETE:
      return proxy::HeaderNames::kDelete;
    case v1::HEADER_NAMES_REJECT:
      return proxy::HeaderNames::kReject;
    default:
      return proxy::HeaderNames::kPreserve;
  }
}

proxy::ConnectionMode ConnectionModeOf(v1::HttpConnectionMode mode) {
  switch (mode) {
    case v1::HTTP_SERVER_CLOSE:
      return proxy::ConnectionMode::kServerClose;
    case v1::HTTP_CLOSE:
      return proxy::ConnectionMode::kClose;
    default:
      return proxy::ConnectionMode::kKeepAlive;
  }
}

std::shared_ptr<const proxy::StatsPage> StatsPageOf(const v1::StatsPage& message,
                                                    const std::string& proxy) {
  auto page = std::make_shared<proxy::StatsPage>();
  page->uri = message.uri();
  page->realm = message.realm();
  page->users.assign(message.users().begin(), message.users().end());
  page->refresh_seconds = message.refresh_seconds();
  page->hide_version = message.hide_version();
  page->node = message.show_node();
  page->description = message.show_description();
  page->show_legends = message.show_legends();
  for (const std::string& scope : message.scopes()) {
    page->scopes.push_back(scope == "." ? proxy : scope);
  }
  return page;
}

absl::StatusOr<std::shared_ptr<const proxy::ForwardFor>> CompileForwardFor(
    const v1::ForwardFor& message) {
  auto forward_for = std::make_shared<proxy::ForwardFor>();
  forward_for->header = message.header().empty() ? "X-Forwarded-For" : message.header();
  for (const std::string& text : message.except()) {
    absl::StatusOr<proxy::Network> network = proxy::Network::Parse(text);
    if (!network.ok()) return WithContext(network.status(), "forwardfor except " + text);
    forward_for->except.push_back(*network);
  }
  forward_for->if_none = message.if_none();
  return forward_for;
}

absl::Status CompileRules(const v1::ProxyCommon& message, rules::Compiler* compiler,
                          ProxyConfig* config) {
  using catalog::Direction;
  LB_RETURN_IF_ERROR(compiler->CompileAcls(message.acls()));
  LB_ASSIGN_OR_RETURN(config->http_request,
                      compiler->CompileHttpRules(message.http_request(), Direction::kRequest));
  LB_ASSIGN_OR_RETURN(config->http_response,
                      compiler->CompileHttpRules(message.http_response(), Direction::kResponse));
  LB_ASSIGN_OR_RETURN(
      config->http_after_response,
      compiler->CompileHttpRules(message.http_after_response(), Direction::kResponse));
  LB_ASSIGN_OR_RETURN(config->tcp_connection,
                      compiler->CompileTcpRules(message.tcp_rules(), v1::TcpRule::CONNECTION));
  LB_ASSIGN_OR_RETURN(config->tcp_session,
                      compiler->CompileTcpRules(message.tcp_rules(), v1::TcpRule::SESSION));
  LB_ASSIGN_OR_RETURN(config->tcp_content,
                      compiler->CompileTcpRules(message.tcp_rules(), v1::TcpRule::CONTENT));
  return absl::OkStatus();
}

absl::Status CompileCommon(const v1::ProxyCommon& message, LogSenders* logs,
                           rules::Compiler* compiler, ProxyConfig* config) {
  config->name = message.name();
  config->is_listen = message.is_listen();
  config->is_http = message.mode() == v1::PROXY_MODE_HTTP;
  config->number = message.proxy_number();
  LB_ASSIGN_OR_RETURN(config->log, logs->For(message));
  config->has_log_format = message.has_log_format();
  if (message.has_log_format()) {
    LB_ASSIGN_OR_RETURN(config->log_format,
                        compiler->CompileLogFormat(message.log_format(), rules::TextUse::kLog));
  }
  config->dont_log_null = message.dont_log_null();
  config->dont_log_normal = message.dont_log_normal();
  config->log_separate_errors = message.log_separate_errors();
  LB_RETURN_IF_ERROR(CompileRules(message, compiler, config));
  config->inspect_delay = Millis(message.tcp_inspect_delay_ms());
  for (const auto& [status, text] : message.error_files()) config->error_files[status] = text;
  if (message.has_stats()) config->stats = StatsPageOf(message.stats(), config->name);
  config->connection_mode = ConnectionModeOf(message.connection_mode());
  if (message.has_forward_for()) {
    LB_ASSIGN_OR_RETURN(config->forward_for, CompileForwardFor(message.forward_for()));
  }
  config->splice = message.splice();
  config->buffer_request = message.http_buffer_request();
  config->header_names = HeaderNamesOf(message.header_names());
  config->log_asap = message.log_asap();
  config->no_linger = message.nolinger();
  return absl::OkStatus();
}

// What makes a bind the same socket: everything that is fixed when it is bound. Its backlog, its
// limit and its name may change under it.
std::string KeyOf(const BindConfig& bind) {
  const net::ListenOptions& o = bind.options;
  std::string where =
      bind.inherited_fd >= 0 ? absl::StrCat("fd@", bind.inherited_fd) : bind.address.ToString();
  return absl::StrCat(where, "|", o.v6only, o.transparent, o.defer_accept, o.tcp_fast_open, "|",
                      o.interface, "|", o.mss, "|", o.tcp_user_timeout_ms, "|", o.mode, "|", o.user,
                      "|", o.group, "|", o.network_namespace);
}

absl::StatusOr<upstream::Balance> CompileBalance(const v1::Balance& message) {
  upstream::Balance balance;
  balance.random_draws = message.random_draws() != 0 ? message.random_draws() : 2;
  switch (message.algorithm()) {
    case v1::Balance::ALGORITHM_UNSPECIFIED:
    case v1::Balance::ROUND_ROBIN:
      balance.algorithm = upstream::Algorithm::kRoundRobin;
      return balance;
    case v1::Balance::STATIC_RR:
      balance.algorithm = upstream::Algorithm::kStaticRoundRobin;
      return balance;
    case v1::Balance::LEAST_CONN:
      balance.algorithm = upstream::Algorithm::kLeastConn;
      return balance;
    case v1::Balance::FIRST:
      balance.algorithm = upstream::Algorithm::kFirst;
      return balance;
    case v1::Balance::RANDOM:
      balance.algorithm = upstream::Algorithm::kRandom;
      return balance;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("balance ", v1::Balance::Algorithm_Name(message.algorithm()),
                       " is unknown to this data plane"));
  }
}

proxy::HttpReuse HttpReuseOf(v1::HttpReuse reuse) {
  switch (reuse) {
    case v1::HTTP_REUSE_NEVER:
      return proxy::HttpReuse::kNever;
    case v1::HTTP_REUSE_AGGRESSIVE:
      return proxy::HttpReuse::kAggressive;
    case v1::HTTP_REUSE_ALWAYS:
      return proxy::HttpReuse::kAlways;
    default:
      return proxy::HttpReuse::kSafe;
  }
}

upstream::SourceUse SourceUseOf(v1::SourceAddress::Use use) {
  switch (use) {
    case v1::SourceAddress::FOREIGN:
      return upstream::SourceUse::kForeign;
    case v1::SourceAddress::CLIENT:
      return upstream::SourceUse::kClient;
    case v1::SourceAddress::CLIENT_IP:
      return upstream::SourceUse::kClientIp;
    case v1::SourceAddress::HDR_IP:
      return upstream::SourceUse::kHeaderIp;
    default:
      return upstream::SourceUse::kOwn;
  }
}

absl::Status CompileSource(const v1::Server& message, const v1::Backend& backend,
                           upstream::ServerConfig* server) {
  const v1::SourceAddress& source = message.has_source() ? message.source() : backend.source();
  server->source_interface = source.interface();
  if (source.address().empty()) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(server->source, Address::Parse(source.address()));
  if (source.use() == v1::SourceAddress::OWN) return absl::OkStatus();
  server->source_use = SourceUseOf(source.use());
  if (source.use() == v1::SourceAddress::FOREIGN) {
    LB_ASSIGN_OR_RETURN(server->source, Address::Parse(source.foreign()));
  }
  server->source_header = source.header();
  server->source_occurrence = source.occurrence();
  return WithContext(net::CheckTransparent(AF_INET), "source usesrc");
}

net::ProxyHeaderOptions ProxyOptionsOf(const v1::ProxyV2Options& message) {
  net::ProxyHeaderOptions options;
  options.ssl = message.ssl();
  options.cert_cn = message.cert_cn();
  options.ssl_cipher = message.ssl_cipher();
  options.cert_sig = message.cert_sig();
  options.cert_key = message.cert_key();
  options.authority = message.authority();
  options.crc32c = message.crc32c();
  options.unique_id = message.unique_id();
  return options;
}

absl::StatusOr<std::shared_ptr<const upstream::ServerConfig>> CompileServer(
    const v1::Server& message, const v1::Backend& backend, uint32_t position,
    const TlsCompiler& tls) {
  auto server = std::make_shared<upstream::ServerConfig>();
  server->position = position;
  server->manner = tls.MannerOf(message);
  server->id = ServerIdOf(backend.common().name(), message.name());
  server->name = message.name();
  server->number = message.number();
  LB_ASSIGN_OR_RETURN(server->address, Address::Parse(message.address()));
  server->address_text = message.address();
  server->weight = message.weight();
  server->maxconn = message.maxconn();
  server->minconn = message.minconn();
  server->maxqueue = message.maxqueue();
  server->slowstart = Millis(message.slowstart_ms());
  server->is_backup = message.backup();
  server->is_disabled = message.disabled();
  if (message.on_marked_down() == v1::ON_MARKED_DOWN_SHUTDOWN_SESSIONS) {
    server->on_marked_down = upstream::OnMarkedDown::kShutdownSessions;
  }
  if (message.on_marked_up() == v1::ON_MARKED_UP_SHUTDOWN_BACKUP_SESSIONS) {
    server->on_marked_up = upstream::OnMarkedUp::kShutdownBackupSessions;
  }
  server->keeps_idle = !message.pool_disabled();
  server->pool_max_conn = message.pool_max_conn();
  if (message.pool_purge_delay_ms() != 0) {
    server->pool_purge_delay = Millis(message.pool_purge_delay_ms());
  }
  if (message.send_proxy() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("PROXY protocol version ", message.send_proxy(), " is unknown"));
  }
  server->send_proxy = static_cast<uint8_t>(message.send_proxy());
  server->proxy_options = ProxyOptionsOf(message.proxy_v2_options());
  server->protocol = CompileProtocol(message.protocol());
  if (message.has_max_reuse()) server->max_reuse = message.max_reuse();
  server->port_from_client = message.port_from_client();
  server->port_offset = message.port_offset();
  LB_RETURN_IF_ERROR(CompileSource(message, backend, server.get()));
  return server;
}

absl::StatusOr<proxy::ServerTls> CompileServerTls(const v1::Server& message,
                                                  const rules::Compiler& compiler,
                                                  TlsCompiler* tls) {
  proxy::ServerTls server;
  if (!message.has_tls()) return server;
  LB_ASSIGN_OR_RETURN(server.context, tls->CompileServer(message.tls()));
  if (message.tls().has_sni()) {
    absl::StatusOr<rules::Expr> sni = compiler.CompileExpr(message.tls().sni());
    if (!sni.ok()) return WithContext(sni.status(), "sni");
    server.sni = *std::move(sni);
  }
  return server;
}

void SetBackendTimeouts(const v1::Backend& message, BackendConfig* config) {
  config->connect_timeout = Millis(message.connect_timeout_ms());
  config->server_timeout = Millis(message.server_timeout_ms());
  config->queue_timeout = message.queue_timeout_ms() != 0 ? Millis(message.queue_timeout_ms())
                                                          : config->connect_timeout;
  config->server_fin_timeout = Millis(message.server_fin_timeout_ms());
  config->tunnel_timeout = Millis(message.tunnel_timeout_ms());
  config->body_timeout = Millis(message.http_request_timeout_ms());
}

// Source: HAProxy configuration manual, "timeout http-request", "timeout http-keep-alive".
void SetFrontendTimeouts(const v1::Frontend& message, FrontendConfig* config) {
  config->client_timeout = Millis(message.client_timeout_ms());
  config->http_request_timeout = message.http_request_timeout_ms() != 0
                                     ? Millis(message.http_request_timeout_ms())
                                     : config->client_timeout;
  config->http_keep_alive_timeout = message.http_keep_alive_timeout_ms() != 0
                                        ? Millis(message.http_keep_alive_timeout_ms())
                                        : config->http_request_timeout;
  config->body_timeout = Millis(message.http_request_timeout_ms());
  config->client_fin_timeout = Millis(message.client_fin_timeout_ms());
  config->tunnel_timeout = Millis(message.tunnel_timeout_ms());
}

}  // namespace

http::ConnectionProtocol CompileProtocol(v1::ConnectionProtocol protocol) {
  switch (protocol) {
    case v1::CONNECTION_PROTOCOL_H1:
      return http::ConnectionProtocol::kHttp1;
    case v1::CONNECTION_PROTOCOL_H2:
      return http::ConnectionProtocol::kHttp2;
    default:
      return http::ConnectionProtocol::kAny;
  }
}

absl::StatusOr<std::shared_ptr<const net::SyslogSender>> LogSenders::For(
    const v1::ProxyCommon& proxy) {
  const std::string tag = !proxy.log_tag().empty()     ? proxy.log_tag()
                          : !global_.log_tag().empty() ? global_.log_tag()
                                                       : "lb";
  std::string key = tag;
  std::vector<net::SyslogTarget> targets;
  for (const v1::LogTarget& message : proxy.log_targets()) {
    absl::StrAppend(&key, "\n", message.SerializeAsString());
    absl::StatusOr<net::SyslogTarget> target = CompileLogTarget(message);
    if (!target.ok()) return WithContext(target.status(), "log " + message.address());
    targets.push_back(std::move(*target));
  }
  std::shared_ptr<const net::SyslogSender>& sender = senders_[key];
  if (sender == nullptr) {
    LB_ASSIGN_OR_RETURN(
        sender, net::SyslogSender::Create(std::move(targets), tag, global_.log_send_hostname()));
  }
  return sender;
}

absl::StatusOr<BindConfig> CompileBind(const v1::Bind& message, uint32_t number,
                                       uint32_t default_backlog, TlsCompiler* tls) {
  BindConfig bind;
  bind.label = message.label().empty() ? message.address() : message.label();
  constexpr std::string_view kInherited = "fd:";
  const std::string& text = message.address();
  if (text.rfind(kInherited, 0) == 0) {
    const char* end = text.data() + text.size();
    auto [parsed, error] = std::from_chars(text.data() + kInherited.size(), end, bind.inherited_fd);
    if (error != std::errc() || parsed != end || bind.inherited_fd < 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' names no descriptor"));
    }
  } else {
    LB_ASSIGN_OR_RETURN(bind.address, Address::Parse(text));
  }
  bind.name = message.name().empty() ? absl::StrCat(number) : message.name();
  bind.number = number;
  bind.maxconn = message.maxconn();
  bind.accepts_proxy = message.accept_proxy();
  bind.protocol = CompileProtocol(message.protocol());
  net::ListenOptions& options = bind.options;
  options.backlog = static_cast<int>(message.backlog() != 0 ? message.backlog() : default_backlog);
  options.v6only = message.v6only();
  options.transparent = message.transparent();
  options.interface = message.interface();
  options.network_namespace = message.namespace_();
  options.defer_accept = message.defer_accept();
  options.tcp_fast_open = message.tcp_fast_open();
  options.mss = message.mss();
  options.tcp_user_timeout_ms = message.tcp_user_timeout_ms();
  options.mode = message.mode();
  options.user = message.user();
  options.group = message.group();
  if (message.has_tls()) {
    LB_ASSIGN_OR_RETURN(bind.tls, tls->CompileBind(message.tls()));
  }
  bind.key = KeyOf(bind);
  return bind;
}

absl::StatusOr<std::shared_ptr<const FrontendConfig>> CompileFrontend(const v1::Frontend& message,
                                                                      LogSenders* logs,
                                                                      TlsCompiler* tls,
                                                                      RuntimeSource* runtimes) {
  auto config = std::make_shared<FrontendConfig>();
  rules::Compiler compiler(rules::CompileEnvironment::Real());
  LB_RETURN_IF_ERROR(CompileCommon(message.common(), logs, &compiler, config.get()));
  config->id = FrontendIdOf(config->name);
  config->maxconn = message.maxconn();
  SetFrontendTimeouts(message, config.get());
  config->tcp_keepalive = message.tcp_keepalive();
  LB_ASSIGN_OR_RETURN(config->use_backend, compiler.CompileUseBackends(message.use_backend()));
  config->default_backend = message.default_backend();
  config->max_session_rate = message.rate_limit_sessions();
  config->adjust_case = message.adjust_case();
  config->accept_violations = message.accept_violations();
  config->delay_ack = message.delay_ack();
  if (message.has_unique_id_format()) {
    LB_ASSIGN_OR_RETURN(config->unique_id, compiler.CompileLogFormat(message.unique_id_format(),
                                                                     rules::TextUse::kLog));
  }
  config->unique_id_header = message.unique_id_header();
  uint32_t backlog = message.backlog();
  if (backlog == 0) backlog = message.maxconn() != 0 ? message.maxconn() : kDefaultBacklog;
  for (const v1::Bind& line : message.binds()) {
    const auto number = static_cast<uint32_t>(config->binds.size() + 1);
    absl::StatusOr<BindConfig> bind = CompileBind(line, number, backlog, tls);
    if (!bind.ok()) return WithContext(bind.status(), "bind " + line.label());
    config->binds.push_back(std::move(*bind));
  }
  config->runtime = runtimes->FrontendOf(config->name);
  for (BindConfig& bind : config->binds) bind.runtime = config->runtime->BindOf(bind.key);
  return config;
}

absl::StatusOr<std::shared_ptr<const BackendConfig>> CompileBackend(const v1::Backend& message,
                                                                    uint32_t fullconn,
                                                                    LogSenders* logs,
                                                                    TlsCompiler* tls,
                                                                    RuntimeSource* runtimes) {
  auto config = std::make_shared<BackendConfig>();
  rules::Compiler compiler(rules::CompileEnvironment::Real());
  LB_RETURN_IF_ERROR(CompileCommon(message.common(), logs, &compiler, config.get()));
  config->id = BackendIdOf(config->name);
  LB_ASSIGN_OR_RETURN(config->balance, CompileBalance(message.balance()));
  for (const v1::Server& line : message.servers()) {
    auto server = CompileServer(line, message, static_cast<uint32_t>(config->servers.size()), *tls);
    if (!server.ok()) return WithContext(server.status(), "server " + line.name());
    config->servers.push_back(std::move(*server));
    auto server_tls = CompileServerTls(line, compiler, tls);
    if (!server_tls.ok()) return WithContext(server_tls.status(), "server " + line.name());
    config->server_tls.push_back(std::move(*server_tls));
  }
  SetBackendTimeouts(message, config.get());
  config->retries = message.retries();
  config->has_redispatch = message.has_redispatch();
  config->redispatch_interval = message.redispatch_interval();
  config->all_backups = message.all_backups();
  config->tcp_keepalive = message.tcp_keepalive();
  config->http_reuse = HttpReuseOf(message.http_reuse());
  config->fullconn = fullconn;
  config->abort_on_close = message.abort_on_close();
  config->adjust_case = message.adjust_case();
  config->accept_violations = message.accept_violations();
  config->pretend_keepalive = message.pretend_keepalive();
  config->delay_ack = message.delay_ack();
  config->runtime = runtimes->BackendOf(config->name);
  return config;
}

}  // namespace lb::server
