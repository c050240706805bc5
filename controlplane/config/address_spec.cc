#include "controlplane/config/address_spec.h"

#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/base/status.h"

namespace lb::config {
namespace {

enum class Family { kAny, kIpv4, kIpv6 };

constexpr int kSyslogPort = 514;

// Removes "prefix@" from the front of `text`.
bool ConsumePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// "unix@/p", "abns@n" and "/p" in canonical form; nullopt when `text` is none of these.
absl::StatusOr<std::optional<std::string>> UnixAddress(std::string_view text) {
  std::string path;
  if (ConsumePrefix(&text, "abns@")) {
    path = absl::StrCat("@", std::string(text));
  } else if (ConsumePrefix(&text, "unix@") || text.starts_with('/')) {
    path = std::string(text);
  } else {
    return std::optional<std::string>();
  }
  LB_ASSIGN_OR_RETURN(Address address, Address::FromUnixPath(path));
  return std::optional<std::string>(address.ToString());
}

absl::StatusOr<int> FdNumber(std::string_view text) {
  int fd = -1;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (ec != std::errc() || end != text.data() + text.size() || fd < 0) {
    return InvalidArgument(
        absl::StrCat("'", std::string(text), "' is not a file descriptor number"));
  }
  return fd;
}

// Prefixes of HAProxy that we know and do not take.
absl::Status RefusePrefix(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos) return absl::OkStatus();
  const std::string prefix(text.substr(0, at + 1));
  for (std::string_view known : {"udp@", "udp4@", "udp6@", "quic4@", "quic6@", "sockpair@", "tcp@",
                                 "tcp4@", "tcp6@", "uxdg@", "uxst@", "ring@", "uxst+tcp@"}) {
    if (prefix == known)
      return InvalidArgument(absl::StrCat("address form '", prefix, "' is not supported yet"));
  }
  return InvalidArgument(absl::StrCat("unknown address form '", prefix, "'"));
}

Family ConsumeFamily(std::string_view* text) {
  if (ConsumePrefix(text, "ipv4@")) return Family::kIpv4;
  if (ConsumePrefix(text, "ipv6@")) return Family::kIpv6;
  return Family::kAny;
}

struct HostPort {
  std::string_view host;
  std::string_view port;
  bool has_port = false;
};

// Cuts at the last colon that is outside brackets.
HostPort SplitHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  const size_t bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {text, "", false};
  }
  return {text.substr(0, colon), text.substr(colon + 1), true};
}

bool FamilyMatches(Family family, const Address& address) {
  if (family == Family::kIpv4) return address.family() == AF_INET;
  if (family == Family::kIpv6) return address.family() == AF_INET6;
  return true;
}

struct ResolvedHost {
  Address address;
  std::string hostname;  // set when it was a name
};

absl::StatusOr<ResolvedHost> ResolveHost(std::string_view host, Family family,
                                         const Environment& env) {
  if (host.empty() || host == "*") {
    LB_ASSIGN_OR_RETURN(Address any,
                        Address::FromIp(family == Family::kIpv6 ? "::" : "0.0.0.0", 0));
    return ResolvedHost{any, ""};
  }
  if (absl::StatusOr<Address> literal = Address::FromIp(host, 0); literal.ok()) {
    if (!FamilyMatches(family, *literal)) {
      return InvalidArgument(
          absl::StrCat("'", std::string(host), "' is not of the family its prefix asks for"));
    }
    return ResolvedHost{*literal, ""};
  }
  if (host.front() == '[' || host.find(':') != std::string_view::npos) {
    return InvalidArgument(absl::StrCat("'", std::string(host), "' is not an IP address"));
  }
  LB_ASSIGN_OR_RETURN(std::vector<Address> addresses, env.resolve(host));
  for (const Address& address : addresses) {
    if (address.is_ip() && FamilyMatches(family, address)) {
      return ResolvedHost{address, std::string(host)};
    }
  }
  return InvalidArgument(
      absl::StrCat("'", std::string(host), "' has no address of the family asked for"));
}

absl::StatusOr<int> PortNumber(std::string_view text, int least) {
  int port = -1;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc() || end != text.data() + text.size() || port < least || port > 65535) {
    return InvalidArgument(
        absl::StrCat("'", std::string(text), "' is not a port (", least, " to 65535)"));
  }
  return port;
}

std::string WithPort(Address address, int port) {
  address.set_port(static_cast<uint16_t>(port));
  return address.ToString();
}

// An address with its variables replaced, and the first of them that is not set.
struct Expanded {
  std::string text;
  std::string unset_variable;

  absl::Status Explain(const absl::Status& error) const {
    if (unset_variable.empty()) return error;
    return InvalidArgument(absl::StrCat(std::string(error.message()), "; environment variable '",
                                        unset_variable, "' is not set"));
  }
};

// "$NAME" and "${NAME}" wherever they stand; one that is not set is empty, and a brace need not be
// closed. Measured on HAProxy 2.6: its addresses take them without double quotes too.
Expanded ExpandVariables(std::string_view text, const Environment& env) {
  Expanded out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out.text.push_back(text[at++]);
      continue;
    }
    const bool is_braced = text.substr(++at).starts_with('{');
    if (is_braced) ++at;
    const size_t start = at;
    while (at < text.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_')) {
      ++at;
    }
    const std::string_view name = text.substr(start, at - start);
    if (is_braced && text.substr(at).starts_with('}')) ++at;
    const std::optional<std::string> value = env.getenv(name);
    if (value) {
      out.text += *value;
    } else if (out.unset_variable.empty()) {
      out.unset_variable = std::string(name);
    }
  }
  return out;
}

