#include "controlplane/config/validator.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keyword.h"

namespace lb::config {
namespace {

std::string Describe(const Proxy& proxy) {
  return absl::StrCat(std::string(SectionName(proxy.kind)), " '", proxy.name, "'");
}

std::string Where(const SourcePlace& place) { return absl::StrCat(place.file, ":", place.line); }

class Validator {
 public:
  Validator(Model* model, Diagnostics* diagnostics) : model_(*model), diagnostics_(diagnostics) {}

  void Run() {
    UniqueNames();
    for (Proxy& proxy : model_.proxies) {
      FitMode(proxy);
      if (proxy.is_disabled) continue;
      if (proxy.has_frontend()) Frontend(proxy);
      if (proxy.has_backend()) Backend(proxy);
      Timeouts(proxy);
    }
    UniqueBinds();
    ListensSomewhere();
  }

 private:
  // HAProxy does not start without a listener, of which the runtime socket is one. Here it matters
  // more: a push of such a file would take the service away.
  void ListensSomewhere() {
    if (diagnostics_->has_errors()) return;  // the "bind" may be in a line that has one
    if (std::ranges::any_of(model_.proxies, [](const Proxy& proxy) {
          return !proxy.is_disabled && !proxy.binds.empty();
        })) {
      return;
    }
    constexpr char kMessage[] =
        "no enabled frontend or listen has a 'bind' line: nothing is served";
    if (model_.control.stats_sockets.empty()) {
      diagnostics_->Error({}, kMessage);
    } else {
      diagnostics_->Warning({}, kMessage);
    }
  }

  // A frontend and a backend may share a name; two of a kind may not.
  void UniqueNames() {
    std::map<std::string, const Proxy*> frontends;
    std::map<std::string, const Proxy*> backends;
    for (const Proxy& proxy : model_.proxies) {
      const Proxy* other = nullptr;
      if (proxy.has_frontend()) other = Claim(&frontends, proxy);
      if (proxy.has_backend() && other == nullptr) other = Claim(&backends, proxy);
      if (other == nullptr) continue;
      diagnostics_->Error(proxy.place, absl::StrCat(Describe(proxy), " has the name of ",
                                                    Describe(*other), " at ", Where(other->place)));
    }
  }

  static const Proxy* Claim(std::map<std::string, const Proxy*>* names, const Proxy& proxy) {
    auto [it, is_new] = names->emplace(proxy.name, &proxy);
    return is_new ? nullptr : it->second;
  }

  const Proxy* FindBackend(std::string_view name) const {
    for (const Proxy& proxy : model_.proxies) {
      if (proxy.has_backend() && proxy.name == name) return &proxy;
    }
    return nullptr;
  }

  void NeedsHttp(const PlacedText& protocol) {
    if (protocol.empty()) return;
    diagnostics_->Error(protocol.place,
                        absl::StrCat("'proto ", protocol.text, "' needs 'mode http'"));
  }

  void Ignored(const Proxy& proxy, std::string_view what) {
    diagnostics_->Warning(proxy.place, absl::StrCat("'", std::string(what), "' is ignored for ",
                                                    Describe(proxy), ": it needs 'mode http'"));
  }

  // Drops what only HTTP has from proxies in TCP mode.
  void FitMode(Proxy& proxy) {
    if (proxy.mode == v1::PROXY_MODE_HTTP) return;
    for (const Bind& bind : proxy.binds) NeedsHttp(bind.protocol);
    for (const Server& server : proxy.servers) NeedsHttp(server.settings.protocol);
    Drop(proxy, &proxy.http_request, "http-request");
    Drop(proxy, &proxy.redirects, "redirect");
    Drop(proxy, &proxy.http_response, "http-response");
    Drop(proxy, &proxy.http_after_response, "http-after-response");
    if (proxy.forward_for) {
      Ignored(proxy, "option forwardfor");
      proxy.forward_for.reset();
    }
    if (proxy.stats.is_enabled) {
      Ignored(proxy, "stats");
      proxy.stats = {};
    }
    const LogStyle style = proxy.log_format.style;
    if (proxy.has_frontend() &&
        (style == LogStyle::kHttp || style == LogStyle::kHttps || style == LogStyle::kClf)) {
      const std::string_view option =
          style == LogStyle::kHttps ? "option httpslog" : "option httplog";
      diagnostics_->Warning(proxy.place,
                            absl::StrCat("'", std::string(option), "' needs 'mode http'; ",
                                         Describe(proxy), " falls back to 'option tcplog'"));
      proxy.log_format = {LogStyle::kTcp, "", proxy.log_format.place};
    }
  }

  void Drop(const Proxy& proxy, std::vector<v1::HttpRule>* rules, std::string_view what) {
    if (rules->empty()) return;
    Ignored(proxy, what);
    rules->clear();
  }

  void Frontend(const Proxy& proxy) {
    // After an error in its "bind" line the warning would mislead.
    if (proxy.binds.empty() && !diagnostics_->has_errors()) {
      diagnostics_->Warning(
          proxy.place, absl::StrCat(Describe(proxy), " has no 'bind' line"),
          proxy.kind == SectionKind::kFrontend ? "declare it as a backend if that is wanted" : "");
    }
    for (const BackendReference& reference : proxy.backend_references) {
      Reference(proxy, reference, "use_backend");
    }
    if (proxy.default_backend) Reference(proxy, *proxy.default_backend, "default_backend");
  }

