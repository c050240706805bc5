#include "dataplane/server/options.h"

#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "common/base/host_name.h"
#include "common/base/state_dir.h"
#include "common/base/units.h"

namespace lb::server {
namespace {

ParsedOptions Refuse(std::string text) {
  ParsedOptions parsed;
  parsed.text = absl::StrCat("lbproxyd: ", text, "\nRun lbproxyd --help for usage.\n");
  parsed.exit_status = 2;
  return parsed;
}

// "HOST:PORT", an IPv6 address in brackets, or "unix:PATH": gRPC would take a name without a port
// for port 443, and others for port 0.
bool IsDialable(std::string_view address) {
  if (address.starts_with("unix:")) return address.size() > 5;
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = address.substr(0, colon);
  if (host.find(':') != std::string_view::npos && host.back() != ']') return false;
  const std::string_view text = address.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool IsNodeName(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (unsigned char c : name) {
    if (c <= 0x20 || c >= 0x7f || c == '/') return false;
  }
  return true;
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  Options options;
  DataPlaneOptions& data_plane = options.data_plane;
  data_plane.node = HostName();
  data_plane.version = LB_VERSION;
  std::string drain_timeout = "10s";
  std::vector<std::string> labels;

  CLI::App app("The data plane: carries the traffic as its control plane says.", "lbproxyd");
  app.set_version_flag("--version", "lbproxyd " LB_VERSION);
  app.add_option("--control", options.control, "control plane: HOST:PORT or unix:PATH")->required();
  app.add_option("--node", data_plane.node, "name in the fleet (default: the host's)");
  app.add_option("--tls-cert", options.tls.certificate, "certificate for a TLS channel");
  app.add_option("--tls-key", options.tls.key, "its key");
  app.add_option("--tls-ca", options.tls.authority, "authority of the control plane's certificate");
  app.add_option("--group", data_plane.group, "group of nodes it belongs to");
  app.add_option("--label", labels, "KEY=VALUE, shown to operators; repeatable");
  app.add_option("--state-dir", data_plane.state_dir,
                 "where the last good configuration is kept (default: /var/lib/lb/NODE for root, "
                 "else below $XDG_STATE_HOME)");
  app.add_option("--workers", data_plane.workers,
                 "worker threads, over the configuration's nbthread")
      ->check(CLI::Range(1, 1024));
  app.add_option("--drain-timeout", drain_timeout,
                 "how long sessions may go on after SIGTERM (default: 10s)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 reports by exceptions, also that help was asked for.
    std::ostringstream out;
    std::ostringstream err;
    ParsedOptions parsed;
    const bool is_failure = app.exit(error, out, err) != 0;
    parsed.exit_status = is_failure ? 2 : 0;
    parsed.text = is_failure ? err.str() : out.str();
    return parsed;
  }
  if (!IsDialable(options.control)) {
    return Refuse(
        absl::StrCat("--control: expected HOST:PORT or unix:PATH, got '", options.control, "'"));
  }
  absl::StatusOr<Millis> timeout = ParseDuration(drain_timeout, Millis(1000));
  if (!timeout.ok()) {
    return Refuse(absl::StrCat("--drain-timeout: ", timeout.status().message()));
  }
  options.drain_timeout = *timeout;
  if (!IsNodeName(data_plane.node)) {
    return Refuse("--node: expected 1 to 128 printable characters without spaces and slashes");
  }
  for (const std::string& label : labels) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Refuse(absl::StrCat("--label: expected KEY=VALUE, got '", label, "'"));
    }
    data_plane.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  if (data_plane.state_dir.empty())
    data_plane.state_dir = DefaultStateRoot() + "/" + data_plane.node;
  return {true, std::move(options), "", 0};
}

}  // namespace lb::server
