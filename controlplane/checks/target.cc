#include "controlplane/checks/target.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "common/base/address.h"

namespace lb::checks {

namespace {

void SetTls(const v1::ServerTls& message, const TlsFiles& files, Target* target) {
  auto settings = files.ClientOf(message);
  if (!settings.ok()) {
    target->tls_error = std::string(settings.status().message());
    return;
  }
  for (const tls::FilePtr& file :
       {settings->certificate, settings->settings.authorities, settings->settings.revocations}) {
    const size_t hash = file == nullptr ? 0 : std::hash<std::string>()(file->pem);
    target->tls_files_hash = target->tls_files_hash * 31 + hash;
  }
  auto context = tls::ClientContext::Make(*std::move(settings));
  if (context.ok()) {
    target->tls = *std::move(context);
  } else {
    target->tls_error = std::string(context.status().message());
  }
}

}  // namespace

Target Target::Of(const v1::Backend& backend, const v1::Server& server, const TlsFiles& files) {
  Target target;
  target.backend = backend.common().name();
  target.server = server.name();
  target.id = ServerIdOf(target.backend, target.server);
  target.backend_number = backend.common().proxy_number();
  target.server_number = server.number();
  target.maxconn = server.maxconn();
  target.is_http = backend.common().mode() == v1::PROXY_MODE_HTTP;
  target.server_address = server.address();
  target.check = server.health_check();
  if (target.check.address().empty()) target.check.set_address(server.address());
  if (target.check.has_tls()) SetTls(target.check.tls(), files, &target);
  if (target.check.send_proxy()) target.send_proxy = std::max(server.send_proxy(), 1u);
  return target;
}

void Target::SetAddress(const std::string& address) {
  const absl::StatusOr<Address> old_server = Address::Parse(server_address);
  const absl::StatusOr<Address> old_check = Address::Parse(check.address());
  const absl::StatusOr<Address> now = Address::Parse(address);
  server_address = address;
  if (!old_server.ok() || !old_check.ok() || !now.ok()) return;
  if (*old_check == *old_server) {
    check.set_address(address);
  } else if (old_check->is_ip() && now->is_ip() && old_check->Ip() == old_server->Ip()) {
    Address moved = *now;
    moved.set_port(old_check->port());
    check.set_address(moved.ToString());
  }
}

bool Target::HasIntervalsOf(const Target& other) const {
  return check.inter_ms() == other.check.inter_ms() &&
         check.fastinter_ms() == other.check.fastinter_ms() &&
         check.downinter_ms() == other.check.downinter_ms();
}

bool Target::ChecksLike(const Target& other) const {
  auto without_intervals = [](v1::HealthCheck c) {
    c.clear_inter_ms();
    c.clear_fastinter_ms();
    c.clear_downinter_ms();
    return c.SerializeAsString();
  };
  return id == other.id && backend_number == other.backend_number &&
         server_number == other.server_number && maxconn == other.maxconn &&
         send_proxy == other.send_proxy && is_http == other.is_http &&
         server_address == other.server_address && tls_files_hash == other.tls_files_hash &&
         without_intervals(check) == without_intervals(other.check);
}

std::vector<Target> TargetsOf(const v1::Snapshot& snapshot) {
  std::vector<Target> targets;
  const TlsFiles files(snapshot);
  for (const v1::Backend& backend : snapshot.backends()) {
    for (const v1::Server& server : backend.servers()) {
      if (server.has_health_check()) targets.push_back(Target::Of(backend, server, files));
    }
  }
  return targets;
}

SteadyTime ConnectDeadline(const v1::HealthCheck& check, SteadyTime start) {
  const bool is_capped = check.check_timeout_ms() != 0 && check.connect_timeout_ms() != 0;
  return start + Millis(is_capped ? std::min(check.connect_timeout_ms(), check.inter_ms())
                                  : check.inter_ms());
}

SteadyTime AnswerDeadline(const v1::HealthCheck& check, SteadyTime start, SteadyTime connected) {
  if (check.check_timeout_ms() == 0) return start + Millis(check.inter_ms());
  return connected + Millis(check.check_timeout_ms());
}

}  // namespace lb::checks