// `parse` of `text` with its variables replaced.
template <typename Parse>
auto ParseExpanded(Parse parse, std::string_view text, const Environment& env)
    -> decltype(parse(text, env)) {
  const Expanded expanded = ExpandVariables(text, env);
  auto parsed = parse(expanded.text, env);
  if (!parsed.ok()) return expanded.Explain(parsed.status());
  return parsed;
}

absl::StatusOr<std::vector<std::string>> BindAddress(std::string_view text,
                                                     const Environment& env) {
  LB_ASSIGN_OR_RETURN(std::optional<std::string> unix_address, UnixAddress(text));
  if (unix_address) return std::vector<std::string>{*unix_address};
  if (ConsumePrefix(&text, "fd@")) {
    LB_ASSIGN_OR_RETURN(int fd, FdNumber(text));
    return std::vector<std::string>{absl::StrCat("fd:", fd)};
  }
  const Family family = ConsumeFamily(&text);
  LB_RETURN_IF_ERROR(RefusePrefix(text));
  const HostPort parts = SplitHostPort(text);
  if (!parts.has_port || parts.port.empty()) {
    return InvalidArgument(
        absl::StrCat("'", std::string(text), "' has no port (expected ADDRESS:PORT)"));
  }
  LB_ASSIGN_OR_RETURN(ResolvedHost host, ResolveHost(parts.host, family, env));
  const size_t dash = parts.port.find('-');
  LB_ASSIGN_OR_RETURN(int first, PortNumber(parts.port.substr(0, dash), /*least=*/1));
  int last = first;
  if (dash != std::string_view::npos) {
    LB_ASSIGN_OR_RETURN(last, PortNumber(parts.port.substr(dash + 1), /*least=*/1));
    if (last < first) {
      return InvalidArgument(
          absl::StrCat("port range '", std::string(parts.port), "' runs backwards"));
    }
  }
  std::vector<std::string> addresses;
  for (int port = first; port <= last; ++port) addresses.push_back(WithPort(host.address, port));
  return addresses;
}

absl::StatusOr<ServerAddress> AddressOfServer(std::string_view text, const Environment& env) {
  ServerAddress out;
  LB_ASSIGN_OR_RETURN(std::optional<std::string> unix_address, UnixAddress(text));
  if (unix_address) {
    out.text = *unix_address;
    out.has_port = true;
    return out;
  }
  const Family family = ConsumeFamily(&text);
  LB_RETURN_IF_ERROR(RefusePrefix(text));
  const HostPort parts = SplitHostPort(text);
  if (parts.host.empty()) {
    return InvalidArgument(absl::StrCat("'", std::string(text), "' names no address"));
  }
  int port = 0;
  if (!parts.has_port || parts.port.empty()) {
    out.is_offset = true;
  } else if (parts.port.front() == '+' || parts.port.front() == '-') {
    out.is_offset = true;
    LB_ASSIGN_OR_RETURN(out.offset, PortNumber(parts.port.substr(1), /*least=*/0));
    if (parts.port.front() == '-') out.offset = -out.offset;
  } else {
    LB_ASSIGN_OR_RETURN(port, PortNumber(parts.port, /*least=*/1));
    out.has_port = true;
  }
  LB_ASSIGN_OR_RETURN(ResolvedHost host, ResolveHost(parts.host, family, env));
  out.text = WithPort(host.address, port);
  out.hostname = host.hostname;
  return out;
}

absl::StatusOr<std::string> LogAddress(std::string_view text, const Environment& env) {
  if (text == "stdout" || text == "stderr") return std::string(text);
  LB_ASSIGN_OR_RETURN(std::optional<std::string> unix_address, UnixAddress(text));
  if (unix_address) return *unix_address;
  if (ConsumePrefix(&text, "fd@")) {
    LB_ASSIGN_OR_RETURN(int fd, FdNumber(text));
    return absl::StrCat("fd@", fd);
  }
  ConsumePrefix(&text, "udp@");
  const Family family = ConsumeFamily(&text);
  LB_RETURN_IF_ERROR(RefusePrefix(text));
  HostPort parts = SplitHostPort(text);
  int port = kSyslogPort;
  if (parts.has_port && !parts.port.empty()) {
    LB_ASSIGN_OR_RETURN(port, PortNumber(parts.port, /*least=*/1));
  }
  if (parts.host.empty()) {
    return InvalidArgument(absl::StrCat("'", std::string(text), "' names no address"));
  }
  LB_ASSIGN_OR_RETURN(ResolvedHost host, ResolveHost(parts.host, family, env));
  return WithPort(host.address, port);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseBindAddress(std::string_view text,
                                                          const Environment& env) {
  return ParseExpanded(BindAddress, text, env);
}

absl::StatusOr<ServerAddress> ParseServerAddress(std::string_view text, const Environment& env) {
  return ParseExpanded(AddressOfServer, text, env);
}

absl::StatusOr<std::string> ParseLogAddress(std::string_view text, const Environment& env) {
  return ParseExpanded(LogAddress, text, env);
}

}  // namespace lb::config
