#include "controlplane/config/check_emitter.h"

#include <algorithm>
#include <utility>

#include "common/base/address.h"
#include "controlplane/config/keywords/protocol.h"

namespace lb::config {
namespace {

uint64_t Milliseconds(Millis duration) { return static_cast<uint64_t>(duration.count()); }

// Where the check connects: "addr" and "port" over the server's address.
std::string CheckAddress(const Server& server) {
  const ServerSettings& settings = server.settings;
  const std::string& text =
      settings.check_address.empty() ? server.address.text : settings.check_address;
  absl::StatusOr<Address> address = Address::Parse(text);
  if (!address.ok() || !address->is_ip()) return text;
  if (settings.check_port != 0) {
    address->set_port(static_cast<uint16_t>(settings.check_port));
  } else if (address->port() == 0) {
    absl::StatusOr<Address> own = Address::Parse(server.address.text);
    if (own.ok()) address->set_port(own->port());
  }
  return address->ToString();
}

// "option httpchk" gives a request; the first "http-check send" is laid over it.
void Overlay(const v1::HttpCheckSend& over, v1::HttpCheckSend* send) {
  if (!over.method().empty()) send->set_method(over.method());
  if (!over.uri().empty()) send->set_uri(over.uri());
  if (!over.version().empty()) send->set_version(over.version());
  for (const v1::NameValue& header : over.headers()) *send->add_headers() = header;
  if (!over.body().empty()) send->set_body(over.body());
}

void SetDefaults(v1::HttpCheckSend* send) {
  if (send->method().empty()) send->set_method("OPTIONS");
  if (send->uri().empty()) send->set_uri("/");
  if (send->version().empty()) send->set_version("HTTP/1.0");
}

void EmitHttpSteps(const CheckSettings& check, v1::HealthCheck* out) {
  size_t next = 0;
  v1::HttpCheckSend first = check.http_option.value_or(v1::HttpCheckSend());
  if (!check.http_steps.empty() && check.http_steps[0].has_send()) {
    Overlay(check.http_steps[0].send(), &first);
    next = 1;
  }
  *out->add_http_steps()->mutable_send() = std::move(first);
  for (; next < check.http_steps.size(); ++next) *out->add_http_steps() = check.http_steps[next];
  for (v1::HttpCheckStep& step : *out->mutable_http_steps()) {
    if (step.has_send()) SetDefaults(step.mutable_send());
  }
  // A request without an expectation after it wants any good status.
  if (out->http_steps(out->http_steps_size() - 1).has_send()) {
    v1::HttpCheckExpect* expect = out->add_http_steps()->mutable_expect();
    expect->set_kind(v1::HttpCheckExpect::STATUS);
    expect->set_pattern("200-399");
  }
}

void EmitTcpSteps(const CheckSettings& check, v1::HealthCheck* out) {
  const bool has_action = std::ranges::any_of(check.tcp_steps, [](const v1::TcpCheckStep& step) {
    return step.step_case() != v1::TcpCheckStep::STEP_NOT_SET;
  });
  // A script that does nothing is a plain connection.
  if (!has_action) {
    out->set_kind(v1::HealthCheck::TCP);
    return;
  }
  for (const v1::TcpCheckStep& step : check.tcp_steps) *out->add_tcp_steps() = step;
}

// External checks are told the proxy's first listening address.
void EmitProxyAddress(const Proxy& proxy, v1::HealthCheck* out) {
  if (!proxy.has_frontend() || proxy.binds.empty()) return;
  absl::StatusOr<Address> address = Address::Parse(proxy.binds[0].settings.address());
  if (!address.ok()) return;
  out->set_proxy_address(address->is_unix() ? address->UnixPath() : address->Ip());
  out->set_proxy_port(address->port());
}

}  // namespace

v1::HealthCheck EmitHealthCheck(const Proxy& proxy, const Server& server) {
  const ServerSettings& settings = server.settings;
  const CheckSettings& check = proxy.check;
  v1::HealthCheck out;
  out.set_kind(check.kind);
  out.set_address(CheckAddress(server));
  out.set_inter_ms(Milliseconds(settings.inter));
  out.set_fastinter_ms(Milliseconds(settings.fastinter));
  out.set_downinter_ms(Milliseconds(settings.downinter));
  out.set_rise(settings.rise);
  out.set_fall(settings.fall);
  out.set_connect_timeout_ms(Milliseconds(proxy.connect_timeout));
  out.set_check_timeout_ms(Milliseconds(proxy.check_timeout));
  out.set_init_state(settings.init_state);
  // Without an address of their own, checks connect as clients' requests do.
  const bool is_like_traffic = settings.check_port == 0 && settings.check_address.empty();
  out.set_send_proxy(settings.check_send_proxy ||
                     (is_like_traffic && (settings.send_proxy_v1 || settings.send_proxy_v2)));
  if (server.check_tls) *out.mutable_tls() = *server.check_tls;
  if (check.kind == v1::HealthCheck::HTTP) {
    const PlacedText& own = settings.check_protocol;
    out.set_protocol(ProtocolOf(own.empty() ? settings.protocol.text : own.text));
  }
  out.set_log_health_checks(proxy.log_health_checks);
  switch (check.kind) {
    case v1::HealthCheck::HTTP:
      EmitHttpSteps(check, &out);
      break;
    case v1::HealthCheck::MYSQL:
      out.set_mysql_user(check.mysql_user);
      out.set_mysql_pre_41(check.mysql_pre_41);
      break;
    case v1::HealthCheck::EXTERNAL:
      out.set_external_command(check.external_command);
      out.set_external_path(check.external_path);
      EmitProxyAddress(proxy, &out);
      break;
    case v1::HealthCheck::TCP_SCRIPT:
      EmitTcpSteps(check, &out);
      break;
    default:
      break;
  }
  return out;
}

}  // namespace lb::config
