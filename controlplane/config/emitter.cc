#include "controlplane/config/emitter.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/ids.h"
#include "common/catalog/log_formats.h"
#include "controlplane/config/check_emitter.h"
#include "controlplane/config/keywords/protocol.h"
#include "controlplane/config/log_format.h"

namespace lb::config {
namespace {

constexpr std::string_view kDefaultStatsUri = "/haproxy?stats";
constexpr std::string_view kDefaultStatsRealm = "HAProxy Statistics";
// In place of a name that only the data plane knows: its own host's.
constexpr std::string_view kOwnHostName = "*";

uint64_t Ms(Millis duration) { return static_cast<uint64_t>(duration.count()); }

// HAProxy keeps number 1 for a proxy of its own; those of the file start at 2.
constexpr uint32_t kFirstProxyNumber = 2;

// Gives the numbers that statistics show, as HAProxy counts: explicit ones stay, the others follow
// their place in the file, past numbers that are taken.
class NumberGiver {
 public:
  NumberGiver(uint32_t first, std::set<uint32_t> taken) : next_(first), taken_(std::move(taken)) {}

  uint32_t Next(uint32_t explicit_number) {
    if (explicit_number == 0) {
      while (taken_.contains(next_)) ++next_;
    }
    const uint32_t number = explicit_number != 0 ? explicit_number : next_;
    ++next_;
    return number;
  }

 private:
  uint32_t next_;
  std::set<uint32_t> taken_;
};

class Emitter {
 public:
  Emitter(const Model& model, Diagnostics* diagnostics)
      : model_(model), diagnostics_(diagnostics) {}

  v1::Snapshot Run() {
    *snapshot_.mutable_global() = model_.global;
    v1::Global* global = snapshot_.mutable_global();
    if (global->log_tag().empty()) global->set_log_tag("lb");
    for (const std::string& name : model_.h1_names_of_file) global->add_h1_names(name);
    if (model_.log_send_hostname) global->set_log_send_hostname(std::string(kOwnHostName));
    for (v1::LogTarget& target : *global->mutable_log_targets()) Complete(&target);
    NumberProxies();
    for (const Proxy& proxy : model_.proxies) {
      if (proxy.has_frontend()) Frontend(proxy);
      if (proxy.has_backend()) Backend(proxy);
    }
    Http2(global);
    for (const v1::TlsFile& file : model_.tls_files) *snapshot_.add_tls_files() = file;
    CheckIds();
    return std::move(snapshot_);
  }

 private:
  static void Complete(v1::LogTarget* target) {
    if (target->max_level().empty()) target->set_max_level("debug");
    if (target->format().empty()) target->set_format("rfc3164");
  }

  // What is said of one side wins over what is said of both.
  void Http2(v1::Global* global) {
    const Http2Words& both = model_.http2;
    if (both.max_concurrent_streams != 0) {
      v1::Http2Global* http2 = global->mutable_http2();
      if (http2->frontend_max_concurrent_streams() == 0) {
        http2->set_frontend_max_concurrent_streams(both.max_concurrent_streams);
      }
      if (http2->backend_max_concurrent_streams() == 0) {
        http2->set_backend_max_concurrent_streams(both.max_concurrent_streams);
      }
    }
    if (both.initial_window_size != 0) {
      v1::Http2Global* http2 = global->mutable_http2();
      if (http2->frontend_initial_window_size() == 0) {
        http2->set_frontend_initial_window_size(both.initial_window_size);
      }
      if (http2->backend_initial_window_size() == 0) {
        http2->set_backend_initial_window_size(both.initial_window_size);
      }
    }
  }

  // Explicit numbers stay; the others take the next free one in file order.
  void NumberProxies() {
    std::set<uint32_t> taken;
    for (const Proxy& proxy : model_.proxies) {
      if (proxy.id == 0) continue;
      if (!taken.insert(proxy.id).second) {
        diagnostics_->Error(proxy.place, absl::StrCat("'id ", proxy.id, "' of '", proxy.name,
                                                      "' is used by another proxy"));
      }
    }
    NumberGiver numbers(kFirstProxyNumber, std::move(taken));
    for (const Proxy& proxy : model_.proxies) numbers_[&proxy] = numbers.Next(proxy.id);
  }