  void Reference(const Proxy& proxy, const BackendReference& reference, std::string_view keyword) {
    const Proxy* backend = FindBackend(reference.name);
    if (backend == nullptr) {
      std::vector<std::string_view> names;
      for (const Proxy& other : model_.proxies) {
        if (other.has_backend()) names.push_back(other.name);
      }
      diagnostics_->Error(reference.place, absl::StrCat("no backend '", reference.name, "'"),
                          DidYouMean(Closest(reference.name, names)));
      return;
    }
    if (backend->mode == proxy.mode) return;
    if (proxy.mode == v1::PROXY_MODE_TCP) {
      diagnostics_->Error(reference.place,
                          absl::StrCat("handing a TCP connection to ", Describe(*backend),
                                       " with 'mode http' is not supported yet"));
      return;
    }
    diagnostics_->Error(reference.place,
                        absl::StrCat("'", std::string(keyword), "': ", Describe(proxy), " and ",
                                     Describe(*backend), " must have the same mode"));
  }

  void Backend(const Proxy& proxy) {
    std::map<std::string_view, const Server*> names;
    for (const Server& server : proxy.servers) {
      auto [it, is_new] = names.emplace(server.name, &server);
      if (!is_new) {
        diagnostics_->Error(server.place,
                            absl::StrCat(Describe(proxy), " has a server '", server.name,
                                         "' already, at ", Where(it->second->place)));
      }
      CheckedServer(proxy, server);
    }
    Checks(proxy);
  }

  static bool HasConnectPort(const Proxy& proxy) {
    if (proxy.check.kind != v1::HealthCheck::TCP_SCRIPT) return false;
    for (const v1::TcpCheckStep& step : proxy.check.tcp_steps) {
      if (step.has_connect() && step.connect().port() != 0) return true;
    }
    return false;
  }

  void CheckedServer(const Proxy& proxy, const Server& server) {
    const PlacedText& protocol = server.settings.check_protocol;
    if (server.settings.is_checked && !protocol.empty() &&
        proxy.check.kind != v1::HealthCheck::HTTP) {
      diagnostics_->Error(protocol.place,
                          absl::StrCat("'check-proto ", protocol.text, "' needs 'option httpchk'"));
    }
    if (!server.settings.is_checked) return;
    if (server.address.is_offset && server.settings.check_port == 0 && !HasConnectPort(proxy)) {
      diagnostics_->Error(
          server.place,
          absl::StrCat("server '", server.name, "' is checked but has no port to connect to"),
          "write the server's port, or 'port <port>' for the check");
    }
  }

  void Checks(const Proxy& proxy) {
    const CheckSettings& check = proxy.check;
    if (check.kind == v1::HealthCheck::EXTERNAL) {
      if (check.external_command.empty()) {
        diagnostics_->Error(
            proxy.place, absl::StrCat(Describe(proxy),
                                      ": 'option external-check' needs 'external-check command'"));
      }
      if (!model_.control.external_check_allowed) {
        diagnostics_->Error(proxy.place,
                            absl::StrCat(Describe(proxy),
                                         ": 'option external-check' needs 'external-check' in the "
                                         "global section"));
      }
    } else if (!check.external_command.empty()) {
      diagnostics_->Warning(
          proxy.place, absl::StrCat("'external-check command' is ignored for ", Describe(proxy),
                                    ": it has no 'option external-check'"));
    }
    if (check.kind != v1::HealthCheck::HTTP && check.owns_http_steps && !check.http_steps.empty()) {
      diagnostics_->Warning(proxy.place,
                            absl::StrCat("'http-check' is ignored for ", Describe(proxy),
                                         ": it has no 'option httpchk'"));
    }
    if (check.kind != v1::HealthCheck::TCP_SCRIPT && check.owns_tcp_steps) {
      diagnostics_->Warning(proxy.place,
                            absl::StrCat("'tcp-check' is ignored for ", Describe(proxy),
                                         ": it has no 'option tcp-check'"));
    }
  }

  void Timeouts(const Proxy& proxy) {
    std::string missing;
    auto need = [&missing](Millis value, std::string_view name) {
      if (value == Millis(0)) {
        absl::StrAppend(&missing, missing.empty() ? "" : ", ", "'timeout ", std::string(name), "'");
      }
    };
    if (proxy.has_frontend() && !proxy.binds.empty()) need(proxy.client_timeout, "client");
    if (proxy.has_backend() && !proxy.servers.empty()) {
      need(proxy.connect_timeout, "connect");
      need(proxy.server_timeout, "server");
    }
    if (missing.empty()) return;
    diagnostics_->Warning(proxy.place,
                          absl::StrCat(Describe(proxy), " has no ", missing,
                                       ": a silent peer keeps its connection forever"));
  }

  // The kernel would share connections between two listeners of one address at random.
  void UniqueBinds() {
    std::map<std::string, const Bind*> owners;
    for (const Proxy& proxy : model_.proxies) {
      if (proxy.is_disabled || !proxy.has_frontend()) continue;
      for (const Bind& bind : proxy.binds) {
        const v1::Bind& settings = bind.settings;
        auto [it, is_new] = owners.emplace(
            absl::StrCat(settings.address(), "%", settings.interface(), "%", settings.namespace_()),
            &bind);
        if (is_new) continue;
        diagnostics_->Error(bind.place, absl::StrCat(settings.address(), " is bound already, at ",
                                                     Where(it->second->place)));
      }
    }
  }

  Model& model_;
  Diagnostics* diagnostics_;
};

}  // namespace

void Validate(Model* model, Diagnostics* diagnostics) { Validator(model, diagnostics).Run(); }

}  // namespace lb::config