  v1::LogFormat Format(std::string_view text, const Proxy& proxy, const SourcePlace& place) {
    const TagScope tags = proxy.mode == v1::PROXY_MODE_HTTP ? TagScope::kAny : TagScope::kTcpOnly;
    absl::StatusOr<v1::LogFormat> format = ParseLogFormat(text, tags, kLogSite, SpaceRuns::kMerge);
    if (format.ok()) return *std::move(format);
    diagnostics_->Error(place, std::string(format.status().message()));
    return {};
  }

  // Made when the request has come: it sees that, and nothing of later stages.
  v1::LogFormat UniqueId(const Proxy& proxy) {
    const bool is_http = proxy.mode == v1::PROXY_MODE_HTTP;
    const std::string& text = proxy.unique_id_format.text;
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
      diagnostics_->Error(proxy.unique_id_format.place,
                          "a control character in what may become a header field");
      return {};
    }
    absl::StatusOr<v1::LogFormat> format =
        ParseLogFormat(proxy.unique_id_format.text, is_http ? TagScope::kAny : TagScope::kTcpOnly,
                       is_http ? kRequestSite : kConnectionSite, SpaceRuns::kMerge);
    if (format.ok()) return *std::move(format);
    diagnostics_->Error(proxy.unique_id_format.place, std::string(format.status().message()));
    return {};
  }

  void Logs(const Proxy& proxy, v1::ProxyCommon* common) {
    for (const LogEntry& entry : proxy.logs) {
      if (entry.is_global) {
        common->mutable_log_targets()->MergeFrom(snapshot_.global().log_targets());
      } else {
        Complete(&(*common->add_log_targets() = entry.target));
      }
    }
  }

  void AccessLog(const Proxy& proxy, v1::ProxyCommon* common) {
    const bool is_used = common->log_targets_size() > 0;
    // A format of the file's own is checked also where no line is written, as HAProxy does.
    if (!is_used && proxy.log_format.style != LogStyle::kCustom) return;
    v1::LogFormat format = Format(FormatText(proxy), proxy, proxy.log_format.place);
    if (is_used) *common->mutable_log_format() = std::move(format);
  }

  static std::string FormatText(const Proxy& proxy) {
    switch (proxy.log_format.style) {
      case LogStyle::kTcp:
        return std::string(catalog::kTcpLogFormat);
      case LogStyle::kHttp:
        return std::string(catalog::kHttpLogFormat);
      case LogStyle::kHttps:
        return std::string(catalog::kHttpsLogFormat);
      case LogStyle::kClf:
        return std::string(catalog::kClfLogFormat);
      case LogStyle::kCustom:
        return proxy.log_format.text;
      case LogStyle::kConnect:
        break;
    }
    return std::string(proxy.mode == v1::PROXY_MODE_HTTP ? catalog::kConnectLogFormatHttp
                                                         : catalog::kConnectLogFormatTcp);
  }

  void Stats(const Proxy& proxy, v1::ProxyCommon* common) {
    if (!proxy.stats.is_enabled) return;
    v1::StatsPage* page = common->mutable_stats();
    *page = proxy.stats.page;
    if (page->uri().empty()) page->set_uri(std::string(kDefaultStatsUri));
    if (page->realm().empty()) page->set_realm(std::string(kDefaultStatsRealm));
    if (proxy.stats.shows_node && page->show_node().empty()) {
      const std::string& node = model_.global.node();
      page->set_show_node(node.empty() ? std::string(kOwnHostName) : node);
    }
    if (proxy.stats.shows_description && page->show_description().empty()) {
      page->set_show_description(model_.global.description());
    }
  }

  void Common(const Proxy& proxy, v1::ProxyCommon* common) {
    common->set_name(proxy.name);
    common->set_is_listen(proxy.kind == SectionKind::kListen);
    common->set_mode(proxy.mode);
    common->set_proxy_number(numbers_[&proxy]);
    Logs(proxy, common);
    common->set_dont_log_null(proxy.dont_log_null);
    common->set_dont_log_normal(proxy.dont_log_normal);
    common->set_log_asap(proxy.log_asap);
    common->set_log_separate_errors(proxy.log_separate_errors);
    common->set_log_tag(proxy.log_tag);
    for (const v1::Acl& acl : proxy.acls) *common->add_acls() = acl;
    for (const v1::HttpRule& rule : proxy.http_request) *common->add_http_request() = rule;
    for (const v1::HttpRule& rule : proxy.redirects) *common->add_http_request() = rule;
    for (const v1::HttpRule& rule : proxy.http_response) *common->add_http_response() = rule;
    for (const v1::HttpRule& rule : proxy.http_after_response) {
      *common->add_http_after_response() = rule;
    }
    for (const v1::TcpRule& rule : proxy.tcp_rules) *common->add_tcp_rules() = rule;
    common->set_tcp_inspect_delay_ms(Ms(proxy.tcp_inspect_delay));
    for (const auto& [status, text] : proxy.error_files) {
      (*common->mutable_error_files())[status] = text;
    }
    Stats(proxy, common);
    common->set_connection_mode(proxy.connection_mode);
    common->set_header_names(proxy.header_names);
    if (proxy.forward_for) *common->mutable_forward_for() = *proxy.forward_for;
    common->set_disabled(proxy.is_disabled);
    common->set_description(proxy.description);
    common->set_http_buffer_request(proxy.http_buffer_request);
    common->set_nolinger(proxy.no_linger);
    common->set_splice(proxy.splice_auto || proxy.splice_request || proxy.splice_response);
  }

  void Frontend(const Proxy& proxy) {
    v1::Frontend* out = snapshot_.add_frontends();
    Common(proxy, out->mutable_common());
    AccessLog(proxy, out->mutable_common());
    for (const Bind& bind : proxy.binds) {
      v1::Bind* line = out->add_binds();
      *line = bind.settings;
      // Over TLS it is ALPN that decides.
      if (proxy.disable_h2_upgrade && !line->has_tls() &&
          line->protocol() == v1::CONNECTION_PROTOCOL_UNSPECIFIED) {
        line->set_protocol(v1::CONNECTION_PROTOCOL_H1);
      }
    }
    out->set_maxconn(proxy.maxconn);
    out->set_client_timeout_ms(Ms(proxy.client_timeout));
    out->set_http_request_timeout_ms(Ms(proxy.http_request_timeout));
    out->set_http_keep_alive_timeout_ms(Ms(proxy.http_keep_alive_timeout));
    out->set_client_fin_timeout_ms(Ms(proxy.client_fin_timeout));
    out->set_tunnel_timeout_ms(Ms(proxy.tunnel_timeout));
    for (const v1::UseBackend& rule : proxy.use_backend) *out->add_use_backend() = rule;
    if (proxy.default_backend) {
      out->set_default_backend(proxy.default_backend->name);
    } else if (proxy.kind == SectionKind::kListen) {
      out->set_default_backend(proxy.name);
    }
    out->set_tcp_keepalive(proxy.client_tcp_keepalive);
    out->set_backlog(proxy.backlog);
    out->set_rate_limit_sessions(proxy.rate_limit_sessions);
    out->set_adjust_case(proxy.client_adjusts_case);
    out->set_accept_violations(proxy.accepts_request_violations);
    out->set_delay_ack(proxy.smart_accept);
    out->set_unique_id_header(proxy.unique_id_header);
    if (!proxy.unique_id_format.empty()) {
      *out->mutable_unique_id_format() = UniqueId(proxy);
    }
  }

  void Backend(const Proxy& proxy) {
    v1::Backend* out = snapshot_.add_backends();
    Common(proxy, out->mutable_common());
    *out->mutable_balance() = proxy.balance;
    v1::Balance* balance = out->mutable_balance();
    if (balance->algorithm() == v1::Balance::ALGORITHM_UNSPECIFIED) {
      balance->set_algorithm(v1::Balance::ROUND_ROBIN);
    }
    if (balance->algorithm() == v1::Balance::RANDOM && balance->random_draws() == 0) {
      balance->set_random_draws(2);
    }
    Servers(proxy, out);
    out->set_connect_timeout_ms(Ms(proxy.connect_timeout));
    out->set_server_timeout_ms(Ms(proxy.server_timeout));
    out->set_queue_timeout_ms(Ms(proxy.queue_timeout));
    out->set_server_fin_timeout_ms(Ms(proxy.server_fin_timeout));
    out->set_tunnel_timeout_ms(Ms(proxy.tunnel_timeout));
    out->set_http_keep_alive_timeout_ms(Ms(proxy.http_keep_alive_timeout));
    out->set_http_request_timeout_ms(Ms(proxy.http_request_timeout));
    out->set_retries(proxy.retries);
    out->set_has_redispatch(proxy.redispatch.has_value());
    out->set_redispatch_interval(proxy.redispatch.value_or(-1));
    out->set_all_backups(proxy.all_backups);
    out->set_tcp_keepalive(proxy.server_tcp_keepalive);
    out->set_http_reuse(proxy.http_reuse);
    out->set_fullconn(proxy.fullconn);
    out->set_abort_on_close(proxy.abort_on_close);
    out->set_adjust_case(proxy.server_adjusts_case);
    out->set_accept_violations(proxy.accepts_response_violations);
    out->set_pretend_keepalive(proxy.pretends_keepalive);
    out->set_delay_ack(proxy.smart_connect);
    for (const std::string& condition : proxy.retry_on) out->add_retry_on(condition);
    out->set_retry_on_conn_failure_only(proxy.retry_on.empty());
    if (!proxy.source.address().empty()) *out->mutable_source() = proxy.source;
  }

  void Servers(const Proxy& proxy, v1::Backend* out) {
    std::set<uint32_t> taken;
    for (const Server& server : proxy.servers) {
      if (server.settings.id != 0 && !taken.insert(server.settings.id).second) {
        diagnostics_->Error(
            server.place, absl::StrCat("'id ", server.settings.id, "' is used by another server"));
      }
    }
    NumberGiver numbers(/*first=*/1, std::move(taken));
    for (const Server& server : proxy.servers) {
      OneServer(proxy, server, numbers.Next(server.settings.id), out->add_servers());
    }
  }

  static void OneServer(const Proxy& proxy, const Server& server, uint32_t number,
                        v1::Server* out) {
    const ServerSettings& settings = server.settings;
    out->set_name(server.name);
    out->set_number(number);
    out->set_address(server.address.text);
    out->set_hostname(server.address.hostname);
    out->set_port_from_client(server.address.is_offset);
    out->set_port_offset(server.address.offset);
    out->set_weight(settings.weight);
    // HAProxy lets "minconn" alone stand for both.
    out->set_maxconn(settings.maxconn != 0 ? settings.maxconn : settings.minconn);
    out->set_minconn(settings.minconn);
    out->set_maxqueue(settings.maxqueue);
    out->set_backup(settings.is_backup);
    out->set_on_marked_down(settings.on_marked_down);
    out->set_on_marked_up(settings.on_marked_up);
    out->set_pool_disabled(settings.pool_max_conn == 0u);
    out->set_pool_max_conn(settings.pool_max_conn.value_or(0));
    out->set_pool_purge_delay_ms(Ms(settings.pool_purge_delay));
    out->set_slowstart_ms(Ms(settings.slowstart));
    out->set_cookie(settings.cookie);
    out->set_disabled(settings.is_disabled);
    if (!settings.source.address().empty()) *out->mutable_source() = settings.source;
    if (server.tls) *out->mutable_tls() = *server.tls;
    out->set_protocol(ProtocolOf(settings.protocol.text));
    out->set_send_proxy(settings.send_proxy_v2 ? 2 : settings.send_proxy_v1 ? 1 : 0);
    if (settings.send_proxy_v2) *out->mutable_proxy_v2_options() = settings.proxy_v2_options;
    out->set_has_max_reuse(settings.max_reuse.has_value());
    out->set_max_reuse(settings.max_reuse.value_or(0));
    if (!settings.is_checked) return;
    out->set_is_checked(true);
    *out->mutable_health_check() = EmitHealthCheck(proxy, server);
  }

  // Two names with one identity would share state and counters.
  void CheckIds() {
    std::map<uint64_t, std::string> owners;
    auto claim = [&](uint64_t id, std::string name) {
      auto [it, is_new] = owners.emplace(id, name);
      if (!is_new && it->second != name) {
        diagnostics_->Error({}, absl::StrCat("the names of ", it->second, " and ", name,
                                             " have the same identity; rename one"));
      }
    };
    for (const v1::Frontend& frontend : snapshot_.frontends()) {
      const std::string& name = frontend.common().name();
      claim(FrontendIdOf(name), absl::StrCat("frontend '", name, "'"));
    }
    for (const v1::Backend& backend : snapshot_.backends()) {
      const std::string& name = backend.common().name();
      claim(BackendIdOf(name), absl::StrCat("backend '", name, "'"));
      for (const v1::Server& server : backend.servers()) {
        claim(ServerIdOf(name, server.name()),
              absl::StrCat("server '", name, "/", server.name(), "'"));
      }
    }
  }

  const Model& model_;
  Diagnostics* diagnostics_;
  v1::Snapshot snapshot_;
  std::map<const Proxy*, uint32_t> numbers_;
};

}  // namespace

v1::Snapshot Emit(const Model& model, Diagnostics* diagnostics) {
  return Emitter(model, diagnostics).Run();
}

}  // namespace lb::config
